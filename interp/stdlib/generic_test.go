package stdlib

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
)

// bodies are the functions and methods that the files declare with a body.
func bodies(files []*ast.File, info *types.Info) map[types.Object]*ast.FuncDecl {
	found := map[types.Object]*ast.FuncDecl{}
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Body != nil {
				found[info.Defs[fn.Name]] = fn
			}
		}
	}
	return found
}

// generic calls f for each exported generic function of pkg, and each method of
// a generic type.
func generic(pkg *types.Package, f func(*types.Func)) {
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		switch obj := obj.(type) {
		case *types.Func:
			if obj.Signature().TypeParams().Len() > 0 {
				f(obj)
			}
		case *types.TypeName:
			if named, ok := obj.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
				for m := range named.Methods() {
					f(m)
				}
			}
		}
	}
}

// An engine cannot call what has no body here: there are no exceptions.
func TestEverythingGenericHasABody(t *testing.T) {
	imp := withoutToolchain(t)
	n := 0
	for _, path := range imp.Paths() {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		files, info := imp.Syntax(pkg)
		if again, _ := imp.Syntax(pkg); !slices.Equal(files, again) {
			t.Errorf("%s: another answer when asked again", path)
		}
		var found map[types.Object]*ast.FuncDecl
		if files != nil {
			found = bodies(files, info)
		}
		generic(pkg, func(f *types.Func) {
			n++
			if found[f] == nil {
				t.Errorf("%s has no body", f.FullName())
			}
		})
	}
	if n < 70 {
		t.Errorf("only %d functions and methods are generic", n)
	}
}

func TestSyntaxIsOnlyForWhatIsGeneric(t *testing.T) {
	imp := withoutToolchain(t)
	for _, path := range []string{"fmt", "os", "unsafe"} {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		if files, info := imp.Syntax(pkg); files != nil || info != nil {
			t.Errorf("%s has syntax", path)
		}
	}
	if files, _ := imp.Syntax(types.NewPackage("slices", "slices")); files != nil {
		t.Error("a package that was not imported has syntax")
	}
}

// Whatever the order of imports, each type that a package mentions is the one
// that its own package declares.
func TestTypesAreThoseOfTheirPackages(t *testing.T) {
	for _, reverse := range []bool{false, true} {
		imp := withoutToolchain(t)
		paths := imp.Paths()
		if reverse {
			slices.Reverse(paths)
		}
		seen := map[types.Type]bool{}
		for _, path := range paths {
			pkg, err := imp.Import(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range pkg.Scope().Names() {
				visitNamed(pkg.Scope().Lookup(name).Type(), seen, func(obj *types.TypeName) {
					if obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope() && obj.Parent().Lookup(obj.Name()) != obj {
						t.Errorf("%s.%s mentions another %s", path, name, types.ObjectString(obj, nil))
					}
				})
			}
		}
		// Import may have completed a package since.
		for typ := range seen {
			if named, ok := typ.(*types.Named); ok {
				obj := named.Origin().Obj()
				if obj.Pkg() != nil && obj.Parent() == nil {
					t.Errorf("%s is in no scope", types.ObjectString(obj, nil))
				}
				if obj.Pkg() != nil && obj.Pkg().Scope().Lookup(obj.Name()) != obj && obj.Parent() == obj.Pkg().Scope() {
					t.Errorf("there are two of %s", types.ObjectString(obj, nil))
				}
			}
		}
	}
}

// visitNamed calls f for the declarations of all named types in t.
func visitNamed(t types.Type, seen map[types.Type]bool, f func(*types.TypeName)) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	visit := func(t types.Type) { visitNamed(t, seen, f) }
	switch t := t.(type) {
	case *types.Alias:
		visit(t.Rhs())
	case *types.Named:
		f(t.Origin().Obj())
		for arg := range t.TypeArgs().Types() {
			visit(arg)
		}
		visit(t.Underlying())
		for m := range t.Methods() {
			visit(m.Type())
		}
	case *types.Pointer:
		visit(t.Elem())
	case *types.Slice:
		visit(t.Elem())
	case *types.Array:
		visit(t.Elem())
	case *types.Chan:
		visit(t.Elem())
	case *types.Map:
		visit(t.Key())
		visit(t.Elem())
	case *types.Tuple:
		for v := range t.Variables() {
			visit(v.Type())
		}
	case *types.Signature:
		for p := range t.TypeParams().TypeParams() {
			visit(p.Constraint())
		}
		visit(t.Params())
		visit(t.Results())
	case *types.Struct:
		for v := range t.Fields() {
			visit(v.Type())
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			visit(m.Type())
		}
		for e := range t.EmbeddedTypes() {
			visit(e)
		}
	case *types.Union:
		for term := range t.Terms() {
			visit(term.Type())
		}
	}
}

// users are programs that use all that is generic.
const users = `package main

import (
	"cmp"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"database/sql"
	"errors"
	"hash/maphash"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"
	"weak"
)

type point struct{ x, y int }

func use(any) {}

func main() {
	key, _ := hkdf.Key(sha256.New, nil, nil, "", 8)
	prk, _ := hkdf.Extract(sha256.New, key, nil)
	_, _ = hkdf.Expand(sha256.New, prk, "", 8)
	_, _ = pbkdf2.Key(sha256.New, "", key, 1, 8)

	var null sql.Null[time.Time]
	_ = null.Scan(nil)
	_, _ = null.Value()

	_, _ = errors.AsType[*fs.PathError](nil)

	var h maphash.Hash
	maphash.WriteComparable(&h, point{})
	_ = maphash.Comparable(h.Seed(), "a")

	next, stop := iter.Pull(slices.Values([]string{"a"}))
	_, _ = next()
	stop()
	next2, stop2 := iter.Pull2(maps.All(map[string]point{}))
	_, _, _ = next2()
	stop2()
	for line := range strings.Lines("") {
		_ = cmp.Or(line, "b")
	}

	_ = rand.N(time.Second)
	_ = reflect.TypeFor[point]()
	_, _ = reflect.TypeAssert[point](reflect.ValueOf(1))

	p := &point{1, 2}
	runtime.AddCleanup(p, func(int) {}, 1).Stop()
	w := weak.Make(p)
	_ = w.Value()
	_ = unique.Make(*p).Value()

	_ = sync.OnceValue(func() point { return *p })()
	_, _ = sync.OnceValues(func() (point, error) { return *p, nil })()
	sync.OnceFunc(func() {})()
	var mu sync.Mutex
	mu.Lock()

	var a atomic.Pointer[point]
	a.Store(p)
	_ = a.Load()
	_ = a.Swap(p)
	_ = a.CompareAndSwap(p, nil)
	var n atomic.Int64
	n.Add(1)

	ps := []point{{2, 1}, {1, 2}}
	m := map[string]point{}
	_ = maps.Clone(m)
	slices.SortFunc(ps, func(a, b point) int { return cmp.Compare(a.x, b.x) })
	_ = slices.Sorted(maps.Keys(m))
	_ = slices.Insert(ps, 0, ps...)
EVERY
}
`

// everySlicesAndMaps instantiates each function of slices, maps and cmp.
func everySlicesAndMaps(t *testing.T, imp *Importer) string {
	t.Helper()
	var b strings.Builder
	for _, path := range []string{"cmp", "maps", "slices"} {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		generic(pkg, func(f *types.Func) {
			var args []string
			for p := range f.Signature().TypeParams().TypeParams() {
				switch name := p.Obj().Name(); {
				case strings.HasPrefix(name, "S"):
					args = append(args, "[]string")
				case strings.HasPrefix(name, "M"):
					args = append(args, "map[string]string")
				default:
					args = append(args, "string")
				}
			}
			fmt.Fprintf(&b, "\tuse(%s.%s[%s])\n", pkg.Name(), f.Name(), strings.Join(args, ", "))
		})
	}
	return b.String()
}

// The syntax is what go/ssa builds instances from, with its sanity checks on.
func TestInstancesBuild(t *testing.T) {
	imp := withoutToolchain(t)
	source := strings.Replace(users, "EVERY", everySlicesAndMaps(t, imp), 1)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "cell.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}
	conf := types.Config{Importer: imp}
	cell, err := conf.Check("main", fset, []*ast.File{file}, info)
	if err != nil {
		t.Fatal(err)
	}

	prog := ssa.NewProgram(imp.FileSet(), ssa.BareInits|ssa.InstantiateGenerics|ssa.SanityCheckFunctions)
	// Only what source imports must be created; go/ssa makes methods of types
	// of other packages when it meets them.
	created := map[string]bool{"unsafe": true}
	var create func(files []*ast.File)
	create = func(files []*ast.File) {
		for _, file := range files {
			for _, spec := range file.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if created[path] {
					continue
				}
				created[path] = true
				pkg, err := imp.Import(path)
				if err != nil {
					t.Fatal(err)
				}
				files, info := imp.Syntax(pkg)
				prog.CreatePackage(pkg, files, info, true)
				create(files)
			}
		}
	}
	create([]*ast.File{file})
	main := prog.CreatePackage(cell, []*ast.File{file}, info, false)
	prog.Build()

	// Everything that the program reaches has a body, or is not generic.
	seen := map[*ssa.Function]bool{}
	missing := map[string]bool{}
	var visit func(f *ssa.Function)
	visit = func(f *ssa.Function) {
		if seen[f] {
			return
		}
		seen[f] = true
		if f.Blocks == nil {
			if len(f.TypeArgs()) > 0 {
				t.Errorf("%s has no body", f)
			}
			if obj := f.Object().(*types.Func); !obj.Exported() {
				missing[obj.FullName()] = true
			} else if recv := obj.Signature().Recv(); recv != nil && f.Signature.Recv() != nil {
				named, ok := types.Unalias(deref(recv.Type())).(*types.Named)
				// A compiled type can have methods for all that is known.
				if files, _ := imp.Syntax(obj.Pkg()); ok && files != nil && !named.Obj().Exported() {
					missing[obj.FullName()] = true
				}
			}
			return
		}
		for _, b := range f.Blocks {
			for _, in := range b.Instrs {
				for _, op := range in.Operands(nil) {
					if callee, ok := (*op).(*ssa.Function); ok {
						visit(callee)
					}
				}
			}
		}
	}
	visit(main.Func("main"))
	for _, typ := range prog.RuntimeTypes() {
		for sel := range prog.MethodSets.MethodSet(typ).Methods() {
			if f := prog.MethodValue(sel); f != nil && len(f.TypeArgs()) > 0 {
				visit(f)
			}
		}
	}
	var unexported []string
	for name := range missing {
		unexported = append(unexported, name)
	}
	slices.Sort(unexported)
	if want := []string{
		"crypto/hkdf.expand", "crypto/hkdf.extract", "crypto/hkdf.key", "crypto/pbkdf2.key", "database/sql.convertAssign",
		"hash/maphash.comparableHash", "hash/maphash.writeComparable", "iter.pull", "maps.clone", "runtime.addCleanup",
		"unique.canonicalize", "weak.runtime_makeStrongFromWeak", "weak.runtime_registerWeakPointer",
	}; !slices.Equal(unexported, want) {
		t.Errorf("compiled functions that symbols must have:\n got %q\nwant %q", unexported, want)
	}
}

func deref(t types.Type) types.Type {
	if p, ok := t.(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func BenchmarkImportSlicesCold(b *testing.B) {
	for b.Loop() {
		imp, err := NewImporter()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := imp.Import("slices"); err != nil {
			b.Fatal(err)
		}
	}
}
