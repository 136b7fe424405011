package rtype_test

import (
	"bytes"
	"container/heap"
	"encoding/gob"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"text/template"
	"unsafe"

	"cuaderno/interp/rtype"
)

// value returns the twin's value as one of the session's type.
func (s *session) value(twin any) any {
	rt := reflect.TypeOf(twin)
	depth := 0
	for rt.Name() == "" && rt.Kind() == reflect.Pointer {
		rt, depth = rt.Elem(), depth+1
	}
	return reinterpret(reflect.ValueOf(twin), s.of(strings.Repeat("*", depth)+text(rt)[len("main."):])).Interface()
}

// back is the inverse of value.
func back[T any](v any) T {
	return reinterpret(reflect.ValueOf(v), reflect.TypeFor[T]()).Interface().(T)
}

func TestPrinting(t *testing.T) {
	s := twinSession(t)
	inner := 5
	for _, twin := range []any{
		Int(7), new(Int), Str("x"), Flag(true), Float(1.5), Complex(1i), Bytes("ab"), Table{"a": 1, "b": 2}, Grid{{1, 2}, {3}},
		Node{Name: "n", Kids: map[string]Node{"k": {Name: "kid"}}}, &Node{Name: "p"}, Even{V: 3}, Base{4}, &Base{4}, ByValue{1, Base{2}}, &ByValue{1, Base{2}},
		ByPointer{&Base{3}, "e"}, JustPointer{&Base{5}}, Ambiguous{Base{1}, Other{"o"}}, Shadow{Base{1}, 2}, Deep{x: "x"}.Base, Wrapped{io.EOF, 3},
		Faces{a: Int(3), e: Str("err")}, Pair[int, string]{Key: 1, Val: "v"}, Temp{3}, &Fault{"op", io.EOF}, Packed{1, 2}, Zero{a: 1}, Blank{a: 1, b: 2}, ArrShaped{&inner},
	} {
		for _, format := range []string{"%v", "%+v", "%T", "%s", "%d", "%q", "%#v"} {
			want := fmt.Sprintf(format, twin)
			want = strings.ReplaceAll(want, "rtype_test.", "main.")
			// Values inside the twin are of compiled types.
			if got := strings.ReplaceAll(fmt.Sprintf(format, s.value(twin)), "rtype_test.", "main."); got != want {
				t.Errorf("%s of a %T is %s, want %s", format, twin, got, want)
			}
		}
	}
	if got, want := fmt.Sprint([]any{s.value(Int(1)), map[string]any{"k": s.value(Base{2})}}), "[Int<1> map[k:Base 2]]"; got != want {
		t.Errorf("nested values print as %s, want %s", got, want)
	}
}

func TestIdentity(t *testing.T) {
	s := twinSession(t)
	if s.value(Int(7)) == any(7) || s.value(Int(7)) == any(Int(7)) || s.value(Int(7)) != s.value(Int(7)) {
		t.Error("values of named types are not themselves")
	}
	if s.of("Int") != s.of("Int") || s.of("[]*Node") != reflect.SliceOf(reflect.PointerTo(s.of("Node"))) || s.of("Alias") != reflect.MapOf(s.of("Str"), s.of("Node")) {
		t.Error("identical types differ")
	}
	for expr, want := range map[string]reflect.Type{
		"int":                              reflect.TypeFor[int](),
		"any":                              reflect.TypeFor[any](),
		"error":                            reflect.TypeFor[error](),
		"rune":                             reflect.TypeFor[rune](),
		"byte":                             reflect.TypeFor[byte](),
		"[]map[string][3]chan<- *error":    reflect.TypeFor[[]map[string][3]chan<- *error](),
		"func(int, ...string) (bool, any)": reflect.TypeFor[func(int, ...string) (bool, any)](),
		"struct{ X, Y float64 }":           reflect.TypeFor[struct{ X, Y float64 }](),
		"struct{}":                         reflect.TypeFor[struct{}](),
	} {
		if got := s.of(expr); got != want {
			t.Errorf("%s is %v, not the compiled type", expr, got)
		}
		if got := s.TypeOf(want); got != nil {
			t.Errorf("the compiled type %s has the checked type %v", want, got)
		}
	}
	pair := s.pkg.Scope().Lookup("Pair").Type()
	args := []types.Type{s.typ("Int"), s.typ("*Node")}
	for range 2 { // instances that are identical and not the same
		instance, err := types.Instantiate(nil, pair, args, true)
		if err != nil || s.Of(instance) != s.of("Pair[Int, *Node]") {
			t.Errorf("an instance is another type (%v)", err)
		}
	}
	for _, expr := range []string{"Node", "*Node", "[]Node", "map[Str]*Int", "chan<- Grid", "func(Node) Int", "struct{ n Node }", "Pair[Int, Str]", "interface{ M(Node) }", "[4]Str"} {
		if got := s.TypeOf(s.of(expr)); got == nil || s.Of(got) != s.of(expr) {
			t.Errorf("%s comes back as %v", expr, got)
		}
	}
	if got := s.TypeOf(reflect.PointerTo(reflect.SliceOf(s.of("Job")))); got == nil || got.String() != "*[]main.Job" {
		t.Errorf("a type that reflection made comes back as %v", got)
	}
	if s.TypeOf(nil) != nil {
		t.Error("nil has a type")
	}
}

func TestCompiledTypesAreFound(t *testing.T) {
	s := newSession(t)
	// Nothing in the table names these: the program is searched for them.
	s.declare(`
import ("sync"; "reflect"; "testing"; "sync/atomic"; "net/http"; "iter"; "os")
var p sync.Pool
var v reflect.Value
var tt testing.T
var ptr atomic.Pointer[http.Response]
var server http.Server
var seq iter.Seq[reflect.Method]
var file os.File
type Embeds struct { ptr atomic.Pointer[Embeds]; sync.Pool }
var lit struct { sync.Pool; N int }
`)
	for name, want := range map[string]reflect.Type{
		"p":      reflect.TypeFor[sync.Pool](),
		"v":      reflect.TypeFor[reflect.Value](),
		"tt":     reflect.TypeFor[testing.T](),
		"server": reflect.TypeFor[http.Server](),
		"file":   reflect.TypeFor[os.File](),
		"lit": reflect.TypeFor[struct {
			sync.Pool
			N int
		}](),
	} {
		if got := s.Of(s.pkg.Scope().Lookup(name).Type()); got != want {
			t.Errorf("%s is of %v, want %v", name, got, want)
		}
	}
	// An unexported type, by way of a field of an exported one.
	common, _ := reflect.TypeFor[testing.T]().FieldByName("common")
	st := s.pkg.Scope().Lookup("tt").Type().Underlying().(*types.Struct)
	if got := s.Of(st.Field(0).Type()); got != common.Type {
		t.Errorf("testing.common is %v", got)
	}
	if got := s.of("Embeds").Field(0).Type; got.String() != "atomic.Pointer[main.Embeds]" || got.PkgPath() != "sync/atomic" || got.Size() != 8 {
		t.Errorf("a generic type of a compiled package over one of ours is %v of %s", got, got.PkgPath())
	}
}

func TestSorting(t *testing.T) {
	s := twinSession(t)
	b := s.value(Bytes("banana"))
	sort.Sort(b.(sort.Interface))
	if got := string(back[Bytes](b)); got != "aaabnn" {
		t.Errorf("sorted to %q", got)
	}
	// Pop asserts the twin's type: elements are pushed as the compiled code has
	// them.
	q := s.value(&Queue{})
	for _, rank := range []int{3, 1, 2} {
		heap.Push(q.(heap.Interface), &Job{Rank: rank})
	}
	for want := range 3 {
		if got := heap.Pop(q.(heap.Interface)).(*Job).Rank; got != want+1 {
			t.Errorf("popped %d, want %d", got, want+1)
		}
	}
}

func TestErrors(t *testing.T) {
	s := twinSession(t)
	fault := s.value(&Fault{"read", io.ErrClosedPipe}).(error)
	err := fmt.Errorf("wrapped: %w", errors.Join(io.EOF, fault))
	if got, want := err.Error(), "wrapped: EOF\nread: io: read/write on closed pipe"; got != want {
		t.Errorf("the error says %q, want %q", got, want)
	}
	if !errors.Is(err, io.ErrClosedPipe) || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrNoProgress) {
		t.Error("errors.Is does not see through the type")
	}
	target := reflect.New(s.of("*Fault"))
	if !errors.As(err, target.Interface()) || target.Elem().Interface() != any(fault) {
		t.Error("errors.As does not find the type")
	}
	if errors.As(err, reflect.New(s.of("Str")).Interface()) {
		t.Error("errors.As finds another type")
	}
	text := s.value(Str("text")).(error)
	if !errors.Is(fmt.Errorf("%w", text), s.value(Str("text")).(error)) {
		t.Error("errors.Is does not compare values")
	}
}

func TestEncoding(t *testing.T) {
	s := twinSession(t)
	page := Page{Title: "Go", Temps: []Temp{{1}, {2.5}}, ByName: map[Str]Temp{"a": {3}}, secret: 4, Sub: &Page{Title: "sub"}, Base: Base{9}}
	want, err := json.Marshal(page)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(s.value(page))
	if err != nil || string(got) != string(want) {
		t.Errorf("json is %s, want %s (%v)", got, want, err)
	}
	into := reflect.New(s.of("Page"))
	if err := json.Unmarshal(want, into.Interface()); err != nil {
		t.Fatal(err)
	}
	page.secret = 0
	if got := back[Page](into.Elem().Interface()); !reflect.DeepEqual(got, page) {
		t.Errorf("json reads %+v", got)
	}

	var wire bytes.Buffer
	if err := gob.NewEncoder(&wire).Encode(s.value(page)); err != nil {
		t.Fatal(err)
	}
	into = reflect.New(s.of("Page"))
	if err := gob.NewDecoder(&wire).Decode(into.Interface()); err != nil {
		t.Fatal(err)
	}
	if got := back[Page](into.Elem().Interface()); !reflect.DeepEqual(got, page) {
		t.Errorf("gob reads %+v", got)
	}

	var out strings.Builder
	tmpl := template.Must(template.New("").Parse(`{{.Upper 1}} {{.Get}} {{.Sub.Title}} {{range .Temps}}{{.}};{{end}}{{index .ByName "a"}}`))
	err = tmpl.Execute(&out, s.value(&page))
	if got, want := out.String(), "G 9 sub Temp(v);Temp(v);"; err == nil || !strings.HasPrefix(got, want) {
		t.Errorf("the template writes %q, %v, want %q and an error for the key's type", got, err, want)
	}
}

func TestHandlersAndFlags(t *testing.T) {
	s := twinSession(t)
	handler := s.value(Fn(func(int, ...string) (Int, error) { return 0, nil })).(http.Handler)
	rec := httptest.NewRecorder()
	http.StripPrefix("/a", handler).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/a/b", nil))
	if got := rec.Body.String(); got != "path /b" {
		t.Errorf("the handler wrote %q", got)
	}
	set := flag.NewFlagSet("", flag.ContinueOnError)
	i := s.value(new(Int))
	set.Var(i.(flag.Value), "i", "")
	if err := set.Parse([]string{"-i", "four"}); err != nil || *back[*Int](i) != 4 {
		t.Errorf("the flag is %v (%v)", i, err)
	}
	pipe := make(Pipe, 2)
	pipe <- 1
	pipe <- 2
	close(pipe)
	if got, err := io.ReadAll(s.value(pipe).(io.Reader)); err != nil || string(got) != "Int<1>Int<2>" {
		t.Errorf("read %q, %v", got, err)
	}
	locked := reflect.New(s.of("Locked")).Interface().(sync.Locker)
	s.methods["Locked.Lock"] = func(m *sync.Mutex) { m.Lock() }
	locked.Lock()
	if _, ok := reflect.New(s.of("Locked")).Elem().Interface().(sync.Locker); ok {
		t.Error("the value type has the methods of the pointer type")
	}
}

func TestMethods(t *testing.T) {
	s := twinSession(t)
	odds := Odds{42}
	value, pointer := reflect.ValueOf(s.value(odds)), reflect.ValueOf(s.value(&odds))
	args := []any{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "s", 1.5, nil, 2}
	in := make([]reflect.Value, len(args))
	for i, arg := range args {
		in[i] = reflect.ValueOf(&args[i]).Elem()
		if arg != nil && i < 14 {
			in[i] = reflect.ValueOf(arg)
		}
	}
	want := odds.Many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "s", 1.5, nil, 2)
	for range 2 { // the first call binds the method
		if got := value.MethodByName("Many").Call(in)[0].String(); got != want {
			t.Errorf("the method of the value returned %q, want %q", got, want)
		}
		if got := pointer.MethodByName("Many").Call(in)[0].String(); got != want {
			t.Errorf("the method of the pointer returned %q, want %q", got, want)
		}
		m, _ := value.Type().MethodByName("Many")
		if got := m.Func.Call(append([]reflect.Value{value}, in...))[0].String(); got != want {
			t.Errorf("the method expression returned %q, want %q", got, want)
		}
		m, _ = pointer.Type().MethodByName("Many")
		if got := m.Func.Call(append([]reflect.Value{pointer}, in...))[0].String(); got != want {
			t.Errorf("the pointer's method expression returned %q, want %q", got, want)
		}
		// A method value is a func of its own.
		f := value.MethodByName("Halves").Interface().(func(float32, complex128, int8, bool) (bool, int8, complex128, float32))
		if d, c, b, a := f(1.5, 2i, 3, true); !d || c != 3 || b != 2i || a != 1.5 {
			t.Error("results are wrong", d, c, b, a)
		}
	}
	three := pointer.MethodByName("Three")
	results := three.Call([]reflect.Value{reflect.ValueOf(s.value(Node{Name: "n"})), reflect.ValueOf(s.value(Grid{{1}}))})
	if back[Grid](results[0].Interface()) != (Grid{{1}}) || back[Node](results[1].Interface()).Name != "n" || results[2].Interface().(error).Error() != "three" {
		t.Errorf("results are %v", results)
	}
	if text := panicOf(func() { value.Interface().(interface{ Panic() string }).Panic() }); text != "odd" {
		t.Errorf("the method panics with %v", text)
	}

	// Pointer-shaped receivers are the word itself.
	x := 5
	shaped := s.value(PtrShaped{&x})
	if got := shaped.(interface{ Deref() int }).Deref(); got != 5 {
		t.Errorf("the pointer-shaped value gives %d", got)
	}
	method, _ := reflect.TypeOf(shaped).MethodByName("Deref")
	if got := method.Func.Call([]reflect.Value{reflect.ValueOf(shaped)})[0].Int(); got != 5 {
		t.Errorf("the method expression gives %d", got)
	}
	y := 6
	aimed := s.value(&PtrShaped{&x})
	aimed.(interface{ Aim(*int) }).Aim(&y)
	if got := aimed.(interface{ Deref() int }).Deref(); got != 6 {
		t.Errorf("the pointer to it gives %d", got)
	}
	if got := s.value(ArrShaped{&y}).(interface{ First() int }).First(); got != 6 {
		t.Errorf("the array gives %d", got)
	}
	if got := s.value(JustPointer{&Base{8}}).(interface{ Get() int }).Get(); got != 8 {
		t.Errorf("the promoted method gives %d", got)
	}
	if count := len(slices.DeleteFunc(slices.Clone(s.bound), func(name string) bool { return name != "Odds.Many" })); count != 2 {
		t.Errorf("Many was bound %d times, want once for a word and once for a value", count)
	}
}

func panicOf(f func()) (r any) {
	defer func() { r = recover() }()
	f()
	return nil
}

func TestUnexportedMethods(t *testing.T) {
	s := twinSession(t)
	s.methods["Int.hidden"] = func(i *Int, n int) Int { return i.hidden(n) }
	s.methods["Both.hidden"] = func(i *struct{ Int }, n int) Int { return i.hidden(n) }
	s.methods["Both.low"] = func(i *struct{ Int }, n int) int { return n }
	s.declare(`type Both struct { Int; *Base }; type Foreign struct { Hidden }`)
	hidden := s.of("Hidden")
	if rtype.ItabOf(hidden, s.of("Int")) != nil {
		t.Error("Int has all methods of Hidden")
	}
	tab := rtype.ItabOf(hidden, s.of("*Both"))
	if tab == nil {
		t.Fatal("*Both does not implement Hidden")
	}
	both := struct {
		Int
		*Base
	}{3, nil}
	code := rtype.ItabFun(tab, 0)
	closure := unsafe.Pointer(&code)
	if got := at[func(unsafe.Pointer, int) Int](unsafe.Pointer(&closure))(unsafe.Pointer(&both), 4); got != 7 {
		t.Errorf("the unexported method returned %d", got)
	}
	if rtype.ItabOf(hidden, s.of("Foreign")) == nil {
		t.Error("embedding the interface does not implement it")
	}
	// The same name in another package is another method.
	if s.of("Int").Implements(reflect.TypeFor[interface{ hidden(int) Int }]()) {
		t.Error("a method of main implements a method of another package")
	}
	if _, ok := s.of("*Both").MethodByName("hidden"); ok {
		t.Error("reflection lists an unexported method")
	}
}

func TestEqualityOfTypes(t *testing.T) {
	s := twinSession(t)
	a, b := Blank{1, "x", 2.5}, Blank{a: 1, b: 2.5}
	*(*string)(unsafe.Add(unsafe.Pointer(&a), 8)) = "x"
	if s.value(a) != s.value(b) {
		t.Error("blank fields are compared")
	}
	m := map[any]int{s.value(a): 1, s.value(Faces{a: 1, e: io.EOF}): 2, s.value(Nums{f: 0}): 3, s.value(Packed{1, 2}): 4, s.value(Grid{{1}}): 5}
	for i, key := range []any{b, Faces{a: 1, e: io.EOF}, Nums{f: Float(negativeZero())}, Packed{1, 2}, Grid{{1}}} {
		if m[s.value(key)] != i+1 {
			t.Errorf("map[any] finds %d under %v", m[s.value(key)], key)
		}
		native := reflect.MakeMap(reflect.MapOf(s.of(reflect.TypeOf(key).Name()), reflect.TypeFor[int]()))
		native.SetMapIndex(reflect.ValueOf(s.value(key)), reflect.ValueOf(i))
		if got := native.MapIndex(reflect.ValueOf(s.value(key))); !got.IsValid() || got.Int() != int64(i) {
			t.Errorf("the map of %T finds %v", s.value(key), got)
		}
	}
	if len(maps.Collect(maps.All(m))) != 5 {
		t.Error("equal keys are several")
	}
	in1, in2 := BlankInside{}, BlankInside{}
	*(*int32)(unsafe.Pointer(&in1)) = 9
	if s.value(in1) != s.value(in2) || m[s.value(in1)] != 0 {
		t.Error("blank fields inside are compared")
	}
	p1, p2 := Padded{a: 1}, Padded{a: 1}
	*(*byte)(unsafe.Add(unsafe.Pointer(&p1), 3)) = 7
	if s.value(p1) != s.value(p2) {
		t.Error("padding is compared")
	}
	nan := Nums{f: Float(nan())}
	if s.value(nan) == s.value(nan) {
		t.Error("a NaN equals itself")
	}
	for want, f := range map[string]func(){
		"runtime error: comparing uncomparable type main.Node":  func() { _ = s.value(Node{}) == s.value(Node{}) },
		"runtime error: comparing uncomparable type main.Table": func() { _ = s.value(Faces{a: s.value(Table{})}) == s.value(Faces{a: s.value(Table{})}) },
		"runtime error: hash of unhashable type main.Bytes":     func() { m[s.value(Bytes{})] = 1 },
		"runtime error: hash of unhashable type main.Fn":        func() { m[s.value(Faces{a: s.value(Fn(nil))})] = 1 },
	} {
		if got := panicText(t, f); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}
	if text := panicText(t, func() { _ = s.value(Int(1)).(fmt.Formatter) }); text != "interface conversion: main.Int is not fmt.Formatter: missing method Format" {
		t.Errorf("the failed assertion says %q", text)
	}
}

func negativeZero() float64 { return math.Copysign(0, -1) }
func nan() float64          { return math.NaN() }

func TestConversions(t *testing.T) {
	s := twinSession(t)
	i := s.of("Int")
	if !i.ConvertibleTo(reflect.TypeFor[int]()) || i.AssignableTo(reflect.TypeFor[int]()) || !i.Implements(reflect.TypeFor[fmt.Stringer]()) ||
		!reflect.PointerTo(i).AssignableTo(reflect.TypeFor[flag.Value]()) || i.AssignableTo(reflect.TypeFor[flag.Value]()) {
		t.Error("Int converts otherwise")
	}
	if !s.of("Table").AssignableTo(s.of("map[string]Int")) || !s.of("map[string]Int").AssignableTo(s.of("Table")) {
		t.Error("a literal is not assignable to a named type of it")
	}
	if got := reflect.ValueOf(s.value(Int(3))).Convert(reflect.TypeFor[float64]()).Float(); got != 3 {
		t.Errorf("converted to %v", got)
	}
	m := reflect.MakeMap(s.of("Table"))
	m.SetMapIndex(reflect.ValueOf("k"), reflect.ValueOf(s.value(Int(4))))
	if got := m.MethodByName("Sum").Call(nil)[0].Int(); got != 4 {
		t.Errorf("the sum of the map is %d", got)
	}
}
