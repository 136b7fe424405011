package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"cuaderno/internal/codec"
)

// targets are the types that hostile bytes are decoded into.
var targets = []reflect.Type{
	reflect.TypeFor[any](), reflect.TypeFor[everything](), reflect.TypeFor[*node](), reflect.TypeFor[[]any](), reflect.TypeFor[map[any]any](),
	reflect.TypeFor[[][]string](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[map[string]map[int]*big.Rat](),
	reflect.TypeFor[[]lambda](), reflect.TypeFor[[]*end](), reflect.TypeFor[[]padded](), reflect.TypeFor[[]bool](), reflect.TypeFor[*regexp.Regexp](), reflect.TypeFor[[]time.Time](),
}

// hostile is a Domain that knows a bit of everything.
var hostile = func() *codec.Domain {
	d := newSession()
	d.Handles = ends{new(int)}
	return d
}()

// harmless fails the test if decoding data panics or takes memory out of
// proportion.
func harmless(t *testing.T, data []byte) {
	t.Helper()
	proportional(t, data, func() { decodeEach(t, data) })
}

// proportional fails the test if do takes more memory than decoding so many bytes
// into all targets may.
func proportional(t *testing.T, data []byte, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 2*uint64(len(targets))*(8<<20+4096*uint64(len(data))) {
		t.Fatalf("%d bytes took %d bytes of memory", len(data), took)
	}
}

func decodeEach(t *testing.T, data []byte) {
	t.Helper()
	for _, typ := range targets {
		v, err := codec.Decode(codec.Message{Bytes: data}, typ, hostile)
		if err != nil {
			continue
		}
		if m, err := codec.Encode(v, "v", hostile); err == nil {
			m.Close()
		} else if !errors.Is(err, codec.ErrNotCopyable) {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
	}
}

func samples(t testing.TB) [][]byte {
	t.Helper()
	m := map[string]any{"a": []any{1, "x", nil, io.EOF, 2.5}, "t": time.Unix(1, 2), "b": big.NewInt(77)}
	m["m"] = m
	var boxed, function any = m, lambda(seven)
	n := 1
	var all [][]byte
	for _, v := range []any{
		&m, &[]any{struct{ A, B any }{1, &[4]int{1, 2, 3, 4}}}, &everything{L: make([]point, 3), Big: big.NewInt(1)}, &node{1, &node{2, nil}}, &[][]string{{"a"}, nil},
		&boxed, &function, &[]lambda{both(counter(&n), seven), nil}, &[]padded{{A: 1, C: true}}, &[]bool{true, false},
		&[]any{named{}, &named{}, fmt.Errorf("x: %w", io.EOF), []fmt.Stringer(nil), map[any]any{1: 2, "a": 3.5}, []*time.Location{time.UTC}},
		&[]any{func(*probe) int { return 0 }, [2][]bool{{true}}, map[string][]int{"a": {1}}},
		&[]time.Time{time.Unix(5, 5), time.Unix(6, 6).In(time.FixedZone("x", 60))},
	} {
		for _, value := range []reflect.Value{reflect.ValueOf(v), reflect.ValueOf(v).Elem()} {
			m, err := codec.Encode(value, "v", hostile)
			if err != nil && !errors.Is(err, codec.ErrNotCopyable) {
				t.Fatal(err)
			} else if err == nil {
				all = append(all, m.Bytes)
			}
		}
	}
	return all
}

func TestDamagedMessages(t *testing.T) {
	for _, data := range samples(t) {
		for i := range data {
			proportional(t, data, func() {
				decodeEach(t, data[:i])
				for _, b := range []byte{0, 0xff, data[i] + 1} {
					damaged := bytes.Clone(data)
					damaged[i] = b
					decodeEach(t, damaged)
				}
			})
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	for _, b := range bombs() {
		f.Add(b.data)
	}
	f.Fuzz(harmless)
}

// The bytes of the format that bombs are made of.
const (
	version, anyByte, boxedByte, oldByte = 2, 67, 1, 66
	newByte                              = 1
)

func kind(k reflect.Kind) byte { return byte(k) }

// message is one of an any that holds what the parts say: bytes, or numbers that
// become varints.
func message(parts ...any) []byte {
	data := []byte{version, anyByte, boxedByte}
	for _, p := range parts {
		switch p := p.(type) {
		case byte:
			data = append(data, p)
		case int:
			data = binary.AppendUvarint(data, uint64(p))
		case int64:
			data = binary.AppendUvarint(data, uint64(p))
		case string:
			data = append(binary.AppendUvarint(data, uint64(len(p))), p...)
		case []byte:
			data = append(data, p...)
		}
	}
	return data
}

type bomb struct {
	name, want string
	data       []byte
}

// bombs are short messages that ask for much.
func bombs() []bomb {
	var nested, doubling, funcs []any
	for range 400 {
		nested = append(nested, kind(reflect.Array), int64(1<<31))
	}
	nested = append(nested, kind(reflect.Struct), 0)
	const depth = 60
	// Each struct has twice the one within.
	for range depth {
		doubling = append(doubling, kind(reflect.Struct), 2, "A", "", byte(0))
	}
	doubling = append(doubling, kind(reflect.Pointer), kind(reflect.Int))
	for i := range depth { // the innermost struct has the pointer, number depth, twice
		doubling = append(doubling, "B", "", byte(0), byte(oldByte), depth-i)
	}
	for range depth {
		funcs = append(funcs, kind(reflect.Func), 2)
	}
	funcs = append(funcs, kind(reflect.Pointer), kind(reflect.Int))
	for i := range depth {
		funcs = append(funcs, byte(oldByte), depth-i, 0, byte(0))
	}
	deep := make([]any, 0, 300_000)
	deep = append(deep, kind(reflect.Slice), byte(anyByte))
	for range 150_000 {
		deep = append(deep, byte(newByte), 1, byte(boxedByte), byte(oldByte), 0)
	}
	return []bomb{
		{"arrays of nothing", "", message(nested...)},
		{"an array of arrays of numbers", "too large", message(kind(reflect.Array), 1<<30, kind(reflect.Array), 1<<30, kind(reflect.Int))},
		{"an array that is not there", "ends too early", message(kind(reflect.Array), 1<<25, kind(reflect.Int))},
		{"a slice that is not there", "more memory", message(kind(reflect.Slice), kind(reflect.Int), byte(newByte), int64(1<<40))},
		{"a slice of nothing", "more memory", message(kind(reflect.Slice), kind(reflect.Struct), 0, byte(newByte), int64(1<<60))},
		{"a map that is not there", "more memory", message(kind(reflect.Map), kind(reflect.String), byte(anyByte), byte(newByte), int64(1<<40))},
		{"a map with one key many times", "more memory", message(kind(reflect.Map), kind(reflect.Struct), 0, kind(reflect.Int), byte(newByte), 1<<20)},
		{"a map with keys that cannot be compared", "compared", message(kind(reflect.Map), kind(reflect.Slice), kind(reflect.Int), kind(reflect.Int))},
		{"a key that cannot be compared", "compared", message(kind(reflect.Map), byte(anyByte), kind(reflect.Int), byte(newByte), 1,
			byte(boxedByte), kind(reflect.Slice), kind(reflect.Int), byte(newByte), 0, 2)},
		{"a struct type that doubles", "too large", message(doubling...)},
		{"a func type that doubles", "too large", message(funcs...)},
		{"a type that is itself", "refers to itself", message(kind(reflect.Slice), byte(oldByte), 0)},
		{"a type that is not there", "type that is not there", message(byte(oldByte), 7)},
		{"a type that is too deep", "nested deeper", message(bytes.Repeat([]byte{kind(reflect.Pointer)}, 5000))},
		{"a value that is too deep", "nested deeper", message(deep...)},
		{"two fields of one name", "damaged", message(kind(reflect.Struct), 2, "A", "", byte(0), kind(reflect.Int), "A", "", byte(0), kind(reflect.Int))},
		{"a field without a name", "damaged", message(kind(reflect.Struct), 1, "", "", byte(0), kind(reflect.Int))},
		{"a field that is not exported", "damaged", message(kind(reflect.Struct), 1, "a", "", byte(0), kind(reflect.Int))},
		{"an embedded type with methods", "embeds methods", message(kind(reflect.Struct), 1, "T", "", byte(1), byte(64), "time.Time", 0, 0, byte(0))},
		{"too many parameters", "damaged", message(append([]any{kind(reflect.Func), 200}, append(bytesOf(kind(reflect.Int), 200), 0, byte(0))...)...)},
		{"a variadic func without parameters", "damaged", message(kind(reflect.Func), 0, 0, byte(1))},
		{"a bool that is 2", "neither true nor false", message(kind(reflect.Bool), byte(2))},
		{"bools that are 2", "neither true nor false", message(kind(reflect.Slice), kind(reflect.Bool), byte(newByte), 9, []byte{0, 1, 1, 1, 1, 1, 1, 1, 2})},
		{"a number out of range", "range", message(kind(reflect.Uint8), 256)},
		{"a channel", "none can hold", message(kind(reflect.Chan), "chan int")},
		{"a reference to nothing", "refers to a value", message(kind(reflect.Slice), byte(anyByte), byte(2), 9)},
		{"an unknown error", "error abc is not known", append([]byte{version, anyByte, 3}, "\x03abc"...)},
		{"no body", "too early", []byte{version}},
	}
}

func bytesOf(b byte, n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = b
	}
	return list
}

func TestBombs(t *testing.T) {
	for _, b := range bombs() {
		harmless(t, b.data)
		_, err := codec.Decode(codec.Message{Bytes: b.data}, reflect.TypeFor[any](), hostile)
		if b.want != "" && (err == nil || !strings.Contains(err.Error(), b.want)) {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// TestTypesAreBounded sends ever new types, which package reflect never forgets.
func TestTypesAreBounded(t *testing.T) {
	domain := new(codec.Domain)
	long := strings.Repeat("x", 60_000)
	var err error
	n := 0
	for ; err == nil && n < 2000; n++ {
		data := message(kind(reflect.Struct), 1, "A", fmt.Sprint(long, n), byte(0), kind(reflect.Int), 4)
		_, err = codec.Decode(codec.Message{Bytes: data}, reflect.TypeFor[any](), domain)
	}
	if err == nil || !strings.Contains(err.Error(), "too many different types") {
		t.Fatalf("after %d types: %v", n, err)
	}
	// Those that are known already, and those of the receiver, still arrive.
	first := message(kind(reflect.Struct), 1, "A", fmt.Sprint(long, 0), byte(0), kind(reflect.Int), 4)
	if _, err := codec.Decode(codec.Message{Bytes: first}, reflect.TypeFor[any](), domain); err != nil {
		t.Error(err)
	}
	if got := through(t, domain, []any{1, "x", time.Second}); got[2] != time.Second {
		t.Error(got)
	}
}

// TestZonesAreBounded names time zones that exist nowhere.
func TestZonesAreBounded(t *testing.T) {
	m, err := codec.Encode(reflect.ValueOf([]time.Time{time.Unix(0, 0).UTC()}), "v", plain)
	if err != nil {
		t.Fatal(err)
	}
	head := m.Bytes[:len(m.Bytes)-4] // the count, the instant and the zone
	data := append(bytes.Clone(head), binary.AppendUvarint(nil, 5000)...)
	for i := range 5000 {
		data = append(data, 0, 0, 3)
		name := fmt.Sprint("../../No/Such", i)
		data = append(binary.AppendUvarint(data, uint64(len(name))), name...)
		data = append(data, 3, 'X', 'Y', 'Z', 2)
	}
	got, err := codec.Decode(codec.Message{Bytes: data}, reflect.TypeFor[[]time.Time](), plain)
	if err != nil || got.Len() != 5000 || got.Index(0).Interface().(time.Time).Format("-07:00:00 MST") != "+00:00:01 XYZ" {
		t.Errorf("%v", err)
	}
}

// A generator makes values out of bytes.
type generator struct {
	in   []byte
	made []any
}

func (g *generator) next() byte {
	if len(g.in) == 0 {
		return 0
	}
	b := g.in[0]
	g.in = g.in[1:]
	return b
}

func (g *generator) text() string {
	n := min(int(g.next()), len(g.in))
	s := string(g.in[:n])
	g.in = g.in[n:]
	return s
}

type box = struct {
	A any `note:"x"`
	B []string
	C *[2]any
}

func (g *generator) value(depth int) any {
	if depth > 50 {
		return nil
	}
	n := int(g.next())
	switch kind := n % 20; kind {
	case 1:
		return n
	case 2:
		return g.text()
	case 3:
		return float32(n) / 3
	case 4:
		return n > 100
	case 5, 6:
		list := make([]any, g.next()%8)
		g.made = append(g.made, list)
		for i := range list {
			list[i] = g.value(depth + 1)
		}
		return list
	case 7, 8:
		m := map[string]any{}
		g.made = append(g.made, m)
		for range g.next() % 8 {
			m[g.text()] = g.value(depth + 1)
		}
		return m
	case 9, 10:
		b := &box{C: new([2]any)}
		g.made = append(g.made, b, b.C)
		b.A = g.value(depth + 1)
		b.C[1] = g.value(depth + 1)
		for range g.next() % 20 {
			b.B = append(b.B, g.text())
		}
		return b
	case 11, 12:
		if len(g.made) > 0 {
			return g.made[int(g.next())%len(g.made)]
		}
	case 13:
		return []byte(g.text())
	case 14:
		return []int64{int64(n) << 50, -int64(n)}
	case 15:
		return map[int8][]bool{int8(n): {true, n > 99}, 3: nil}
	case 16:
		return []struct{ X, Y uint16 }{{uint16(n), 1}, {}}
	case 17:
		return *big.NewInt(int64(n))
	case 18:
		return io.EOF
	case 19:
		return time.Unix(int64(n), 0).UTC()
	}
	return nil
}

func FuzzRoundTrip(f *testing.F) {
	for i := range 20 {
		f.Add(bytes.Repeat([]byte{byte(5 + i), 3, byte(i), 9, 11, 1}, 10))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		g := generator{in: in}
		v := g.value(0)
		if got := through(t, plain, v); !reflect.DeepEqual(got, v) {
			t.Errorf("%#v arrives as %#v", v, got)
		}
	})
}
