package compiled

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// A sum is a + x*y or a - x*y, as one closure where at least two of the three
// stand in registers. The product is rounded before it is added, as it is where
// Go is told to by a conversion, which go/ssa does not keep.
type sum struct {
	a, x, y  ssa.Value
	subtract bool
}

// sum recognises a sum.
func (c *compiler) sum(v *ssa.BinOp) (s sum, ok bool) {
	if v.Op != token.ADD && v.Op != token.SUB {
		return s, false
	}
	s.subtract = v.Op == token.SUB
	if p, ok := c.product(v.Y); ok {
		s.a, s.x, s.y = v.X, p.X, p.Y
		return s, true
	}
	if p, ok := c.product(v.X); ok && !s.subtract {
		s.a, s.x, s.y = v.Y, p.X, p.Y
		return s, true
	}
	return s, false
}

func (c *compiler) product(v ssa.Value) (*ssa.BinOp, bool) {
	p, ok := v.(*ssa.BinOp)
	return p, ok && c.fold.folded[p] && p.Op == token.MUL
}

// sumValue compiles v as a sum, nil if it is none.
func sumValue[T number](c *compiler, v *ssa.BinOp) value[T] {
	s, ok := c.sum(v)
	if !ok {
		return nil
	}
	ao, ae := operand[T](c, s.a)
	xo, xe := operand[T](c, s.x)
	yo, ye := operand[T](c, s.y)
	registers := xe == nil && ye == nil
	switch {
	case registers && ae == nil && s.subtract:
		return func(fr *frame) T { return *at[T](fr, ao) - T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers && ae == nil:
		return func(fr *frame) T { return *at[T](fr, ao) + T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers && s.subtract:
		return func(fr *frame) T { return ae(fr) - T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers:
		return func(fr *frame) T { return ae(fr) + T(*at[T](fr, xo)**at[T](fr, yo)) }
	case xe != nil && ye != nil && ae == nil && s.subtract:
		return func(fr *frame) T { x := xe(fr); return *at[T](fr, ao) - T(x*ye(fr)) }
	case xe != nil && ye != nil && ae == nil:
		return func(fr *frame) T { x := xe(fr); return *at[T](fr, ao) + T(x*ye(fr)) }
	}
	return nil
}

// sumInto compiles v as a sum that sets a register, nil if it is none.
func sumInto[T number](c *compiler, dst uintptr, v *ssa.BinOp) step {
	s, ok := c.sum(v)
	if !ok {
		return nil
	}
	ao, ae := operand[T](c, s.a)
	xo, xe := operand[T](c, s.x)
	yo, ye := operand[T](c, s.y)
	registers := xe == nil && ye == nil
	switch {
	case registers && ae == nil && s.subtract:
		return func(fr *frame) { *at[T](fr, dst) = *at[T](fr, ao) - T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers && ae == nil:
		return func(fr *frame) { *at[T](fr, dst) = *at[T](fr, ao) + T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers && s.subtract:
		return func(fr *frame) { *at[T](fr, dst) = ae(fr) - T(*at[T](fr, xo)**at[T](fr, yo)) }
	case registers:
		return func(fr *frame) { *at[T](fr, dst) = ae(fr) + T(*at[T](fr, xo)**at[T](fr, yo)) }
	case xe != nil && ye != nil && ae == nil && s.subtract:
		return func(fr *frame) { x := xe(fr); *at[T](fr, dst) = *at[T](fr, ao) - T(x*ye(fr)) }
	case xe != nil && ye != nil && ae == nil:
		return func(fr *frame) { x := xe(fr); *at[T](fr, dst) = *at[T](fr, ao) + T(x*ye(fr)) }
	}
	return nil
}

// An indexSum is an index that is a sum of registers: x*y + z, or z alone added
// to a where there is no product.
type indexSum struct {
	a, x, y uintptr
	product bool
}

// indexSum recognises s[a+x*y] and s[a+x].
func (c *compiler) indexSum(v ssa.Value) (i indexSum, ok bool) {
	op, isOp := v.(*ssa.BinOp)
	if !isOp || !c.fold.folded[op] || op.Op != token.ADD || classOf(op.Type()) != i64 {
		return i, false
	}
	if s, isSum := c.sum(op); isSum {
		if c.fold.folded[s.a] || c.fold.folded[s.x] || c.fold.folded[s.y] {
			return i, false
		}
		return indexSum{c.reg(s.a), c.reg(s.x), c.reg(s.y), true}, true
	}
	if c.fold.folded[op.X] || c.fold.folded[op.Y] {
		return i, false
	}
	return indexSum{a: c.reg(op.X), x: c.reg(op.Y)}, true
}
