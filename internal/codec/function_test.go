package codec_test

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"cuaderno/internal/codec"
)

// A lambda is a function of a fake interpreter: asked with a probe it says what it
// is, otherwise it runs.
type lambda func(*probe) int

type probe struct {
	name     string
	captures []any
}

func (p *probe) tell(name string, captures ...any) int {
	p.name, p.captures = name, captures
	return 0
}

// counter returns a function that counts in a variable which it has captured.
func counter(n *int) lambda {
	return func(p *probe) int {
		if p != nil {
			return p.tell("counter", n)
		}
		*n++
		return *n
	}
}

// sum returns a function that calls itself through the variable that holds it.
func sum(self *lambda, n *int) lambda {
	return func(p *probe) int {
		if p != nil {
			return p.tell("sum", self, n)
		}
		if *n == 0 {
			return 0
		}
		k := *n
		*n--
		return k + (*self)(nil)
	}
}

// both returns a function that has captured two others by value.
func both(a, b lambda) lambda {
	return func(p *probe) int {
		if p != nil {
			return p.tell("both", a, b)
		}
		return a(nil) + b(nil)
	}
}

func seven(p *probe) int {
	if p != nil {
		return p.tell("seven")
	}
	return 7
}

// session is the Symbols of the fake interpreter.
type session struct{ names }

func (session) FunctionName(f reflect.Value) (string, []reflect.Value, error) {
	if !f.CanConvert(reflect.TypeFor[lambda]()) {
		return "", nil, errors.New("it is compiled and has no name")
	}
	var p probe
	f.Convert(reflect.TypeFor[lambda]()).Interface().(lambda)(&p)
	var captures []reflect.Value
	for _, c := range p.captures {
		captures = append(captures, reflect.ValueOf(c))
	}
	return p.name, captures, nil
}

func (session) Captures(name string) ([]reflect.Type, error) {
	switch name {
	case "counter":
		return []reflect.Type{reflect.TypeFor[*int]()}, nil
	case "sum":
		return []reflect.Type{reflect.TypeFor[*lambda](), reflect.TypeFor[*int]()}, nil
	case "both":
		return []reflect.Type{reflect.TypeFor[lambda](), reflect.TypeFor[lambda]()}, nil
	case "seven":
		return nil, nil
	}
	return nil, fmt.Errorf("the function %s is not declared here", name)
}

func (session) FunctionNamed(name string, c []reflect.Value) (reflect.Value, error) {
	switch name {
	case "counter":
		return reflect.ValueOf(counter(c[0].Interface().(*int))), nil
	case "sum":
		return reflect.ValueOf(sum(c[0].Interface().(*lambda), c[1].Interface().(*int))), nil
	case "both":
		return reflect.ValueOf(both(c[0].Interface().(lambda), c[1].Interface().(lambda))), nil
	}
	return reflect.ValueOf(lambda(seven)), nil
}

type named struct {
	F lambda
	P *point
}

// String makes named a type with a method.
func (n named) String() string { return fmt.Sprint(n.P.X) }

func newSession() *codec.Domain {
	return &codec.Domain{Symbols: session{names{
		"main.lambda#1.0": reflect.TypeFor[lambda](), "main.named#1.1": reflect.TypeFor[named](), "main.Par[int]#1.2": reflect.TypeFor[generic[int]](),
	}}}
}

type generic[T any] struct{ A, B T }

// through sends v through a domain.
func through[T any](t *testing.T, domain *codec.Domain, v T) T {
	t.Helper()
	m, err := codec.Encode(reflect.ValueOf(&v).Elem(), "v", domain)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	if err := codec.DecodeInto(m, reflect.ValueOf(&got).Elem(), domain); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestFunctionsTravel(t *testing.T) {
	domain := newSession()
	n := 5
	f := through(t, domain, counter(&n))
	if f(nil) != 6 || f(nil) != 7 || n != 5 {
		t.Errorf("the copy counts to %d, the original to %d", f(nil)-1, n)
	}
	if through(t, domain, lambda(nil)) != nil {
		t.Error("a nil function is one no more")
	}
	list := through(t, domain, []any{lambda(seven), nil, map[string]lambda{"a": seven}, named{F: seven, P: &point{9, 9}}})
	if list[0].(lambda)(nil) != 7 || list[2].(map[string]lambda)["a"](nil) != 7 || list[3].(fmt.Stringer).String() != "9" {
		t.Errorf("%v", list)
	}
	unnamed := through(t, newSession(), []func(*probe) int{seven})
	if unnamed[0](nil) != 7 {
		t.Error("a function of an unnamed type arrives as another")
	}
}

func TestClosuresShareTheirVariables(t *testing.T) {
	domain := newSession()
	n := 1
	got := through(t, domain, struct {
		A, B lambda
		N    *int
		List []lambda
	}{counter(&n), counter(&n), &n, []lambda{counter(&n)}})
	got.A(nil)
	got.B(nil)
	got.List[0](nil)
	if *got.N != 4 || n != 1 {
		t.Errorf("three calls made 1 into %d there and %d here", *got.N, n)
	}
}

func TestClosureThatCallsItself(t *testing.T) {
	domain := newSession()
	var f lambda
	n := 4
	f = sum(&f, &n)
	if got := through(t, domain, f)(nil); got != 4+3+2+1 {
		t.Errorf("the sum is %d", got)
	}
	if got := *through(t, domain, &f); got(nil) != 10 {
		t.Error("by its variable it sums otherwise")
	}
}

func TestFunctionsAreSharedNotRepeated(t *testing.T) {
	domain := newSession()
	n := 0
	f := counter(&n)
	for range 40 {
		f = both(f, f)
	}
	m, err := codec.Encode(reflect.ValueOf(f), "f", domain)
	if err != nil || len(m.Bytes) > 4096 {
		t.Errorf("%d bytes, %v", len(m.Bytes), err)
	}
	n = 0
	g := both(counter(&n), counter(&n))
	if got := through(t, domain, both(g, g))(nil); got != 1+2+3+4 {
		t.Errorf("the counts add up to %d", got)
	}
}

func TestFunctionsThatCannotTravel(t *testing.T) {
	domain := newSession()
	for _, test := range []struct {
		v      any
		domain *codec.Domain
		want   string
	}{
		{[]any{strings.ToUpper}, domain, "v[0] (func(string) string) cannot be copied to another process: it is compiled"},
		{lambda(seven), plain, "v (codec_test.lambda) cannot be copied to another process: a function refers"},
		{[]func(){nil, func() {}}, domain, "v[1] (func())"},
		{named{F: counter(nil), P: nil}, plain, "v.F (codec_test.lambda)"},
	} {
		_, err := codec.Encode(reflect.ValueOf(test.v), "v", test.domain)
		if !errors.Is(err, codec.ErrNotCopyable) || !strings.HasPrefix(fmt.Sprint(err), "mp: "+test.want) {
			t.Errorf("%v\nwant %s", err, test.want)
		}
	}
	m, err := codec.Encode(reflect.ValueOf(lambda(seven)), "v", domain)
	if err != nil {
		t.Fatal(err)
	}
	m.Bytes = []byte(strings.ReplaceAll(string(m.Bytes), "seven", "eight"))
	if _, err := codec.Decode(m, reflect.TypeFor[lambda](), domain); err == nil || !strings.Contains(err.Error(), "the function eight is not declared here") {
		t.Errorf("a function that the receiver lacks: %v", err)
	}
}

func TestNamedTypesInInterfaces(t *testing.T) {
	domain := newSession()
	v := named{P: &point{3, 4}}
	got := through(t, domain, []fmt.Stringer{v, &v, nil, &v})
	if got[0].String() != "3" || got[1] != got[3] || got[2] != nil || got[1].(*named).P == v.P {
		t.Errorf("%v", got)
	}
	if pair := through[any](t, domain, generic[int]{1, 2}); pair != (generic[int]{1, 2}) {
		t.Errorf("%v", pair)
	}
	e := codec.NewEncoder(domain)
	if err := e.Encode(reflect.ValueOf([]any{v, generic[int]{}}), "v"); err != nil {
		t.Error(err)
	}
	m := e.Message()
	_, err := codec.Decode(m, reflect.TypeFor[[]any](), &codec.Domain{Symbols: session{}})
	if err == nil || !strings.Contains(err.Error(), "the type named is not known here") {
		t.Errorf("a type that the receiver lacks: %v", err)
	}
}

type failure struct {
	Code int
	Ch   chan int
}

func (f *failure) Error() string { return fmt.Sprint("código ", f.Code) }
func (f *failure) Unwrap() error { return io.ErrUnexpectedEOF }

func TestErrors(t *testing.T) {
	domain := newSession()
	domain.Symbols.(session).names["main.failure"] = reflect.TypeFor[failure]()
	err := through[error](t, domain, fmt.Errorf("una: %w", &failure{Code: 4}))
	if err.Error() != "una: código 4" || !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
	// Sent on it stays what it is.
	if again := through(t, domain, err); again.Error() != err.Error() || !errors.Is(again, io.ErrUnexpectedEOF) {
		t.Errorf("%v", again)
	}
	var f *failure
	if err := through[error](t, domain, &failure{Code: 5}); !errors.As(err, &f) || f.Code != 5 {
		t.Errorf("%v", err)
	}
	// One that holds what cannot travel arrives as its text, and sharing about it is
	// kept.
	p := &point{1, 2}
	list := through[any](t, domain, []any{p2(p), &failure{6, make(chan int)}, p2(p), errors.Join(io.EOF, errors.New("x"))}).([]any)
	if list[1].(error).Error() != "código 6" || errors.As(list[1].(error), &f) || list[0] != list[2] || !errors.Is(list[3].(error), io.EOF) {
		t.Errorf("%v", list)
	}
	list = through(t, domain, []any{(*failure)(nil), io.EOF})
	if list[0] != (*failure)(nil) || list[1] != io.EOF {
		t.Errorf("%v", list)
	}
}

// p2 makes of a point what an interface can hold.
func p2(p *point) *struct{ X, Y int } { return (*struct{ X, Y int })(p) }

// A namingSession knows what captured variables are called.
type namingSession struct{ session }

func (namingSession) CaptureName(_ reflect.Value, i int) string { return fmt.Sprint("variable ", i) }

// hidden cannot be copied.
type hidden struct{ c chan int }

func TestFunctionsWithoutTheirType(t *testing.T) {
	domain := &codec.Domain{Symbols: namingSession{newSession().Symbols.(session)}}
	e := codec.NewEncoder(domain)
	n := 40
	for _, f := range []lambda{counter(&n), counter(&n)} {
		if err := e.Function(reflect.ValueOf(f), "f"); err != nil {
			t.Fatal(err)
		}
	}
	d, err := codec.NewDecoder(e.Message(), domain)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for want := 41; want < 43; want++ {
		f, err := d.Function()
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Interface().(lambda)(nil); got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
	if _, err := d.Function(); err == nil {
		t.Error("a third function is read where there are two")
	}
	refused := lambda(func(p *probe) int { return p.tell("both", lambda(seven), &hidden{c: make(chan int)}) })
	if err := codec.NewEncoder(domain).Function(reflect.ValueOf(refused), "f"); !errors.Is(err, codec.ErrNotCopyable) || !strings.HasPrefix(err.Error(), "mp: f's variable 1 (codec_test.hidden) cannot") {
		t.Errorf("%v", err)
	}
	if err := codec.NewEncoder(nil).Function(reflect.ValueOf(strings.ToUpper), "f"); !errors.Is(err, codec.ErrNotCopyable) {
		t.Errorf("%v", err)
	}
}
