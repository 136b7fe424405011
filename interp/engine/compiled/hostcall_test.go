package compiled

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/quick"
	"time"
	"unsafe"
)

type (
	abiPair   struct{ a, b int }
	abiNarrow struct{ a, b int8 }
	abiPadded struct {
		a uint8
		b uint64
		c uint8
	}
	abiTrailing struct {
		a int
		_ struct{}
	}
	abiBlank struct {
		a int32
		_ int32
		b string
	}
	abiMixed struct {
		f float32
		n int16
		s []byte
		e error
	}
	abiSingle [1]string
	abiLarge  struct{ a, b, c, d, e, f, g, h, i, j int }
)

// disturbStack moves the stack and collects what nothing holds.
func disturbStack() {
	growStack(64)
	runtime.GC()
}

func growStack(n int) byte {
	var pad [512]byte
	if n > 0 {
		pad[n] = growStack(n - 1)
	}
	return pad[n/2]
}

// An abiSignature is a function whose results tell its arguments.
type abiSignature struct {
	f any
	// host and back are whether calls of compiled code, and by it, go without reflect.
	host, back bool
}

var abiSignatures = []abiSignature{
	{func() { disturbStack() }, true, true},
	{func() int { disturbStack(); return -5 }, true, true},
	{func(a int) int { disturbStack(); return a }, true, true},
	{func(a, b int) bool { disturbStack(); return a < b }, true, true},
	{func(a int8) int8 { disturbStack(); return a }, true, true},
	{func(a int16) int16 { disturbStack(); return a }, true, false},
	{func(a int32) int32 { disturbStack(); return a }, true, true},
	{func(a uint8, b int8, c int16, d uint16, e int32, f uint32, g int64) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g)
	}, true, false},
	{func(a int8, s string, b bool, c int16) (bool, string, int16, int8) { disturbStack(); return b, s, c, a }, false, false},
	{func(a, b, c, d, e, f, g, h, i int) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g, h, i)
	}, true, false},
	{func(a, b, c, d, e, f, g, h, i, j int) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g, h, i, j)
	}, false, false},
	{func(a, b, c, d, e, f, g int, s []string) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g, s)
	}, false, false},
	{func(a, b, c, d, e int) string { disturbStack(); return fmt.Sprint(a, b, c, d, e) }, true, false},
	{func(a, b, c, d, e, f int8) string { disturbStack(); return fmt.Sprint(a, b, c, d, e, f) }, true, false},
	{func(a, b, c, d int) string { disturbStack(); return fmt.Sprint(a, b, c, d) }, true, false},
	{func(x float64) float64 { disturbStack(); return x }, true, true},
	{func(x float32) float32 { disturbStack(); return x }, true, false},
	{func(x, y float64) float64 { disturbStack(); return x - y }, true, true},
	{func(x, y float32) string { disturbStack(); return fmt.Sprint(x, y) }, true, false},
	{func(x float32, a int, y float64, s string) string { disturbStack(); return fmt.Sprint(x, a, y, s) }, true, false},
	{func(a int8, x, y, z float64, b uint16, u float32) string {
		disturbStack()
		return fmt.Sprint(a, x, y, z, b, u)
	}, true, false},
	{func(a, b, c, d, e int, x, y float64) string { disturbStack(); return fmt.Sprint(a, b, c, d, e, x, y) }, true, false},
	{func(a, b, c, d, e, f, g, h, i float64, j, k, l, m, n, o float32) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)
	}, false, false},
	{func(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p float64) string {
		disturbStack()
		return fmt.Sprint(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)
	}, false, false},
	{func(c complex128, d complex64) (complex128, string) { disturbStack(); return c, fmt.Sprint(d) }, false, false},
	{func(c complex128) complex128 { disturbStack(); return c }, true, false},
	{func(s string) string { disturbStack(); return s + "!" }, true, true},
	{func(s, t string) bool { disturbStack(); return s < t }, true, true},
	{func(s, t string) (string, error) { disturbStack(); return t + s, io.EOF }, true, true},
	{func(s []int, t []string) ([]string, error) { disturbStack(); return t, fmt.Errorf("%v", s) }, true, true},
	{func(p *int, s []byte) (int, error) { disturbStack(); return *p + len(s), nil }, true, true},
	{func(p *abiPair, m map[string]int, c chan int, f func() int) string {
		disturbStack()
		return fmt.Sprint(p, m, c == nil, f == nil)
	}, true, false},
	{func(e error, v any) (any, error) { disturbStack(); return v, e }, true, true},
	{func(a string, v ...any) string { disturbStack(); return fmt.Sprintf(a, v...) }, true, true},
	{func(v ...int8) []int8 { disturbStack(); return v }, true, true},
	{func(x abiLarge, v ...string) string { disturbStack(); return fmt.Sprint(x, v) }, false, false},
	{func(p abiPair) abiPair { disturbStack(); return abiPair{p.b, p.a} }, true, true},
	{func(p, q abiPair) (abiPair, bool) { disturbStack(); return abiPair{q.b, p.a}, true }, true, false},
	{func(n abiNarrow, a int) (int, abiNarrow) { disturbStack(); return a, abiNarrow{n.b, n.a} }, false, false},
	{func(p abiPadded, q uint8) string { disturbStack(); return fmt.Sprint(p, q) }, true, false},
	{func(a uint8) abiPadded { disturbStack(); return abiPadded{a, 2, 3} }, false, false},
	{func(p abiTrailing, q abiTrailing) string { disturbStack(); return fmt.Sprint(p.a, q.a) }, false, false},
	{func(a int) abiTrailing { disturbStack(); return abiTrailing{a: a} }, true, true},
	{func(b abiBlank, c int8) (string, abiBlank) {
		disturbStack()
		return fmt.Sprint(b.a, b.b, c), abiBlank{a: 5, b: b.b}
	}, false, false},
	{func(m abiMixed) (string, error) { disturbStack(); return fmt.Sprint(m), m.e }, true, false},
	{func(e struct{}, a int8, f [0]int) (string, struct{}) { disturbStack(); return fmt.Sprint(e, a, f), e }, true, true},
	{func(s abiSingle, t [1]int8) (abiSingle, string) { disturbStack(); return s, fmt.Sprint(t) }, true, false},
	{func(a [2]int, s string) ([2]int, string) { disturbStack(); return a, s }, false, false},
	//nolint:staticcheck // the order of the results is what is tested
	{func(a int) (int, string, error, []int) { disturbStack(); return a, fmt.Sprint(a), io.EOF, []int{a} }, false, false},
	{func(a int32) (x float64, e error, b bool) { disturbStack(); return float64(a), io.EOF, true }, false, false},
	{func(x float64) (float64, int, error) { disturbStack(); return x, 7, io.EOF }, false, false},
	{func(x float64) (float64, int) { disturbStack(); return x, 7 }, true, false},
	{func(a int) (r, g, b, c uint32) { disturbStack(); return uint32(a), 2, 3, 4 }, true, false},
	{func(a int) (r, g, b, c uint16) { disturbStack(); return uint16(a), 2, 3, 4 }, true, false},
	{func(a rune) time.Time { disturbStack(); return time.Unix(int64(a), 5).UTC() }, true, true},
	{func(t time.Time, d time.Duration) (time.Time, error) { disturbStack(); return t.Add(d), nil }, true, false},
}

// randomArguments are random ones of the types of parameters.
func randomArguments(t *testing.T, typ reflect.Type, random *rand.Rand) []reflect.Value {
	t.Helper()
	args := make([]reflect.Value, typ.NumIn())
	for i := range args {
		in := typ.In(i)
		switch {
		case in == reflect.TypeFor[error]():
			args[i] = reflect.ValueOf(fmt.Errorf("error %d", random.Int()))
		case in.Kind() == reflect.Interface:
			args[i] = reflect.ValueOf(fmt.Sprint("any", random.Int()))
		case in.Kind() == reflect.Slice && in.Elem().Kind() == reflect.Interface:
			args[i] = reflect.ValueOf([]any{random.Int(), fmt.Sprint(random.Int()), int8(-3)})
		case in.Kind() == reflect.String:
			args[i] = reflect.ValueOf(fmt.Sprint("text", random.Int()))
		case in == reflect.TypeFor[[]string]():
			args[i] = reflect.ValueOf([]string{fmt.Sprint("a", random.Int()), fmt.Sprint("b", random.Int())})
		case in.Kind() == reflect.Pointer:
			args[i] = reflect.New(in.Elem())
		case in.Kind() == reflect.Struct && in.NumField() > 0 || in.Kind() == reflect.Func || in.Kind() == reflect.Chan:
			// Values of unexported fields cannot be set one by one.
			args[i] = reflect.New(in).Elem()
			args[i].Set(randomStruct(in, random))
		default:
			v, ok := quick.Value(in, random)
			if !ok {
				t.Fatalf("no values of %s", in)
			}
			args[i] = v
		}
	}
	return args
}

func randomStruct(typ reflect.Type, random *rand.Rand) reflect.Value {
	n := random.Int
	switch typ {
	case reflect.TypeFor[abiPair]():
		return reflect.ValueOf(abiPair{n(), -n()})
	case reflect.TypeFor[abiNarrow]():
		return reflect.ValueOf(abiNarrow{int8(n()), int8(-n())})
	case reflect.TypeFor[abiPadded]():
		return reflect.ValueOf(abiPadded{uint8(n()), uint64(n()), uint8(n())})
	case reflect.TypeFor[abiTrailing]():
		return reflect.ValueOf(abiTrailing{a: n()})
	case reflect.TypeFor[abiBlank]():
		return reflect.ValueOf(abiBlank{a: int32(-n()), b: fmt.Sprint(n())})
	case reflect.TypeFor[abiMixed]():
		return reflect.ValueOf(abiMixed{random.Float32(), int16(n()), []byte(fmt.Sprint(n())), fmt.Errorf("error %d", n())})
	case reflect.TypeFor[abiLarge]():
		return reflect.ValueOf(abiLarge{n(), n(), n(), n(), n(), n(), n(), n(), n(), n()})
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Unix(int64(n()%1000000), 0).UTC())
	}
	return reflect.Zero(typ)
}

// blockOf is memory for the parameters and results of l.
func blockOf(l *layout) unsafe.Pointer {
	var fields []reflect.StructField
	for _, p := range append(append([]place{}, l.params...), l.results...) {
		fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", len(fields)), Type: p.typ})
	}
	fields = append(fields, reflect.StructField{Name: "End", Type: reflect.TypeFor[[1]uint64]()})
	return reflect.New(reflect.StructOf(fields)).UnsafePointer()
}

// funcWord returns the func value that f holds.
func funcWord(f any) unsafe.Pointer { return objectOf(reflect.ValueOf(f)) }

func showValues(values []reflect.Value) string {
	var b strings.Builder
	for _, v := range values {
		switch {
		case v.CanFloat():
			fmt.Fprintf(&b, "%x ", math.Float64bits(v.Float()))
		case v.Type() == reflect.TypeFor[error]():
			fmt.Fprintf(&b, "%v ", v)
		default:
			fmt.Fprintf(&b, "%#v ", v)
		}
	}
	return b.String()
}

func callByReflect(f reflect.Value, args []reflect.Value) []reflect.Value {
	if f.Type().IsVariadic() {
		return f.CallSlice(args)
	}
	return f.Call(args)
}

func TestHostCallsGetTheirArgumentsAndResults(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, s := range abiSignatures {
		f := reflect.ValueOf(s.f)
		l := newLayout(f.Type(), 0)
		shape := newHostShape(l)
		if fast := shape != nil && hostReturningWords(shape) != nil; fast != (s.host && inRegisters) {
			t.Errorf("%s: in registers: %v", f.Type(), fast)
		}
		for name, call := range map[string]hostCaller{"chosen": hostCall(l), "reflect": hostReflect(l)} {
			for range 3 {
				args := randomArguments(t, f.Type(), random)
				block := blockOf(l)
				for i, p := range l.params {
					reflect.NewAt(p.typ, unsafe.Add(block, p.off)).Elem().Set(args[i])
				}
				call(funcWord(s.f), block)
				got := make([]reflect.Value, len(l.results))
				for i, r := range l.results {
					got[i] = reflect.NewAt(r.typ, unsafe.Add(block, r.off)).Elem()
				}
				if got, want := showValues(got), showValues(callByReflect(f, args)); got != want {
					t.Errorf("%s, %s: got %s, want %s", f.Type(), name, got, want)
				}
				runtime.KeepAlive(block)
			}
		}
	}
}

// The stack grows in the callee's prologue, which puts its parameters in memory
// that its caller reserved.
func TestHostCallsOnFullStacks(t *testing.T) {
	functions := []any{
		func(a int8, s string, b bool, p *int, c int16, d uint8, e int64) string {
			return fmt.Sprint(a, s, b, *p, c, d, e, growStack(3))
		},
		func(a, b abiPadded, c uint8) string { return fmt.Sprint(a, b, c, growStack(3)) },
		func(x float32, a int8, y float64, m []string, z float32) string {
			return fmt.Sprint(x, a, y, m, z, growStack(3))
		},
		func(a int, b [3]string) string { return fmt.Sprint(a, b, growStack(3)) },
	}
	random := rand.New(rand.NewSource(4))
	for _, f := range functions {
		l := newLayout(reflect.TypeOf(f), 0)
		call := hostCall(l)
		for depth := range 150 {
			args := randomArguments(t, l.typ, random)
			want := reflect.ValueOf(f).Call(args)[0].String()
			got := make(chan string)
			go func() {
				got <- callBelow(depth, func() string {
					block := blockOf(l)
					for i, p := range l.params {
						reflect.NewAt(p.typ, unsafe.Add(block, p.off)).Elem().Set(args[i])
					}
					guard := [...]int{depth, depth + 1, depth + 2, depth + 3}
					call(funcWord(f), block)
					if guard != [...]int{depth, depth + 1, depth + 2, depth + 3} {
						return "the caller's frame was overwritten"
					}
					return *(*string)(unsafe.Add(block, l.results[0].off))
				})
			}()
			if s := <-got; s != want {
				t.Fatalf("%T at depth %d: got %s, want %s", f, depth, s, want)
			}
		}
	}
}

// methodTableOf is how the runtime lays out method tables.
type methodTableOf struct {
	inter, typ unsafe.Pointer
	hash       uint32
	fun        [4]uintptr
}

func TestHostCallsOfMethodsThroughInterfaces(t *testing.T) {
	type block struct {
		receiver unsafe.Pointer
		text     string
		n        int
		err      error
	}
	var buffer bytes.Buffer
	w := io.StringWriter(&buffer)
	words := *(*iface)(unsafe.Pointer(&w))
	b := &block{receiver: words.data, text: "hello"}
	l := newLayout(reflect.TypeFor[func(unsafe.Pointer, string) (int, error)](), 0)
	hostCall(l)(unsafe.Pointer(&(*methodTableOf)(words.tab).fun[0]), unsafe.Pointer(b))
	if buffer.String() != "hello" || b.n != 5 || b.err != nil {
		t.Errorf("wrote %q, returned %d, %v", &buffer, b.n, b.err)
	}

	var s fmt.Stringer = time.Duration(90) * time.Second // a value that is no pointer
	words = *(*iface)(unsafe.Pointer(&s))
	l = newLayout(reflect.TypeFor[func(unsafe.Pointer) string](), 0)
	for _, call := range []hostCaller{hostCall(l), hostReflect(l)} {
		b = &block{receiver: words.data}
		call(unsafe.Pointer(&(*methodTableOf)(words.tab).fun[0]), unsafe.Pointer(b))
		if b.text != "1m30s" {
			t.Errorf("String returned %q", b.text)
		}
	}
}

func TestHostCallsPassPanics(t *testing.T) {
	for _, f := range []any{func(a int) string { panic(a) }, func(a int) [2]int { panic(a) }} {
		l := newLayout(reflect.TypeOf(f), 0)
		call := hostCall(l)
		block := blockOf(l)
		*(*int)(block) = 42
		if got := panicOf(func() { call(funcWord(f), block) }); got != 42 {
			t.Errorf("%T panicked with %v", f, got)
		}
		got, ok := panicOf(func() { call(nil, block) }).(runtime.Error)
		if !ok || !strings.Contains(got.Error(), "nil pointer dereference") {
			t.Errorf("a nil %T panicked with %v", f, got)
		}
	}
}

func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

func TestHostCallsInRegistersDoNotAllocate(t *testing.T) {
	b := &struct {
		receiver *strings.Builder
		text     string
		n        int
		err      error
	}{receiver: &strings.Builder{}}
	call := hostCall(newLayout(reflect.TypeFor[func(*strings.Builder, string) (int, error)](), 0))
	f := funcWord((*strings.Builder).WriteString)
	if n := testing.AllocsPerRun(100, func() { call(f, unsafe.Pointer(b)) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}
