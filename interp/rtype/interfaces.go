package rtype

import (
	"reflect"
	"unsafe"
)

//go:linkname getitab runtime.getitab
func getitab(inter, typ unsafe.Pointer, canfail bool) unsafe.Pointer

// An itab mirrors internal/abi.ITab: what the first word of a value of an
// interface type with methods points to.
type itab struct {
	inter, typ *abiType
	hash       uint32
	fun        [1]unsafe.Pointer
}

// ItabOf returns the first word of a value of the interface type iface that
// holds a value of the concrete type: an itab, or the concrete type's
// descriptor where iface has no methods. It is nil if concrete does not
// implement iface. The runtime remembers the answer for ever.
func ItabOf(iface, concrete reflect.Type) unsafe.Pointer {
	if iface.NumMethod() == 0 {
		return TypePointer(concrete)
	}
	return getitab(TypePointer(iface), TypePointer(concrete), true)
}

// MustItab is ItabOf with the panic of a failed assertion x.(iface), the
// missing method in its text, where concrete does not implement iface. iface
// has methods.
func MustItab(iface, concrete reflect.Type) unsafe.Pointer {
	return getitab(TypePointer(iface), TypePointer(concrete), false)
}

// ItabType returns the descriptor of the concrete type of an itab.
func ItabType(tab unsafe.Pointer) unsafe.Pointer { return unsafe.Pointer((*itab)(tab).typ) }

// ItabFun returns the code of the i-th method of an itab, in the order of the
// interface's methods as reflection lists them. It takes the data word of the
// interface value as its first argument.
func ItabFun(tab unsafe.Pointer, i int) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&(*itab)(tab).fun), uintptr(i)*unsafe.Sizeof(tab)))
}

// PointerShaped reports whether an interface value holds a value of the type
// in its data word; otherwise the word points to the value.
func PointerShaped(rt reflect.Type) bool {
	return (*abiType)(TypePointer(rt)).TFlag&flagDirectIface != 0
}
