package compiled

import (
	"reflect"
	"runtime"
	"unsafe"
)

// The functions of this file panic as an expression of Go that is out of bounds:
// they run one, on memory of that length with elements of no size. unsigned says
// that an index was of type uint64 or the like: as an int it is negative if it
// was too great.

// panicIndex is the panic of s[i] where len(s) == n.
//
//go:noinline
func panicIndex(i, n int, unsigned bool) {
	s := make([]struct{}, n)
	if unsigned {
		_ = s[uint(i)]
	}
	_ = s[i]
	panic("an index in range was refused")
}

// A sliceRange is what a slice expression is given, max as capacity if it has no
// third index.
type sliceRange struct {
	low, high, max                         int
	lowUnsigned, highUnsigned, maxUnsigned bool
}

// panicSlice is the panic of s[low:high].
//
//go:noinline
func panicSlice(r sliceRange, length, capacity int) {
	s := make([]struct{}, length, capacity)
	if r.highUnsigned && r.high < 0 {
		_ = s[r.low:uint(r.high)]
	}
	if r.lowUnsigned && r.low < 0 {
		_ = s[uint(r.low):r.high]
	}
	_ = s[r.low:r.high]
	panic("a slice in range was refused")
}

// panicSliceString is that of a string or an array, whose text speaks of the
// length.
//
//go:noinline
func panicSliceString(r sliceRange, length int) {
	var b byte
	header := struct {
		p *byte
		n int
	}{&b, length}
	s := *(*string)(unsafe.Pointer(&header)) // nothing reads what is in it
	if r.highUnsigned && r.high < 0 {
		_ = s[r.low:uint(r.high)]
	}
	if r.lowUnsigned && r.low < 0 {
		_ = s[uint(r.low):r.high]
	}
	_ = s[r.low:r.high]
	panic("a slice in range was refused")
}

// panicSlice3 is the panic of s[low:high:max], of an array if array is set.
//
//go:noinline
func panicSlice3(r sliceRange, capacity int, array bool) {
	if array && uint(r.max) > uint(capacity) {
		var one [1]struct{}
		two := 2
		panic(boundsError(func() { _ = one[:0:two] }, int64(r.max), capacity, !r.maxUnsigned))
	}
	s := make([]struct{}, capacity)
	if r.maxUnsigned && r.max < 0 {
		_ = s[r.low:r.high:uint(r.max)]
	}
	if r.highUnsigned && r.high < 0 {
		_ = s[r.low:uint(r.high):r.max]
	}
	if r.lowUnsigned && r.low < 0 {
		_ = s[uint(r.low):r.high:r.max]
	}
	_ = s[r.low:r.high:r.max]
	panic("a slice in range was refused")
}

// panicConvert is the panic of a conversion of a slice to a longer array.
//
//go:noinline
func panicConvert(length, array int) {
	var none []struct{}
	panic(boundsError(func() { _ = (*[1]struct{})(none) }, int64(array), length, true))
}

// boundsError returns the error that raise panics with, for other numbers: x is
// what was asked for, y what there is. The runtime knows such errors only of
// arrays whose length the compiler knows.
func boundsError(raise func(), x int64, y int, signed bool) (err runtime.Error) {
	defer func() {
		caught := reflect.ValueOf(recover())
		e := reflect.New(caught.Type()).Elem()
		e.Set(caught)
		field := func(name string) unsafe.Pointer { return unsafe.Pointer(e.FieldByName(name).UnsafeAddr()) }
		*(*int64)(field("x")) = x
		*(*int)(field("y")) = y
		*(*bool)(field("signed")) = signed
		err = e.Interface().(runtime.Error)
	}()
	raise()
	return nil
}

// nilDereference is the panic of *p for a nil p.
//
//go:noinline
func nilDereference() {
	var p *int
	_ = *p
}
