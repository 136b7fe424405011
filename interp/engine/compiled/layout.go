package compiled

import (
	"reflect"
	"unsafe"
)

// A layout says where a call's parameters and results are in its frame. It
// depends on the signature alone: a receiver counts as the first parameter.
type layout struct {
	// typ is the function type with the receiver first.
	typ             reflect.Type
	params, results []place
	// size is the end of the last one, from the start of the frame.
	size uintptr
}

// A place is memory of a type, from the start of a frame or of a block of
// arguments that stands for one.
type place struct {
	off uintptr
	typ reflect.Type
}

// newLayout lays out a function type, after a header of the given size.
func newLayout(typ reflect.Type, header uintptr) *layout {
	l := &layout{typ: typ, size: header}
	for p := range typ.Ins() {
		l.params = append(l.params, l.add(p))
	}
	for r := range typ.Outs() {
		l.results = append(l.results, l.add(r))
	}
	l.size = align(l.size, unsafe.Alignof(uintptr(0)))
	return l
}

func (l *layout) add(t reflect.Type) place {
	l.size = align(l.size, uintptr(t.Align()))
	p := place{l.size, t}
	l.size += t.Size()
	return p
}

func align(n, a uintptr) uintptr { return (n + a - 1) &^ (a - 1) }
