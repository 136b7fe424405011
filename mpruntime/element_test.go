package mpruntime

import (
	"reflect"
	"strings"
	"testing"

	"cuaderno/internal/codec"
)

func TestSizeOfShape(t *testing.T) {
	type point struct {
		X, Y float32
		In   bool
	}
	for _, x := range []any{
		false, int8(0), uint16(0), int32(0), uint64(0), 0, uintptr(0), float32(0), 0.0, complex64(0), 1i,
		[3]int{}, [0]int{}, [2][3]byte{}, point{}, struct{}{}, [4]struct {
			P point
			N [2]int64
		}{},
	} {
		shape, ok := shapeOf(reflect.TypeOf(x))
		size, fits := sizeOf(shape)
		if !ok || !fits || size != int(reflect.TypeOf(x).Size()) {
			t.Errorf("%T: %d bytes, %v of %q", x, size, fits, shape)
		}
	}
	for _, shape := range []string{
		"", "string", "[", "[2]", "[-1]int", "[2]int8x", "{", "{}", "{4", "{0 int64;4}", "{0 int64}", "{4;8}",
		"[9223372036854775807]int64", "[4][4611686018427387904]int16", strings.Repeat("[1]", maxShape) + "int8", "int64 ",
	} {
		if size, ok := sizeOf(shape); ok {
			t.Errorf("%.40q: %d bytes", shape, size)
		}
	}
}

func TestSharedDataOfAnotherShape(t *testing.T) {
	s := newSharedData("value", reflect.TypeFor[[100]int64](), 1)
	s.shape = "int64" // as a damaged message may say
	m, err := codec.Encode(reflect.ValueOf(s), "x", here.domain())
	if err != nil {
		t.Fatal(err)
	}
	v, err := codec.Decode(m, reflect.TypeFor[*sharedData](), here.domain())
	if err != nil {
		return
	}
	got := v.Interface().(*sharedData)
	var x struct {
		value int64
		after [99]int64
	}
	for i := range got.size {
		*(*byte)(got.region.Pointer(dataAt+i, 1)) = 0x41
	}
	if got.load(0, &x.value); x.after != [99]int64{} {
		t.Errorf("an int64 has written %d bytes", got.size)
	}
}
