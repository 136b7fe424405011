package codec_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"cuaderno/internal/codec"
)

// plain is a Domain that knows nothing.
var plain = new(codec.Domain)

func encode(v reflect.Value, path string) ([]byte, error) {
	m, err := codec.Encode(v, path, plain)
	return m.Bytes, err
}

func decode(data []byte, t reflect.Type) (reflect.Value, error) {
	return codec.Decode(codec.Message{Bytes: data}, t, plain)
}

// copyOf sends v through the codec.
func copyOf[T any](t *testing.T, v T) T {
	t.Helper()
	data, err := encode(reflect.ValueOf(&v).Elem(), "v")
	if err != nil {
		t.Fatalf("encoding %T: %v", v, err)
	}
	got, err := decode(data, reflect.TypeFor[T]())
	if err != nil {
		t.Fatalf("decoding %T: %v", v, err)
	}
	return *got.Addr().Interface().(*T)
}

type (
	celsius float64
	grados  []celsius
	point   struct{ X, Y int }
	node    struct {
		Value int
		Next  *node
	}
	everything struct {
		B    bool
		I    int
		I8   int8
		U64  uint64
		F32  float32
		C    complex128
		S    string
		T    celsius
		P    *point
		L    []point
		A    [3]string
		M    map[string][]int
		Any  any
		Err  error
		D    time.Duration
		When time.Time
		Ch   chan int
		F    func()
		Nil  *node
		None struct{}
		Big  *big.Int
	}
)

func TestValuesArriveAsTheyWere(t *testing.T) {
	when := time.Date(2024, 2, 29, 13, 14, 15, 16, time.FixedZone("", 3600))
	unnamed := struct {
		Xa int `json:"a"`
		Xb []any
	}{1, []any{2, "dos", nil}}
	for _, v := range []any{
		true, 42, -1, int8(-128), int16(300), int32(math.MinInt32), int64(1 << 60), uint(7), uint8(255), uint16(65535), uint32(1 << 31), uint64(math.MaxUint64), uintptr(9),
		float32(1.5), math.Inf(-1), 0.1, complex64(1 + 2i), 3 - 4i, "", "ñandú", nil,
		[]byte{}, []byte("bytes"), []int{1, -2, math.MaxInt}, []float64{0.1, math.Pi}, []float32{1.25}, []bool{true, false}, []int32{-1}, []uint16{1, 65535}, []string{"a", ""},
		[]int(nil), []any(nil), map[string]int(nil), (*int)(nil),
		[2]int{3, 4}, [0]int{}, [2][2]float64{{1, 2}, {3, 4}}, [3]bool{true},
		map[string]any{"a": 1, "b": []any{1.5, nil}}, map[int][]float64{1: {2}}, map[[2]int]bool{{1, 2}: true}, map[struct{}]int{{}: 1}, map[struct{}]struct{}{{}: {}},
		[]struct{}{{}, {}, {}}, []any{42, nil, "hola", int64(42), uint8(42)}, []error{nil},
		unnamed, &unnamed, []any{&unnamed, unnamed},
		time.Second, []time.Duration{1, 2}, time.March, map[time.Month]int{time.May: 5}, when, []any{when, time.Minute},
		big.NewInt(1 << 62), *big.NewInt(-5),
	} {
		got := copyOf(t, v)
		if !reflect.DeepEqual(got, v) {
			if a, ok := got.(time.Time); ok && a.Equal(v.(time.Time)) {
				continue
			}
			if fmt.Sprint(got) == fmt.Sprint(v) && strings.Contains(fmt.Sprint(v), "2024") {
				continue // a time zone by another pointer
			}
			t.Errorf("%T %v arrives as %T %v", v, v, got, got)
		}
	}
	if got := copyOf(t, math.NaN()); !math.IsNaN(got) {
		t.Errorf("NaN arrives as %v", got)
	}
}

func TestStaticTypes(t *testing.T) {
	v := everything{
		true, -5, -6, math.MaxUint64, 1.5, 2i, "s", 36.6, &point{1, 2}, []point{{3, 4}}, [3]string{"a", "b", "c"},
		map[string][]int{"k": {1}}, []any{1}, io.EOF, time.Hour, time.Unix(5, 6).UTC(), nil, nil, nil, struct{}{}, big.NewInt(9),
	}
	if got := copyOf(t, v); !reflect.DeepEqual(got, v) {
		t.Errorf("\n%+v arrives as\n%+v", v, got)
	}
	if got := copyOf(t, grados{1.5, -3}); !reflect.DeepEqual(got, grados{1.5, -3}) {
		t.Error(got)
	}
	if got := copyOf(t, [2]celsius{1.5, -3}); got != [2]celsius{1.5, -3} {
		t.Error(got)
	}
	if got := copyOf[fmt.Stringer](t, time.Second); got != time.Second {
		t.Error(got)
	}
}

func TestValueThatCannotBeAddressed(t *testing.T) {
	data, err := encode(reflect.ValueOf([3]int{1, 2, 3}), "v")
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode(data, reflect.TypeFor[[3]int]())
	if err != nil || got.Interface() != [3]int{1, 2, 3} {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSharingAndCycles(t *testing.T) {
	ring := &node{Value: 1}
	ring.Next = &node{2, ring}
	got := copyOf(t, ring)
	if got.Value != 1 || got.Next.Value != 2 || got.Next.Next != got || got == ring {
		t.Error("the ring is broken")
	}
	p := &point{1, 2}
	pair := copyOf(t, []*point{p, p, {1, 2}})
	if pair[0] != pair[1] || pair[0] == pair[2] {
		t.Error("sharing by pointer was lost or invented")
	}
	m := map[string]any{}
	m["self"] = m
	if got := copyOf(t, m); reflect.ValueOf(got["self"]).Pointer() != reflect.ValueOf(got).Pointer() {
		t.Error("the map that holds itself does not")
	}
	s := make([]any, 1)
	s[0] = s
	if got := copyOf(t, s); &got[0].([]any)[0] != &got[0] {
		t.Error("the slice that holds itself does not")
	}
	rows := [][]*point{{p}}
	both := copyOf(t, [][][]*point{rows, rows})
	both[0][0] = nil
	if both[1][0] != nil {
		t.Error("a shared slice became two")
	}
}

func TestLongList(t *testing.T) {
	var list *node
	for i := range 40_000 {
		list = &node{i, list}
	}
	n := 0
	for l := copyOf(t, list); l != nil; l = l.Next {
		n++
	}
	if n != 40_000 {
		t.Errorf("%d nodes arrived", n)
	}
	for i := range 100_000 {
		list = &node{i, list}
	}
	if _, err := encode(reflect.ValueOf(list), "lista"); err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("a list too long: %v", err)
	}
}

func TestVariablesStayVariables(t *testing.T) {
	type globals struct {
		x point
		p *point
		z struct{}
		w struct{}
	}
	g := globals{x: point{1, 2}}
	g.p = &g.x
	e := codec.NewEncoder(nil)
	variables := func(g *globals) []reflect.Value {
		return []reflect.Value{reflect.ValueOf(&g.z).Elem(), reflect.ValueOf(&g.w).Elem(), reflect.ValueOf(&g.x).Elem(), reflect.ValueOf(&g.p).Elem()}
	}
	for _, v := range variables(&g) {
		e.Variable(v)
	}
	for _, v := range variables(&g) {
		if err := e.Encode(v, "g"); err != nil {
			t.Fatal(err)
		}
	}
	d, err := codec.NewDecoder(e.Message(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var h globals
	for _, v := range variables(&h) {
		d.Variable(v)
	}
	for _, v := range variables(&h) {
		if err := d.Decode(v); err != nil {
			t.Fatal(err)
		}
	}
	if h.x != (point{1, 2}) || h.p != &h.x {
		t.Errorf("x %v, p points to x: %v", h.x, h.p == &h.x)
	}
}

func TestErrorsTravelAsText(t *testing.T) {
	type pair struct{ A, B error }
	got := copyOf(t, pair{fmt.Errorf("leyendo: %w", io.EOF), io.EOF})
	if got.A.Error() != "leyendo: EOF" || got.B != io.EOF {
		t.Errorf("%v, %v", got.A, got.B)
	}
	_, failure := os.Open("/nowhere/at/all")
	list := copyOf(t, []any{failure, os.ErrNotExist})
	if list[0].(error).Error() != failure.Error() || list[1] != os.ErrNotExist {
		t.Errorf("%v", list)
	}
}

type secret struct{ hidden int }

func TestRefusals(t *testing.T) {
	type holder struct {
		C chan int
		F func()
		M sync.Mutex
		S secret
	}
	channel := make(chan int)
	for _, test := range []struct {
		v    any
		want string
	}{
		{map[string]struct{ C chan int }{"a": {channel}}, "argument 2[a].C (chan int) cannot be copied to another process: a channel lives in one process"},
		{[]any{1, channel}, "argument 2[1] (chan int) cannot be copied to another process: a channel lives in one process"},
		{[]any{[]chan int{nil, channel}}, "argument 2[0][1] (chan int)"},
		{holder{F: func() {}}, "argument 2.F (func())"},
		{&holder{}, "argument 2.M (sync.Mutex) cannot be copied to another process: package sync"},
		{&sync.WaitGroup{}, "argument 2 (*sync.WaitGroup)"},
		{[]secret{{1}}, "argument 2[0] (codec_test.secret) cannot be copied to another process: its field hidden is not exported: export its fields, or give it MarshalBinary and UnmarshalBinary"},
		{[]any{point{}}, "argument 2[0] (codec_test.point) cannot be copied to another process: in an interface"},
		{os.Stdout, "argument 2 (*os.File)"},
		{reflect.ValueOf(t).UnsafePointer(), "argument 2 (unsafe.Pointer)"},
	} {
		_, err := encode(reflect.ValueOf(test.v), "argument 2")
		if !errors.Is(err, codec.ErrNotCopyable) || !strings.HasPrefix(err.Error(), "mp: "+test.want) {
			t.Errorf("%T: %v\nwant %s", test.v, err, test.want)
		}
	}
}

func TestAnotherTypeIsRefused(t *testing.T) {
	data, err := encode(reflect.ValueOf(point{1, 2}), "v")
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []reflect.Type{
		reflect.TypeFor[struct{ X, Z int }](), reflect.TypeFor[struct{ X, Y int64 }](), reflect.TypeFor[struct{ X int }](), reflect.TypeFor[int](), reflect.TypeFor[time.Time](),
		reflect.TypeFor[*point](), reflect.TypeFor[any](), reflect.TypeFor[map[string]int](),
	} {
		if _, err := decode(data, other); err == nil || !strings.Contains(err.Error(), "struct { X int; Y int } was sent") {
			t.Errorf("%v: %v", other, err)
		}
	}
	if got, err := decode(data, reflect.TypeFor[struct{ X, Y int }]()); err != nil || got.Field(1).Int() != 2 {
		t.Errorf("the same fields: %v, %v", got, err)
	}
	if _, err := decode(append([]byte{99}, data[1:]...), reflect.TypeFor[point]()); err == nil || !strings.Contains(err.Error(), "version") {
		t.Errorf("another version: %v", err)
	}
	if _, err := decode(append(data, 0), reflect.TypeFor[point]()); err == nil {
		t.Error("bytes left over: no error")
	}
}
