package rtype_test

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"cuaderno/interp/rtype"
)

func TestRefusals(t *testing.T) {
	s := newSession(t)
	s.declare(`
type Gen[T any] struct { v T; p *Gen[T] }
func (g Gen[T]) Get() T { return g.v }
func Map[K comparable, V any](m map[K]V, f func(K) V) []V { return nil }
type Number interface { ~int | ~float64 }
type Wide chan [1 << 16]byte
type Holder struct { w Wide; ok Fine }
type Fine struct { s []Fine }
type Failing struct { n int; w Wide }
func (f Failing) M() int { return f.n }
type Vast [1 << 40][1 << 40]byte
`)
	gen := s.pkg.Scope().Lookup("Gen").Type().(*types.Named)
	mapFunc := s.pkg.Scope().Lookup("Map").Type().(*types.Signature)
	taken := rtype.Slots()
	for _, c := range []struct {
		typ  types.Type
		want string
	}{
		{s.typ("Failing"), "its elements are larger than 64 kB"},
		{gen, "main.Gen[T any] has no runtime type: it is generic"},
		{gen.TypeParams().At(0), "T has no runtime type: it is a type parameter"},
		{mapFunc, "it has type parameters"},
		{types.NewSlice(mapFunc.Params().At(0).Type()), "K has no runtime type: it is a type parameter"},
		{mapFunc.Params(), "it is several values"},
		{gen.Method(0).Signature(), "T has no runtime type: it is a type parameter"},
		{gen.Underlying(), "T has no runtime type: it is a type parameter"},
		{s.typ("Number"), "it is a constraint"},
		{types.Universe.Lookup("comparable").Type(), "it is a constraint"},
		{s.typ("Holder"), "its elements are larger than 64 kB"},
		{s.typ("Vast"), "it is larger than the address space"},
		{types.Typ[types.Invalid], "no value has this type"},
		{types.Typ[types.UntypedNil], "no value has this type"},
	} {
		for range 2 { // a failure leaves nothing behind
			rt, err := s.Make(c.typ)
			if err == nil || !strings.HasSuffix(err.Error(), c.want) || s.Of(c.typ) != nil {
				t.Errorf("%v: %v, %v, want %q", c.typ, rt, err, c.want)
			}
		}
	}
	if now := rtype.Slots(); now-taken != 2 {
		t.Errorf("two failures took %d slots, want the two of a method", now-taken)
	}
	if rt := s.of("Fine"); rt.Field(0).Type.Elem() != rt {
		t.Error("a type that was met in a failure is unfinished")
	}
	if got := s.Of(types.Typ[types.UntypedRune]); got != reflect.TypeFor[rune]() {
		t.Errorf("an untyped rune is %v", got)
	}
}

func TestLocalTypes(t *testing.T) {
	s := newSession(t)
	s.declare(`
type Box[T any] struct { v T }
func f() { type L struct { a int }; var _ Box[L] }
func g() { type L struct { a int }; type M map[L][]L; _ = func() { type L string } }
`)
	var local []types.Type
	for id, obj := range s.info.Defs {
		if tn, ok := obj.(*types.TypeName); ok && id.Name == "L" {
			local = append(local, tn.Type())
		}
	}
	slices.SortFunc(local, func(x, y types.Type) int { return int(x.(*types.Named).Obj().Pos() - y.(*types.Named).Obj().Pos()) })
	seen := map[reflect.Type]bool{}
	for i, typ := range local {
		rt := s.Of(typ)
		seen[rt] = true
		if got := fmt.Sprintf("%v %s %s", rt, rt.Name(), rt.PkgPath()); got != "main.L L main" {
			t.Errorf("local type %d is %s", i, got)
		}
		box, err := types.Instantiate(nil, s.pkg.Scope().Lookup("Box").Type(), []types.Type{typ}, true)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.Of(box).String(), fmt.Sprintf("main.Box[main.L·%d]", i+1); got != want {
			t.Errorf("the instance is %s, want %s", got, want)
		}
	}
	if len(seen) != 3 {
		t.Errorf("three local types are %d", len(seen))
	}
}

func TestRedefinition(t *testing.T) {
	s := newSession(t)
	const versions = 1000
	taken := rtype.Slots()
	values := make([]any, versions)
	for i := range values {
		s.pkg = types.NewPackage("main", "main")
		s.declare(fmt.Sprintf("type P struct { p *P; n int }\nfunc (p P) String() string { return \"\" }\nfunc (p *P) Set(int) { _ = %d }", i))
		s.methods["P.String"] = func(p *struct {
			_ *int
			n int
		}) string {
			return fmt.Sprint("v", p.n)
		}
		v := reflect.New(s.of("P")).Elem()
		*(*int)(unsafe.Add(v.Addr().UnsafePointer(), 8)) = i
		values[i] = v.Interface()
	}
	runtime.GC()
	kinds := map[reflect.Type]bool{}
	for i, v := range values {
		kinds[reflect.TypeOf(v)] = true
		if got, want := fmt.Sprintf("%v %T", v, v), fmt.Sprintf("v%d main.P", i); got != want {
			t.Errorf("value %d prints as %s", i, got)
		}
	}
	if len(kinds) != versions {
		t.Errorf("%d types, want %d", len(kinds), versions)
	}
	if now := rtype.Slots(); now-taken != 3*versions {
		t.Errorf("each version took %.1f slots", float64(now-taken)/versions)
	}
}

func TestRenew(t *testing.T) {
	s := newSession(t)
	s.declare(`
type T struct { n int; next *T }
func (t T) Old() int { return 0 }
type User struct { t T; more []T }
type Face interface { Take(T) }
type Taker int
func (Taker) Take(T) {}
type Apart struct { n int }
type Box[X any] struct { b any }
`)
	s.methods["T.Old"] = func(n *int) int { return *n }
	s.methods["T.String"] = func(n *int) string { return fmt.Sprintf("<%d>", *n) }
	exprs := []string{"T", "*T", "[]T", "map[string]T", "func(T)", "User", "struct{ u User }", "Face", "Taker", "Box[T]", "interface{ Give() T }"}
	old := map[string]reflect.Type{}
	for _, expr := range exprs {
		old[expr] = s.of(expr)
	}
	apart := s.of("Apart")
	value := reflect.New(s.of("T")).Elem()
	*(*int)(value.Addr().UnsafePointer()) = 7
	before := value.Interface()
	taken := rtype.Slots()

	named := s.typ("T").(*types.Named)
	recv := types.NewVar(token.NoPos, s.pkg, "t", named)
	results := types.NewTuple(types.NewVar(token.NoPos, s.pkg, "", types.Typ[types.String]))
	named.AddMethod(types.NewFunc(token.NoPos, s.pkg, "String", types.NewSignatureType(recv, nil, nil, nil, results, false)))
	renewed := s.Renew(named)

	for _, expr := range exprs {
		rt := s.of(expr)
		if rt == old[expr] {
			t.Errorf("%s is still the old version", expr)
		}
		if rt.String() != old[expr].String() || rt.Size() != old[expr].Size() {
			t.Errorf("the new version of %s is %v", expr, rt)
		}
		if got := s.TypeOf(old[expr]); !types.Identical(got, s.typ(expr)) || s.Of(got) != rt {
			t.Errorf("the old version of %s comes back as %v", expr, got)
		}
	}
	if s.of("T") != renewed || s.of("User").Field(0).Type != renewed || s.of("T").Field(1).Type.Elem() != renewed {
		t.Error("new versions mention old ones")
	}
	if !s.of("Taker").Implements(s.of("Face")) {
		t.Error("a method that mentions the type fits its interface no more")
	}
	if s.of("Apart") != apart {
		t.Error("a type that has nothing to do with it was renewed")
	}
	after := reflect.NewAt(renewed, value.Addr().UnsafePointer()).Elem().Interface()
	if got := fmt.Sprint(before, after); got != "{7 <nil>} <7>" {
		t.Errorf("the versions print as %s", got)
	}
	for _, v := range []any{before, after} {
		if got := v.(interface{ Old() int }).Old(); got != 7 {
			t.Errorf("the old method returns %d", got)
		}
	}
	// String takes two; the old methods of T, *T and Taker share theirs.
	if now := rtype.Slots(); now-taken != 2 {
		t.Errorf("the new version took %d slots", now-taken)
	}
	if s.Renew(s.typ("Apart").(*types.Named)) == apart {
		t.Error("Renew returned the old version")
	}
}

func TestMethodsOfOtherPackages(t *testing.T) {
	s := newSession(t)
	s.declare(`
import ("reflect"; "testing"; "io")
type Mine struct { reflect.Type; n int }
type Fake struct { testing.TB }
type Both struct { io.Reader; io.Writer }
`)
	for expr, face := range map[string]reflect.Type{
		"Mine":  reflect.TypeFor[reflect.Type](),
		"*Mine": reflect.TypeFor[reflect.Type](),
		"Fake":  reflect.TypeFor[testing.TB](),
	} {
		if !s.of(expr).Implements(face) || rtype.ItabOf(face, s.of(expr)) == nil {
			t.Errorf("%s does not implement %v, whose unexported methods it promotes", expr, face)
		}
	}
	s.methods["Both.Read"] = func(b *struct{ r, w any }, p []byte) (int, error) { return copy(p, "read"), nil }
	p := make([]byte, 9)
	if n, err := reflect.New(s.of("Both")).Elem().Interface().(interface{ Read([]byte) (int, error) }).Read(p); n != 4 || err != nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestEndOfSlots(t *testing.T) {
	s := newSession(t)
	s.declare(`
type A struct { n int }
func (A) One() int { return 1 }
func (A) Two() int { return 2 }
func (*A) Three() int { return 3 }
type B int
func (B) One() int { return 4 }
`)
	s.LimitSlots(4)
	if s.Exhausted() {
		t.Error("exhausted before anything was made")
	}
	a := s.of("A")
	if got := reflect.PointerTo(a).NumMethod(); got != 3 {
		t.Errorf("*A has %d methods", got)
	}
	if got := a.NumMethod(); got != 1 {
		t.Errorf("A has %d methods", got)
	}
	if !s.Exhausted() {
		t.Error("the lack of slots goes unnoticed")
	}
	s.methods["A.One"] = func(*int) int { return 1 }
	if got := reflect.New(a).Elem().Interface().(interface{ One() int }).One(); got != 1 {
		t.Errorf("the method that has a slot returns %d", got)
	}
	if b := s.of("B"); b.NumMethod() != 0 || reflect.PointerTo(b).NumMethod() != 0 || fmt.Sprint(reflect.New(b).Elem()) != "0" {
		t.Error("a type without slots has methods")
	}
}

func TestConcurrentMakes(t *testing.T) {
	s := twinSession(t)
	var group sync.WaitGroup
	results := make([][]reflect.Type, 8)
	names := slices.Sorted(func(yield func(string) bool) {
		for name := range s.twins {
			if !yield(name) {
				return
			}
		}
	})
	exprs := make([]types.Type, len(names))
	for i, name := range names {
		exprs[i] = types.NewPointer(s.typ(name))
	}
	var calls atomic.Int64
	for i := range results {
		group.Go(func() {
			for j := range exprs {
				rt := s.Of(exprs[(i*7+j)%len(exprs)])
				if v, ok := reflect.New(rt.Elem()).Interface().(fmt.Stringer); ok && rt.Elem().Kind() == reflect.Int {
					calls.Add(int64(len(v.String())))
				}
			}
			for _, typ := range exprs {
				results[i] = append(results[i], s.Of(typ))
			}
		})
	}
	group.Wait()
	for _, list := range results {
		if !slices.Equal(list, results[0]) {
			t.Fatal("goroutines see different types")
		}
	}
	if calls.Load() != int64(len(results)*len("Int<0>")) {
		t.Errorf("String returned %d bytes", calls.Load())
	}
}

func TestBindFailure(t *testing.T) {
	s := newSession(t)
	s.declare("type T int\nfunc (T) M() {}")
	missing := rtype.NewTypes(func(*types.TypeName) reflect.Type { return nil }, func(*types.Selection, reflect.Type) unsafe.Pointer { return nil })
	rt := missing.Of(s.typ("T"))
	m := reflect.New(rt).Elem().Interface().(interface{ M() })
	for range 2 {
		if got := fmt.Sprint(panicOf(m.M)); !strings.Contains(got, "main.T.M") {
			t.Errorf("the call panics with %q", got)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := rtype.Check(); err != nil {
		t.Error(err)
	}
	for _, version := range []string{"go1.26", "go1.26.8", "go1.26.9 X:nogreenteagc"} {
		if err := rtype.CheckRelease(version); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
	for _, version := range []string{"go1.25.1", "go1.27", "go1.260.1", "devel go1.27-0123456789"} {
		err := rtype.CheckRelease(version)
		if want := "this program was built with " + version + ", but knows the runtime types of go1.26 only: build it with the toolchain that go.mod names"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", version, err, want)
		}
	}
	for _, other := range []reflect.Type{
		reflect.TypeFor[int](),
		reflect.TypeFor[struct{ Name, Mtyp, Ifn int32 }](),
		reflect.TypeFor[struct{ Name, Mtyp, Tfn, Ifn int32 }](),
		reflect.TypeFor[struct{ Name, Mtyp, Ifn, Tfn, More int32 }](),
		reflect.TypeFor[struct {
			Name, Mtyp, Ifn int32
			Tfn             float32
		}](),
	} {
		if rtype.CheckMirror(other) == nil {
			t.Errorf("%v passes as a method", other)
		}
	}
}
