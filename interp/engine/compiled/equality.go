package compiled

import (
	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// equal compiles x == y for interfaces, structs and arrays, and comparisons of
// slices with nil. Types that cannot be compared panic in the runtime, with its
// text.
func (c *compiler) equal(x, y ssa.Value) value[bool] {
	if isNil(x) {
		x, y = y, x
	}
	xt, yt := x.Type(), y.Type()
	xk, yk := classOf(xt), classOf(yt)
	if isNil(y) && (xk == ifc || xk == slc) {
		return c.isZeroWord(x)
	}
	switch {
	case xk == ifc && yk == ifc && c.e.versions.renewed.Load() && !c.fold.folded[x] && !c.fold.folded[y]:
		first, second := c.moderniser(x), c.moderniser(y)
		xf, yf := c.emptyInterface(x), c.emptyInterface(y)
		return func(fr *frame) bool {
			first(fr)
			second(fr)
			x := xf(fr)
			return x == yf(fr)
		}
	case xk == ifc && yk == ifc:
		if isEmptyInterface(xt) && isEmptyInterface(yt) && !c.fold.folded[x] && !c.fold.folded[y] {
			xo, yo := c.reg(x), c.reg(y)
			return func(fr *frame) bool { return *at[any](fr, xo) == *at[any](fr, yo) }
		}
		xf, yf := c.emptyInterface(x), c.emptyInterface(y)
		return func(fr *frame) bool { x := xf(fr); return x == yf(fr) }
	case xk == ifc:
		return c.equalsConcrete(x, y)
	case yk == ifc:
		return c.equalsConcrete(y, x)
	case xk == agg:
		rt := c.e.typ(xt)
		xo, yo := c.reg(x), c.reg(y)
		return func(fr *frame) bool { return rtype.Equal(rt, fr.pointer(xo), fr.pointer(yo)) }
	}
	panic("no such comparison: " + x.String() + " == " + y.String())
}

func isNil(v ssa.Value) bool {
	k, ok := v.(*ssa.Const)
	return ok && k.IsNil()
}

// isZeroWord compiles x == nil for an interface or a slice: its first word says.
func (c *compiler) isZeroWord(x ssa.Value) value[bool] {
	if classOf(x.Type()) == slc {
		xo, xe := operand[slice](c, x)
		if xe != nil {
			return func(fr *frame) bool { return xe(fr).ptr == nil }
		}
		return func(fr *frame) bool { return at[slice](fr, xo).ptr == nil }
	}
	xo, xe := operand[iface](c, x)
	if xe != nil {
		return func(fr *frame) bool { return xe(fr).tab == nil }
	}
	return func(fr *frame) bool { return at[iface](fr, xo).tab == nil }
}

// emptyInterface reads an interface value as one without methods. Two words for
// the same dynamic type are then the same, which itabs of different interface
// types with the same methods are not.
func (c *compiler) emptyInterface(x ssa.Value) value[any] {
	xo, xe := operand[iface](c, x)
	switch {
	case xe == nil && isEmptyInterface(x.Type()):
		return func(fr *frame) any { return *at[any](fr, xo) }
	case xe == nil:
		return func(fr *frame) any { return toAny(iface{itabType(at[iface](fr, xo).tab), at[iface](fr, xo).data}) }
	case isEmptyInterface(x.Type()):
		return func(fr *frame) any { return toAny(xe(fr)) }
	}
	return func(fr *frame) any { x := xe(fr); return toAny(iface{itabType(x.tab), x.data}) }
}

// equalsConcrete compiles a comparison of an interface with a value of another
// type.
func (c *compiler) equalsConcrete(x, y ssa.Value) value[bool] {
	xf := c.emptyInterface(x)
	word := rtype.TypePointer(c.e.typ(y.Type()))
	box := c.box(y)
	return func(fr *frame) bool { x := xf(fr); return x == toAny(iface{word, box(fr)}) }
}
