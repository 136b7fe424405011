package compiled

import (
	"go/types"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// appendSlice compiles append(s, x...) with a slice, or a string, x.
func (c *compiler) appendSlice(dst uintptr, s, x ssa.Value) step {
	so, xo := c.reg(s), c.reg(x)
	t := c.e.typ(elemOf(s.Type()))
	switch classOf(x.Type()) {
	case str:
		return func(fr *frame) { *at[[]byte](fr, dst) = append(*at[[]byte](fr, so), *at[string](fr, xo)...) }
	case ptr: // append(s, nil...)
		return copyRegister[slice](dst, so)
	}
	if classOf(elemOf(s.Type())) == u8 {
		return func(fr *frame) { *at[[]byte](fr, dst) = append(*at[[]byte](fr, so), *at[[]byte](fr, xo)...) }
	}
	return func(fr *frame) { *at[slice](fr, dst) = appended(t, *at[slice](fr, so), *at[slice](fr, xo)) }
}

// appended is append(s, x...).
func appended(elem reflect.Type, s, x slice) slice {
	if x.len == 0 {
		return s
	}
	old := s.len
	if n := s.len + x.len; uint(n) > uint(s.cap) {
		s = grown(elem, s, x.len)
	}
	s.len = old + x.len
	rtype.CopySlice(elem, rtype.Slice{Data: unsafe.Add(s.ptr, uintptr(old)*elem.Size()), Len: x.len, Cap: x.len}, rtype.Slice{Data: x.ptr, Len: x.len, Cap: x.len})
	return s
}

func grown(elem reflect.Type, s slice, more int) slice {
	g := rtype.GrowSlice(elem, rtype.Slice{Data: s.ptr, Len: s.len, Cap: s.cap}, more)
	return slice{g.Data, g.Len, g.Cap}
}

// appendValue compiles append(s, x), whose operands it computes itself.
func (c *compiler) appendValue(dst uintptr, s, x ssa.Value) step {
	switch classOf(x.Type()) {
	case boolean:
		return appendOf[bool](c, dst, s, x)
	case i8:
		return appendOf[int8](c, dst, s, x)
	case i16:
		return appendOf[int16](c, dst, s, x)
	case i32:
		return appendOf[int32](c, dst, s, x)
	case i64:
		return appendOf[int64](c, dst, s, x)
	case u8:
		return appendOf[uint8](c, dst, s, x)
	case u16:
		return appendOf[uint16](c, dst, s, x)
	case u32:
		return appendOf[uint32](c, dst, s, x)
	case u64:
		return appendOf[uint64](c, dst, s, x)
	case f32:
		return appendOf[float32](c, dst, s, x)
	case f64:
		return appendOf[float64](c, dst, s, x)
	case c64:
		return appendOf[complex64](c, dst, s, x)
	case c128:
		return appendOf[complex128](c, dst, s, x)
	case str:
		return appendOf[string](c, dst, s, x)
	case ptr:
		return appendOf[pointer](c, dst, s, x)
	case ifc:
		return appendOf[iface](c, dst, s, x)
	case slc:
		return appendOf[slice](c, dst, s, x)
	}
	elem := c.e.typ(x.Type())
	so, xo := c.reg(s), c.reg(x)
	return func(fr *frame) {
		s := *at[slice](fr, so)
		if s.len == s.cap {
			s = grown(elem, s, 1)
		}
		typedMove(elem, unsafe.Add(s.ptr, uintptr(s.len)*elem.Size()), fr.pointer(xo))
		s.len++
		*at[slice](fr, dst) = s
	}
}

func appendOf[T any](c *compiler, dst uintptr, s, x ssa.Value) step {
	so := c.reg(s)
	xo, xe := operand[T](c, x)
	if xe == nil {
		return func(fr *frame) { *at[[]T](fr, dst) = append(*at[[]T](fr, so), *at[T](fr, xo)) }
	}
	return func(fr *frame) {
		v := xe(fr)
		*at[[]T](fr, dst) = append(*at[[]T](fr, so), v)
	}
}

// copy compiles copy(to, from).
func (c *compiler) copy(dst uintptr, to, from ssa.Value) step {
	x, y := c.reg(to), c.reg(from)
	if _, isString := from.Type().Underlying().(*types.Basic); isString {
		return func(fr *frame) { *at[int](fr, dst) = copy(*at[[]byte](fr, x), *at[string](fr, y)) }
	}
	elem := c.e.typ(elemOf(to.Type()))
	return func(fr *frame) {
		*at[int](fr, dst) = rtype.CopySlice(elem, *at[rtype.Slice](fr, x), *at[rtype.Slice](fr, y))
	}
}
