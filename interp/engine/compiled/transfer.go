package compiled

import (
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// moveOut copies an operand to memory outside the frame.
func (c *compiler) moveOut(off uintptr, v ssa.Value) func(fr *frame, base pointer) {
	switch classOf(v.Type()) {
	case boolean:
		return moveOutOf[bool](c, off, v)
	case i8:
		return moveOutOf[int8](c, off, v)
	case i16:
		return moveOutOf[int16](c, off, v)
	case i32:
		return moveOutOf[int32](c, off, v)
	case i64:
		return moveOutOf[int64](c, off, v)
	case u8:
		return moveOutOf[uint8](c, off, v)
	case u16:
		return moveOutOf[uint16](c, off, v)
	case u32:
		return moveOutOf[uint32](c, off, v)
	case u64:
		return moveOutOf[uint64](c, off, v)
	case f32:
		return moveOutOf[float32](c, off, v)
	case f64:
		return moveOutOf[float64](c, off, v)
	case c64:
		return moveOutOf[complex64](c, off, v)
	case c128:
		return moveOutOf[complex128](c, off, v)
	case str:
		return moveOutOf[string](c, off, v)
	case ptr:
		return moveOutOf[pointer](c, off, v)
	case ifc:
		return moveOutOf[iface](c, off, v)
	case slc:
		return moveOutOf[slice](c, off, v)
	}
	rt, src := c.e.typ(v.Type()), c.reg(v)
	if put := c.putAggregate(rt, off, v); put != nil {
		return put
	}
	return func(fr *frame, base pointer) { typedMove(rt, unsafe.Add(base, off), fr.pointer(src)) }
}

func moveOutOf[T any](c *compiler, off uintptr, v ssa.Value) func(fr *frame, base pointer) {
	src, computed := operand[T](c, v)
	if computed != nil {
		return func(fr *frame, base pointer) { *(*T)(unsafe.Add(base, off)) = computed(fr) }
	}
	return func(fr *frame, base pointer) { *(*T)(unsafe.Add(base, off)) = *at[T](fr, src) }
}

// moveIn copies memory outside the frame to a register.
func (c *compiler) moveIn(dst, off uintptr, t types.Type) func(fr *frame, base pointer) {
	switch classOf(t) {
	case boolean, i8, u8:
		return moveInOf[uint8](dst, off)
	case i16, u16:
		return moveInOf[uint16](dst, off)
	case i32, u32, f32:
		return moveInOf[uint32](dst, off)
	case i64, u64, f64, c64:
		return moveInOf[uint64](dst, off)
	case c128:
		return moveInOf[complex128](dst, off)
	case str:
		return moveInOf[string](dst, off)
	case ptr:
		return moveInOf[pointer](dst, off)
	case ifc:
		return moveInOf[iface](dst, off)
	case slc:
		return moveInOf[slice](dst, off)
	}
	rt := c.e.typ(t)
	if take := takeAggregate(rt, dst, off); take != nil {
		return take
	}
	return func(fr *frame, base pointer) { typedMove(rt, fr.pointer(dst), unsafe.Add(base, off)) }
}

func moveInOf[T any](dst, off uintptr) func(fr *frame, base pointer) {
	return func(fr *frame, base pointer) { *at[T](fr, dst) = *(*T)(unsafe.Add(base, off)) }
}
