package compiled

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// addToOf compiles *p += v and *p -= v, where p leads delta bytes past a pointer
// in a register, as one closure. It is nil for a store of another form.
func addToOf[T number](c *compiler, i *ssa.Store, a address) step {
	op, ok := i.Val.(*ssa.BinOp)
	if !ok || !c.fold.folded[op] || op.Op != token.ADD && op.Op != token.SUB || a.inFrame || a.base != nil || a.delta >= pageSize {
		return nil
	}
	old, ok := op.X.(*ssa.UnOp)
	if !ok || old.Op != token.MUL || !c.fold.folded[old] {
		return nil
	}
	if from := c.address(old.X); from.inFrame || from.base != nil || from.off != a.off || from.delta != a.delta {
		return nil
	}
	off, delta, subtract := a.off, a.delta, op.Op == token.SUB
	if p, ok := c.product(op.Y); ok && !c.fold.folded[p.X] && !c.fold.folded[p.Y] {
		x, y := c.reg(p.X), c.reg(p.Y)
		if subtract {
			return func(fr *frame) {
				*(*T)(past(*at[pointer](fr, off), delta)) -= T(*at[T](fr, x) * *at[T](fr, y))
			}
		}
		return func(fr *frame) {
			*(*T)(past(*at[pointer](fr, off), delta)) += T(*at[T](fr, x) * *at[T](fr, y))
		}
	}
	vo, ve := operand[T](c, op.Y)
	switch {
	case ve == nil && subtract:
		return func(fr *frame) { *(*T)(past(*at[pointer](fr, off), delta)) -= *at[T](fr, vo) }
	case ve == nil:
		return func(fr *frame) { *(*T)(past(*at[pointer](fr, off), delta)) += *at[T](fr, vo) }
	case subtract:
		return func(fr *frame) {
			v := ve(fr)
			*(*T)(past(*at[pointer](fr, off), delta)) -= v
		}
	}
	return func(fr *frame) {
		v := ve(fr)
		*(*T)(past(*at[pointer](fr, off), delta)) += v
	}
}

// loadInto compiles a load that sets the register at dst as one closure, nil if
// there is none for it.
func (c *compiler) loadInto(dst uintptr, v *ssa.UnOp) step {
	a := c.address(v.X)
	if a.delta >= pageSize {
		return nil
	}
	switch classOf(v.Type()) {
	case i64, u64, f64:
		return loadIntoOf[uint64](c, dst, v, a)
	case boolean, u8:
		return loadIntoOf[uint8](c, dst, v, a)
	case str:
		return loadIntoOf[string](c, dst, v, a)
	case ptr:
		return loadIntoOf[pointer](c, dst, v, a)
	case slc:
		return loadIntoOf[slice](c, dst, v, a)
	}
	return nil
}

func loadIntoOf[T any](c *compiler, dst uintptr, v *ssa.UnOp, a address) step {
	off, delta, base := a.off, a.delta, a.base
	switch {
	case a.inFrame:
		return copyRegister[T](dst, off)
	case base == nil && delta == 0:
		return func(fr *frame) { *at[T](fr, dst) = **at[*T](fr, off) }
	case base == nil:
		return func(fr *frame) { *at[T](fr, dst) = *(*T)(past(*at[pointer](fr, off), delta)) }
	}
	x, ok := v.X.(*ssa.IndexAddr)
	if !ok || delta != 0 || !c.fold.folded[x] || c.fold.folded[x.X] || c.fold.folded[x.Index] || classOf(x.X.Type()) != slc || !isInt(x.Index.Type()) {
		return nil
	}
	s, i := c.reg(x.X), c.reg(x.Index)
	return func(fr *frame) { *at[T](fr, dst) = (*at[[]T](fr, s))[*at[int64](fr, i)] }
}
