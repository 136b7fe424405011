package symbols_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/types"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/stdlib"
	"cuaderno/interp/symbols"
)

func TestLookupRefusesOtherNames(t *testing.T) {
	for _, unknown := range [][2]string{
		{"fmt", "Printl"}, {"fmt", ""}, {"fmt", "Stringer"}, {"math", "Pi"}, {"no/such", "F"}, {"slices", "Sort"}, {"sync/atomic", "Pointer"},
	} {
		if v, ok := symbols.Lookup(unknown[0], unknown[1]); ok {
			t.Errorf("Lookup(%q) = %v", unknown, v)
		}
	}
}

func TestType(t *testing.T) {
	if got := symbols.Type("bytes", "Buffer"); got != reflect.TypeFor[bytes.Buffer]() {
		t.Errorf("bytes.Buffer is %v", got)
	}
	if got := symbols.Type("error", "x"); got != nil {
		t.Errorf("got %v", got)
	}
	for _, none := range [][2]string{{"fmt", "Println"}, {"iter", "Seq"}, {"cmp", "Ordered"}, {"math", "Pi"}} {
		if got := symbols.Type(none[0], none[1]); got != nil {
			t.Errorf("%s is the type %v", none, got)
		}
	}
}

func TestLookupAllocatesNothing(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		symbols.Lookup("os", "Args")
		symbols.Lookup("fmt", "Println")
		symbols.Type("net/http", "Request")
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// spell writes a type as reflect does.
func spell(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Signature:
		list := func(tuple *types.Tuple) (all []string) {
			for v := range tuple.Variables() {
				all = append(all, spell(v.Type()))
			}
			return all
		}
		s := "func(" + strings.Join(list(t.Params()), ", ") + ")"
		switch results := list(t.Results()); len(results) {
		case 0:
			return s
		case 1:
			return s + " " + results[0]
		default:
			return s + " (" + strings.Join(results, ", ") + ")"
		}
	case *types.Slice:
		return "[]" + spell(t.Elem())
	case *types.Pointer:
		return "*" + spell(t.Elem())
	case *types.Interface:
		return "interface {}"
	case *types.Basic:
		if t.Kind() == types.Uint8 {
			return "uint8"
		}
	}
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}

// What the sources of package stdlib declare without a body is compiled code
// that Lookup finds, with that signature.
func TestFunctionsWithoutBodyAreCompiled(t *testing.T) {
	imp, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, path := range imp.Paths() {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		files, info := imp.Syntax(pkg)
		for _, f := range files {
			for _, decl := range f.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok || fn.Body != nil {
					continue
				}
				obj := info.Defs[fn.Name].(*types.Func)
				if obj.Signature().Recv() != nil || obj.Signature().TypeParams() != nil {
					continue
				}
				v, ok := symbols.Lookup(path, obj.Name())
				switch {
				case !ok && symbols.Code(path, obj.Name()) != nil:
				case !ok && !obj.Exported() && f == files[len(files)-1]:
					// Of export data, for inlining: no source mentions it.
				case !ok:
					t.Errorf("%s has no body here and none there", obj.FullName())
				case !obj.Exported():
					names = append(names, obj.Name())
					if got, want := v.Type().String(), spell(obj.Type()); got != want {
						t.Errorf("%s is a %s, its source says %s", obj.FullName(), got, want)
					}
				}
			}
		}
	}
	if len(names) < 10 {
		t.Errorf("only %q", names)
	}
}

func call[F any](t *testing.T, path, name string) F {
	t.Helper()
	v, ok := symbols.Lookup(path, name)
	if !ok {
		t.Fatalf("%s.%s is missing", path, name)
	}
	f, ok := v.Interface().(F)
	if !ok {
		t.Fatalf("%s.%s is a %s", path, name, v.Type())
	}
	return f
}

func TestPull(t *testing.T) {
	pull := call[func(func(func() bool)) (func() bool, func())](t, "iter", "pull")
	var trace []string
	next, stop := pull(func(yield func() bool) {
		for i := range 3 {
			trace = append(trace, fmt.Sprint(i))
			if !yield() {
				trace = append(trace, "stopped")
				return
			}
		}
	})
	first, second := next(), next()
	if !first || !second {
		t.Error("the sequence ends early")
	}
	stop()
	if next() {
		t.Error("the sequence goes on after stop")
	}
	if want := []string{"0", "1", "stopped"}; !slices.Equal(trace, want) {
		t.Errorf("%q, want %q", trace, want)
	}
}

func TestCloneIsAnotherMapOfTheSameType(t *testing.T) {
	type counts map[string]int
	m := counts{"a": 1}
	c := call[func(any) any](t, "maps", "clone")(m).(counts)
	m["a"] = 2
	if c["a"] != 1 || len(c) != 1 {
		t.Errorf("the clone is %v", c)
	}
}

func TestConvertAssign(t *testing.T) {
	var n int
	if err := call[func(dest, src any) error](t, "database/sql", "convertAssign")(&n, "42"); n != 42 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestComparableHashesAgreeOnEqualValues(t *testing.T) {
	v, _ := symbols.Lookup("hash/maphash", "comparableHash")
	seed, _ := symbols.Lookup("hash/maphash", "MakeSeed")
	s := seed.Call(nil)[0]
	hash := func(x any) uint64 { return v.Call([]reflect.Value{s, reflect.ValueOf(&x).Elem()})[0].Uint() }
	if hash("ab") != hash(string([]byte("ab"))) || hash(0.0) != hash(math.Copysign(0, -1)) {
		t.Error("equal values have different hashes")
	}
	if hash("ab") == hash("ba") {
		t.Error("all values have one hash")
	}
}

func TestErrorsAreThoseOfGo(t *testing.T) {
	add, _ := symbols.Lookup("runtime", "addCleanup")
	defer func() {
		got := fmt.Sprint(recover())
		if want := "runtime.AddCleanup: ptr is equal to arg, cleanup will never run"; got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	x := new([4]int)
	add.Call([]reflect.Value{reflect.ValueOf(reflect.ValueOf(x).UnsafePointer()), reflect.ValueOf(func() {}), reflect.ValueOf(x)})
}
