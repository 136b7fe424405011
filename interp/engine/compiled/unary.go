package compiled

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// unary compiles -x, ^x and !x.
func (c *compiler) unary(v *ssa.UnOp) any {
	switch classOf(v.Type()) {
	case boolean:
		return notOf(c, v)
	case i8:
		return integerUnary[int8](c, v)
	case i16:
		return integerUnary[int16](c, v)
	case i32:
		return integerUnary[int32](c, v)
	case i64:
		return integerUnary[int64](c, v)
	case u8:
		return integerUnary[uint8](c, v)
	case u16:
		return integerUnary[uint16](c, v)
	case u32:
		return integerUnary[uint32](c, v)
	case u64:
		return integerUnary[uint64](c, v)
	case f32:
		return negated[float32](c, v)
	case f64:
		return negated[float64](c, v)
	case c64:
		return negated[complex64](c, v)
	case c128:
		return negated[complex128](c, v)
	}
	panic("no such operation: " + v.String())
}

func notOf(c *compiler, v *ssa.UnOp) value[bool] {
	off, f := operand[bool](c, v.X)
	if f == nil {
		return func(fr *frame) bool { return !*at[bool](fr, off) }
	}
	return func(fr *frame) bool { return !f(fr) }
}

func negated[T number](c *compiler, v *ssa.UnOp) value[T] {
	off, f := operand[T](c, v.X)
	if f == nil {
		return func(fr *frame) T { return -*at[T](fr, off) }
	}
	return func(fr *frame) T { return -f(fr) }
}

func integerUnary[T integer](c *compiler, v *ssa.UnOp) value[T] {
	if v.Op == token.SUB {
		return negated[T](c, v)
	}
	off, f := operand[T](c, v.X)
	if f == nil {
		return func(fr *frame) T { return ^*at[T](fr, off) }
	}
	return func(fr *frame) T { return ^f(fr) }
}
