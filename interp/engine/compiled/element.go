package compiled

import (
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// element compiles the address of an element of a slice or array.
func (c *compiler) element(v *ssa.IndexAddr) pointerValue {
	if e := c.elementByInt(v); e != nil {
		return e
	}
	index := c.indexOperand(v.Index)
	unsigned := classOf(v.Index.Type()) == u64
	if array, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		t := array.Elem().Underlying().(*types.Array)
		size, n := c.e.typ(t.Elem()).Size(), int(t.Len())
		base := c.address(v.X).pointer()
		return func(fr *frame) pointer {
			p := base(fr)
			i := index(fr)
			if uint(i) >= uint(n) {
				panicIndex(i, n, unsigned)
			}
			return unsafe.Add(p, uintptr(i)*size)
		}
	}
	size := c.e.typ(v.X.Type()).Elem().Size()
	so, se := operand[slice](c, v.X)
	if se == nil {
		return func(fr *frame) pointer {
			i := index(fr)
			s := at[slice](fr, so)
			if uint(i) >= uint(s.len) {
				panicIndex(i, s.len, unsigned)
			}
			return unsafe.Add(s.ptr, uintptr(i)*size)
		}
	}
	return func(fr *frame) pointer {
		s := se(fr)
		i := index(fr)
		if uint(i) >= uint(s.len) {
			panicIndex(i, s.len, unsigned)
		}
		return unsafe.Add(s.ptr, uintptr(i)*size)
	}
}

// elementByInt is element for an index that is an int, of a slice or an array in
// the frame; nil for others.
func (c *compiler) elementByInt(v *ssa.IndexAddr) pointerValue {
	if !isInt(v.Index.Type()) {
		return nil
	}
	if array, ok := v.X.Type().Underlying().(*types.Pointer); ok {
		a := c.address(v.X)
		if !a.inFrame {
			return nil
		}
		t := array.Elem().Underlying().(*types.Array)
		off, size, n := a.off, c.e.typ(t.Elem()).Size(), int(t.Len())
		index := get[int64](c, v.Index)
		return func(fr *frame) pointer {
			i := int(index(fr))
			if uint(i) >= uint(n) {
				panicIndex(i, n, false)
			}
			return fr.pointer(off + uintptr(i)*size)
		}
	}
	size := c.e.typ(v.X.Type()).Elem().Size()
	so, se := operand[slice](c, v.X)
	io, ie := operand[int64](c, v.Index)
	switch {
	case se == nil && ie == nil:
		return func(fr *frame) pointer {
			s, i := at[slice](fr, so), *at[int](fr, io)
			if uint(i) >= uint(s.len) {
				panicIndex(i, s.len, false)
			}
			return unsafe.Add(s.ptr, uintptr(i)*size)
		}
	case ie == nil:
		return func(fr *frame) pointer {
			s := se(fr)
			i := *at[int](fr, io)
			if uint(i) >= uint(s.len) {
				panicIndex(i, s.len, false)
			}
			return unsafe.Add(s.ptr, uintptr(i)*size)
		}
	}
	return nil
}

// indexOperand reads an index of any integer type as an int: one that does not
// fit becomes negative.
func (c *compiler) indexOperand(v ssa.Value) value[int] {
	switch classOf(v.Type()) {
	case i8:
		return toInt(get[int8](c, v))
	case i16:
		return toInt(get[int16](c, v))
	case i32:
		return toInt(get[int32](c, v))
	case u8:
		return toInt(get[uint8](c, v))
	case u16:
		return toInt(get[uint16](c, v))
	case u32:
		return toInt(get[uint32](c, v))
	case u64:
		f := get[uint64](c, v)
		return func(fr *frame) int { return int(f(fr)) }
	}
	f := get[int64](c, v)
	return func(fr *frame) int { return int(f(fr)) }
}

func toInt[T ~int8 | ~int16 | ~int32 | ~uint8 | ~uint16 | ~uint32](f value[T]) value[int] {
	return func(fr *frame) int { return int(f(fr)) }
}

// constantOffset returns where in its array an element stands whose index is
// known.
func (c *compiler) constantOffset(v *ssa.IndexAddr) (uintptr, bool) {
	p, ok := v.X.Type().Underlying().(*types.Pointer)
	if !ok {
		return 0, false
	}
	k, ok := v.Index.(*ssa.Const)
	if !ok {
		return 0, false
	}
	t := p.Elem().Underlying().(*types.Array)
	i := integerBits(k.Value)
	return uintptr(i) * c.e.typ(t.Elem()).Size(), i < uint64(t.Len())
}

func isInt(t types.Type) bool { return classOf(t) == i64 }
