package rtype_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"cuaderno/interp/rtype"
	"cuaderno/interp/stdlib"
)

// A session checks source as cells and makes its types.
type session struct {
	*rtype.Types
	t    testing.TB
	pkg  *types.Package
	info types.Info // Defs of what was checked last
	// twins are the compiled types of the session's types, by name.
	twins map[string]reflect.Type
	// methods are those that a test supplies for types without a twin, by type
	// and name: a func that takes a pointer to the receiver.
	methods map[string]any

	mu    sync.Mutex
	bound []string
}

// compiledTypes are what the table of compiled types has in the tests, by path
// and name.
func compiledTypes() map[string]reflect.Type {
	known := map[string]reflect.Type{}
	for _, p := range []any{
		(*fmt.Stringer)(nil), (*fmt.State)(nil), (*http.ResponseWriter)(nil), (*http.Request)(nil), (*http.Header)(nil), (*json.Number)(nil),
		(*sync.Mutex)(nil), (*sync.Once)(nil), (*strings.Builder)(nil), (*time.Duration)(nil), (*atomic.Int64)(nil), (*io.Reader)(nil),
	} {
		rt := reflect.TypeOf(p).Elem()
		known[rt.PkgPath()+"."+rt.Name()] = rt
	}
	return known
}

var importer = sync.OnceValues(stdlib.NewImporter)

func newSession(t testing.TB) *session {
	t.Helper()
	if err := rtype.Check(); err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, pkg: types.NewPackage("main", "main"), twins: map[string]reflect.Type{}, methods: map[string]any{}}
	known := compiledTypes()
	s.Types = rtype.NewTypes(func(obj *types.TypeName) reflect.Type {
		return known[obj.Pkg().Path()+"."+obj.Name()]
	}, s.bind)
	return s
}

// declare checks declarations, without package clause, in the session.
func (s *session) declare(source string) {
	s.t.Helper()
	s.check("cell.go", "package main\n"+source)
}

func (s *session) check(name string, source any) {
	s.t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		s.t.Fatal(err)
	}
	file.Name = ast.NewIdent("main")
	imp, err := importer()
	if err != nil {
		s.t.Fatal(err)
	}
	s.info = types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: imp}
	if err := types.NewChecker(&conf, fset, s.pkg, &s.info).Files([]*ast.File{file}); err != nil {
		s.t.Fatal(err)
	}
}

// typ returns the type that an expression denotes in the session.
func (s *session) typ(expr string) types.Type {
	s.t.Helper()
	tv, err := types.Eval(token.NewFileSet(), s.pkg, token.NoPos, expr)
	if err != nil {
		s.t.Fatal(err)
	}
	return tv.Type
}

// of returns the runtime type that an expression denotes.
func (s *session) of(expr string) reflect.Type {
	s.t.Helper()
	rt, err := s.Make(s.typ(expr))
	if err != nil {
		s.t.Fatal(err)
	}
	return rt
}

// bind makes methods that call those of the compiled twin, or those that the
// test supplied.
func (s *session) bind(sel *types.Selection, ft reflect.Type) unsafe.Pointer {
	recv := sel.Recv()
	ptr, isPtr := recv.(*types.Pointer)
	if isPtr {
		recv = ptr.Elem()
	}
	name := strings.ReplaceAll(types.TypeString(recv, func(*types.Package) string { return "" }), ", ", ",")
	s.mu.Lock()
	s.bound = append(s.bound, name+"."+sel.Obj().Name())
	s.mu.Unlock()
	twin := s.twins[name]
	fn := reflect.MakeFunc(ft, func(args []reflect.Value) []reflect.Value {
		var self reflect.Value // a pointer to the twin, or to the receiver
		switch first := args[0]; {
		case ft.In(0).Kind() == reflect.UnsafePointer && isPtr:
			self = s.twinAt(twin, first.UnsafePointer())
		case ft.In(0).Kind() == reflect.UnsafePointer:
			word := first.UnsafePointer()
			self = s.twinAt(twin, unsafe.Pointer(&word))
		default:
			value := reflect.New(first.Type())
			value.Elem().Set(first)
			self = s.twinAt(twin, value.UnsafePointer())
		}
		var method reflect.Value
		if own, ok := s.methods[name+"."+sel.Obj().Name()]; ok {
			method = reflect.ValueOf(own)
			args[0] = reflect.NewAt(method.Type().In(0).Elem(), self.UnsafePointer())
		} else {
			method = self.MethodByName(sel.Obj().Name())
			args = args[1:]
		}
		return convertAll(s.call(method, args), ft)
	}).Interface()
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&fn))[1]
}

func (s *session) twinAt(twin reflect.Type, p unsafe.Pointer) reflect.Value {
	if twin == nil {
		twin = reflect.TypeFor[struct{}]()
	}
	return reflect.NewAt(twin, p)
}

func (s *session) call(method reflect.Value, args []reflect.Value) []reflect.Value {
	in := make([]reflect.Value, len(args))
	for i, arg := range args {
		in[i] = reinterpret(arg, method.Type().In(i))
	}
	if method.Type().IsVariadic() {
		return method.CallSlice(in)
	}
	return method.Call(in)
}

func convertAll(results []reflect.Value, ft reflect.Type) []reflect.Value {
	for i := range results {
		results[i] = reinterpret(results[i], ft.Out(i))
	}
	return results
}

// reinterpret returns the value as one of another type of the same layout.
func reinterpret(v reflect.Value, to reflect.Type) reflect.Value {
	if v.Type() == to {
		return v
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return reflect.NewAt(to, p.UnsafePointer()).Elem()
}

// twinTypes are the types of twins_test.go, and some local ones, by name.
func twinTypes() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	for _, p := range []any{
		(*Int)(nil), (*Str)(nil), (*Flag)(nil), (*Float)(nil), (*Complex)(nil), (*Raw)(nil), (*Bytes)(nil), (*Fn)(nil), (*RecFn)(nil), (*Table)(nil),
		(*RecMap)(nil), (*RecList)(nil), (*Pipe)(nil), (*Source)(nil), (*Sink)(nil), (*Grid)(nil), (*Ref)(nil), (*RefRef)(nil), (*None)(nil), (*Empty)(nil), (*Big)(nil),
		(*Node)(nil), (*Even)(nil), (*Odd)(nil), (*Even2)(nil), (*Base)(nil), (*Other)(nil), (*ByValue)(nil), (*ByPointer)(nil), (*JustPointer)(nil), (*Ambiguous)(nil),
		(*Shadow)(nil), (*Deep)(nil), (*Locked)(nil), (*Wrapped)(nil), (*WithFace)(nil), (*WithAnon)(nil), (*Compiled)(nil), (*Zero)(nil), (*Padded)(nil), (*Packed)(nil),
		(*Blank)(nil), (*BlankInside)(nil), (*Faces)(nil), (*Nums)(nil), (*PtrShaped)(nil), (*ArrShaped)(nil), (*Huge)(nil), (*Shaper)(nil), (*Hidden)(nil), (*SelfFace)(nil),
		(*Odds)(nil), (*Queue)(nil), (*Job)(nil), (*Temp)(nil), (*Fault)(nil), (*Page)(nil), (*Every)(nil),
	} {
		rt := reflect.TypeOf(p).Elem()
		m[rt.Name()] = rt
	}
	return m
}

// twinSession declares twins_test.go.
func twinSession(t testing.TB) *session {
	t.Helper()
	s := newSession(t)
	s.check("twins_test.go", nil)
	s.twins = twinTypes()
	s.twins["Pair[int,string]"] = reflect.TypeFor[Pair[int, string]]()
	return s
}

// text is the text of a type, of a twin as if it were main's.
func text(rt reflect.Type) string {
	s := strings.ReplaceAll(rt.String(), "cuaderno/interp/rtype_test.", "main.")
	return strings.ReplaceAll(s, "rtype_test.", "main.")
}

// covers reports whether a pointer mask has all that another has. The compiler
// leaves out the type words of interfaces, reflection does not.
func covers(got, want string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range want {
		if want[i] > got[i] {
			return false
		}
	}
	return true
}

// A comparison walks over a type and its twin.
type comparison struct {
	t    *testing.T
	seen map[[2]reflect.Type]bool
}

func (c *comparison) compare(path string, got, want reflect.Type) {
	if c.seen[[2]reflect.Type{got, want}] {
		return
	}
	c.seen[[2]reflect.Type{got, want}] = true
	if got == want {
		return
	}
	check := func(what string, got, want any) {
		if got != want {
			c.t.Errorf("%s: %s is %v, want %v", path, what, got, want)
		}
	}
	pkg := func(path string) string { return strings.ReplaceAll(path, "cuaderno/interp/rtype_test", "main") }
	check("kind", got.Kind(), want.Kind())
	check("text", text(got), text(want))
	check("name", got.Name(), strings.ReplaceAll(want.Name(), "cuaderno/interp/rtype_test.", "main."))
	check("package", got.PkgPath(), pkg(want.PkgPath()))
	check("size", got.Size(), want.Size())
	check("alignment", got.Align(), want.Align())
	check("field alignment", got.FieldAlign(), want.FieldAlign())
	check("comparable", got.Comparable(), want.Comparable())
	check("pointer-shaped", rtype.PointerShaped(got), rtype.PointerShaped(want))
	check("regular memory", rtype.RegularMemory(got), rtype.RegularMemory(want))
	check("pointer mask", covers(rtype.PointerMask(got), rtype.PointerMask(want)), true)
	check("all methods", rtype.AllMethods(got), pkg(rtype.AllMethods(want)))
	if got.Kind() != want.Kind() {
		return
	}
	switch want.Kind() {
	case reflect.Array:
		check("length", got.Len(), want.Len())
		c.compare(path+"[]", got.Elem(), want.Elem())
		c.compare(path+"[:]", reflect.New(got).Elem().Slice(0, 0).Type(), reflect.New(want).Elem().Slice(0, 0).Type())
	case reflect.Pointer, reflect.Slice:
		c.compare(path+"*", got.Elem(), want.Elem())
	case reflect.Chan:
		check("direction", got.ChanDir(), want.ChanDir())
		c.compare(path+"<-", got.Elem(), want.Elem())
	case reflect.Map:
		c.compare(path+" key", got.Key(), want.Key())
		c.compare(path+" elem", got.Elem(), want.Elem())
	case reflect.Func:
		check("parameters", got.NumIn(), want.NumIn())
		check("results", got.NumOut(), want.NumOut())
		check("variadic", got.IsVariadic(), want.IsVariadic())
		for i := range min(want.NumIn(), got.NumIn()) {
			c.compare(path+" in", got.In(i), want.In(i))
		}
		for i := range min(want.NumOut(), got.NumOut()) {
			c.compare(path+" out", got.Out(i), want.Out(i))
		}
	case reflect.Struct:
		check("fields", got.NumField(), want.NumField())
		for i := range min(want.NumField(), got.NumField()) {
			g, w := got.Field(i), want.Field(i)
			at := path + "." + w.Name
			c.compare(at, g.Type, w.Type)
			check(at, g.Name, w.Name)
			check(at+" tag", g.Tag, w.Tag)
			check(at+" offset", g.Offset, w.Offset)
			check(at+" embedded", g.Anonymous, w.Anonymous)
			check(at+" package", g.PkgPath, pkg(w.PkgPath))
		}
	}
	check("methods", got.NumMethod(), want.NumMethod())
	for i := range min(want.NumMethod(), got.NumMethod()) {
		g, w := got.Method(i), want.Method(i)
		at := path + "." + w.Name + "()"
		check(at, g.Name, w.Name)
		c.compare(at, g.Type, w.Type)
		byName, ok := got.MethodByName(w.Name)
		check(at+" by name", ok && byName.Index == i, true)
	}
	if want.Kind() != reflect.Pointer && want.Name() != "" {
		c.compare("*"+path, reflect.PointerTo(got), reflect.PointerTo(want))
	}
}

func TestTwins(t *testing.T) {
	s := twinSession(t)
	for name, twin := range s.twins {
		t.Run(name, func(t *testing.T) {
			c := comparison{t, map[[2]reflect.Type]bool{}}
			c.compare(name, s.of(name), twin)
		})
	}
	c := comparison{t, map[[2]reflect.Type]bool{}}
	for name, twin := range s.twins {
		c.compare(name, s.of("[]map[string]*"+name), reflect.SliceOf(reflect.MapOf(reflect.TypeFor[string](), reflect.PointerTo(twin))))
	}
}
