package compiled

import (
	"reflect"
	"unsafe"
)

//go:generate go run cuaderno/internal/abigen

// A hostCaller calls a compiled function through fv, a func value, which
// points to a closure object. The parameters stand in memory at base, the
// results are put there, both at the offsets of the layout that the caller was
// made for. base is a multiple of eight, and what it points to has the size of
// the layout. Panics of the function pass.
type hostCaller func(fv, base unsafe.Pointer)

// hostCall returns how functions of l.typ are called: in registers if all
// parameters and results fit and the results have a shape that was foreseen,
// by reflect else. A variadic parameter is a slice.
//
// A method is called in the same way, without an object for it: l has an
// unsafe.Pointer for the receiver, base the data word of the interface, and fv
// is the address of the method's slot in the itab, for a closure object is
// memory that starts with a code pointer.
func hostCall(l *layout) hostCaller {
	if s := newHostShape(l); s != nil {
		if call := hostReturningWords(s); call != nil {
			return call
		}
	}
	return hostReflect(l)
}

// A hostShape is how a call fills registers.
type hostShape struct {
	ints, floats []argument
	results      string
	out, rest    uintptr // where the first four words of the results start, and the others
}

// hostWords is how many words of results make a struct that the compiler holds
// in registers.
const hostWords = 4

// newHostShape returns nil if not everything is passed in registers.
func newHostShape(l *layout) *hostShape {
	params, ok := words(l.params)
	if !ok {
		return nil
	}
	results, ok := words(l.results)
	if !ok {
		return nil
	}
	s := &hostShape{results: shape(results)}
	if len(results) > 0 {
		s.out = results[0].off
		if _, ok := packed(results, s.out); !ok {
			return nil
		}
	}
	if len(results) > hostWords {
		s.rest = results[hostWords].off
	}
	for _, w := range params {
		a := argument{off: w.off &^ 7, shift: w.off % 8 * 8}
		if w.kind.float() {
			s.floats = append(s.floats, a)
		} else {
			s.ints = append(s.ints, a)
		}
	}
	// We pass eight bytes for every word and reserve as much.
	if spill(l.params) > 8*uintptr(len(params)) {
		return nil
	}
	return s
}

// hostReflect calls functions with parameters or results in memory.
func hostReflect(l *layout) hostCaller {
	call := reflect.Value.Call
	if l.typ.IsVariadic() {
		call = reflect.Value.CallSlice
	}
	return func(fv, base unsafe.Pointer) {
		_ = *(*uintptr)(fv) // a nil func panics as Go's does
		args := make([]reflect.Value, len(l.params))
		for i, p := range l.params {
			args[i] = reflect.NewAt(p.typ, unsafe.Add(base, p.off)).Elem()
		}
		f := fv
		results := call(reflect.NewAt(l.typ, unsafe.Pointer(&f)).Elem(), args)
		for i, r := range l.results {
			reflect.NewAt(r.typ, unsafe.Add(base, r.off)).Elem().Set(results[i])
		}
	}
}
