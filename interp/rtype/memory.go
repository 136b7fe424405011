package rtype

import (
	"reflect"
	"unsafe"
)

// Each declaration below is a function that package runtime pushes under this
// name and that the Go team keeps for outside users (go.dev/issue/67401). The
// type arguments are *abi.Type words as TypePointer returns them.

//go:linkname unsafeNew reflect.unsafe_New
func unsafeNew(typ unsafe.Pointer) unsafe.Pointer

//go:linkname makeslice runtime.makeslice
func makeslice(elem unsafe.Pointer, length, capacity int) unsafe.Pointer

//go:linkname growslice reflect.growslice
func growslice(elem unsafe.Pointer, old Slice, num int) Slice

//go:linkname typedmemmove reflect.typedmemmove
//go:noescape
func typedmemmove(typ, dst, src unsafe.Pointer)

//go:linkname typedmemclr reflect.typedmemclr
//go:noescape
func typedmemclr(typ, p unsafe.Pointer)

//go:linkname typedslicecopy reflect.typedslicecopy
func typedslicecopy(elem unsafe.Pointer, dst, src Slice) int

//go:linkname typedarrayclear reflect.typedarrayclear
//go:noescape
func typedarrayclear(elem, p unsafe.Pointer, n int)

// A Slice is a slice value of any element type, as Go lays it out.
type Slice struct {
	Data     unsafe.Pointer
	Len, Cap int
}

// TypePointer returns the address of the type's descriptor, which is the type
// word of an interface value without methods.
func TypePointer(rt reflect.Type) unsafe.Pointer {
	// A reflect.Type is an interface that holds an *rtype, and an rtype begins
	// with the descriptor.
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&rt))[1]
}

// FromPointer is the inverse of TypePointer. It returns nil for nil.
func FromPointer(typ unsafe.Pointer) reflect.Type {
	e := eface{typ: typ}
	return reflect.TypeOf(*(*any)(unsafe.Pointer(&e)))
}

// New returns a new zero value of the type.
func New(rt reflect.Type) unsafe.Pointer { return unsafeNew(TypePointer(rt)) }

// MakeSlice returns the array of make([]elem, length, capacity), with Go's
// panics for a length or a capacity out of range.
func MakeSlice(elem reflect.Type, length, capacity int) unsafe.Pointer {
	return makeslice(TypePointer(elem), length, capacity)
}

// GrowSlice returns a slice of the length of old with room for num elements
// more, its capacity chosen as append chooses it. The room must exceed the
// capacity of old.
func GrowSlice(elem reflect.Type, old Slice, num int) Slice {
	return growslice(TypePointer(elem), old, num)
}

// CopySlice is copy(dst, src), overlap included.
func CopySlice(elem reflect.Type, dst, src Slice) int {
	return typedslicecopy(TypePointer(elem), dst, src)
}

// TypedMove copies the value at src to dst, with write barriers.
func TypedMove(rt reflect.Type, dst, src unsafe.Pointer) {
	contentEscapes(src)
	typedmemmove(TypePointer(rt), dst, src)
}

// TypedClear sets the value at p to zero, with write barriers.
func TypedClear(rt reflect.Type, p unsafe.Pointer) { typedmemclr(TypePointer(rt), p) }

// ClearArray sets n values of the type, beginning at p, to zero.
func ClearArray(rt reflect.Type, p unsafe.Pointer, n int) { typedarrayclear(TypePointer(rt), p, n) }

// Equal reports whether the values at p and q are equal as == finds them. It
// panics with Go's runtime.Error for a type that cannot be compared, be it rt
// or what an interface inside holds.
func Equal(rt reflect.Type, p, q unsafe.Pointer) bool {
	typ := (*abiType)(TypePointer(rt))
	if typ.Equal == nil {
		// Go words the panic, and compares no value for it.
		x := eface{typ: unsafe.Pointer(typ), data: p}
		return *(*any)(unsafe.Pointer(&x)) == *(*any)(unsafe.Pointer(&x))
	}
	return typ.Equal(p, q)
}

// contentEscapes tells the compiler that what is at p goes to the heap. The
// functions above that are marked noescape keep p itself no longer than they
// run, but some keep a copy of what it points to.
func contentEscapes(p unsafe.Pointer) {
	if escape.ever {
		escape.to = *(*unsafe.Pointer)(p)
	}
}

// escape is never written.
var escape struct {
	ever bool
	to   unsafe.Pointer
}

// An eface is an interface value without methods, as Go lays it out.
type eface struct{ typ, data unsafe.Pointer }
