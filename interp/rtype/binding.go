package rtype

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"sync/atomic"
	"unsafe"
)

// A binding joins a slot to a method of a session type, when the method is
// first called.
type binding struct {
	types *Types
	slot  int
	sel   *types.Selection
	// recv is the type of the receiver as Bind describes it, method that of the
	// method without it.
	recv, method reflect.Type
	// bound is the func value of the method, once it is known.
	bound atomic.Pointer[byte]
}

// bindings are those of slots.
var bindings [slotCount]atomic.Pointer[binding]

// fill puts into the binding's slot a func that asks for the method, puts the
// method in its own place and calls it.
//
// The race detector does not see that a slot's code reads the slot, and would
// report whoever calls a method that another goroutine has bound. Under it the
// first func stays.
//
// The first func takes a shape of the receiver, which is passed as the receiver
// is, so that types of one shape share what reflection keeps for a func type.
func (b *builder) fill(bd *binding, shape reflect.Type) {
	if bd.recv == unsafePointer {
		shape = bd.recv
	}
	ft := bd.code(shape)
	first := reflect.MakeFunc(ft, func(args []reflect.Value) []reflect.Value {
		fn := bd.fn()
		if fn == nil {
			panic(fmt.Errorf("%s.%s is a method of a compiled type that is not exported, and cannot be called", bd.sel.Recv(), bd.sel.Obj().Name()))
		}
		return reflect.NewAt(ft, unsafe.Pointer(&fn)).Elem().Call(args)
	}).Interface()
	bindings[bd.slot].Store(bd)
	// A func is pointer-shaped: the data word is the func value.
	atomic.StorePointer(&slots[bd.slot], (*eface)(unsafe.Pointer(&first)).data)
	b.filled = append(b.filled, bd.slot)
}

// empty takes back what fill did, for a type that nobody has seen.
func empty(slot int) {
	bindings[slot].Store(nil)
	atomic.StorePointer(&slots[slot], nil)
}

// code returns the func type of the method's code with a receiver of type recv.
func (bd *binding) code(recv reflect.Type) reflect.Type {
	in := append([]reflect.Type{recv}, slices.Collect(bd.method.Ins())...)
	return reflect.FuncOf(in, slices.Collect(bd.method.Outs()), false)
}

// fn returns the func value of the method, nil if it has none.
func (bd *binding) fn() unsafe.Pointer {
	if fn := bd.bound.Load(); fn != nil {
		return unsafe.Pointer(fn)
	}
	fn := bd.types.bind(bd.sel, bd.code(bd.recv))
	if fn != nil && bd.bound.CompareAndSwap(nil, (*byte)(fn)) && !raceEnabled {
		atomic.StorePointer(&slots[bd.slot], fn)
	}
	return unsafe.Pointer(bd.bound.Load())
}
