package compiled

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// typeAssert compiles x.(T), with and without the second result.
func (c *compiler) typeAssert(i *ssa.TypeAssert) step {
	if types.IsInterface(i.AssertedType) {
		return c.assertInterface(i)
	}
	switch classOf(i.AssertedType) {
	case boolean, i8, u8:
		return assertConcrete[uint8](c, i)
	case i16, u16:
		return assertConcrete[uint16](c, i)
	case i32, u32, f32:
		return assertConcrete[uint32](c, i)
	case i64, u64, f64, c64:
		return assertConcrete[uint64](c, i)
	case c128:
		return assertConcrete[complex128](c, i)
	case str:
		return assertConcrete[string](c, i)
	case slc:
		return assertConcrete[slice](c, i)
	case ptr:
		return c.assertPointer(i)
	}
	return c.assertAggregate(i)
}

func assertConcrete[T any](c *compiler, i *ssa.TypeAssert) step {
	dst, ok := c.results(i, i.CommaOk)
	x, rt := c.reg(i.X), c.e.typ(i.AssertedType)
	want := rtype.TypePointer(rt)
	static := c.e.typ(i.X.Type())
	empty := isEmptyInterface(i.X.Type())
	switch {
	case i.CommaOk && empty:
		return func(fr *frame) {
			if v := at[iface](fr, x); v.tab == want {
				*at[T](fr, dst) = *(*T)(v.data)
				*at[bool](fr, ok) = true
				return
			}
			var zero T
			*at[T](fr, dst) = zero
			*at[bool](fr, ok) = false
		}
	case i.CommaOk:
		return func(fr *frame) {
			if v := at[iface](fr, x); itabType(v.tab) == want {
				*at[T](fr, dst) = *(*T)(v.data)
				*at[bool](fr, ok) = true
				return
			}
			var zero T
			*at[T](fr, dst) = zero
			*at[bool](fr, ok) = false
		}
	case empty:
		return func(fr *frame) {
			v := at[iface](fr, x)
			if v.tab != want {
				panicAssertion(static, v.tab, rt)
			}
			*at[T](fr, dst) = *(*T)(v.data)
		}
	}
	return func(fr *frame) {
		v := at[iface](fr, x)
		if typ := itabType(v.tab); typ != want {
			panicAssertion(static, typ, rt)
		}
		*at[T](fr, dst) = *(*T)(v.data)
	}
}

// assertPointer compiles an assertion to a type whose values are the data word.
func (c *compiler) assertPointer(i *ssa.TypeAssert) step {
	dst, ok := c.results(i, i.CommaOk)
	x, rt, typ := c.reg(i.X), c.e.typ(i.AssertedType), c.typeWord(i.X)
	want := rtype.TypePointer(rt)
	static := c.e.typ(i.X.Type())
	if i.CommaOk {
		return func(fr *frame) {
			if typ(fr) == want {
				*at[pointer](fr, dst) = at[iface](fr, x).data
				*at[bool](fr, ok) = true
				return
			}
			*at[pointer](fr, dst) = nil
			*at[bool](fr, ok) = false
		}
	}
	return func(fr *frame) {
		if t := typ(fr); t != want {
			panicAssertion(static, t, rt)
		}
		*at[pointer](fr, dst) = at[iface](fr, x).data
	}
}

func (c *compiler) assertAggregate(i *ssa.TypeAssert) step {
	dst, ok := c.results(i, i.CommaOk)
	x, rt, typ := c.reg(i.X), c.e.typ(i.AssertedType), c.typeWord(i.X)
	want := rtype.TypePointer(rt)
	static := c.e.typ(i.X.Type())
	direct := rtype.PointerShaped(rt)
	unpack := func(fr *frame) {
		if v := at[iface](fr, x); direct {
			*at[pointer](fr, dst) = v.data
		} else {
			typedMove(rt, fr.pointer(dst), v.data)
		}
	}
	if i.CommaOk {
		wanted := extracts(i, 0)
		return func(fr *frame) {
			if typ(fr) == want {
				unpack(fr)
				*at[bool](fr, ok) = true
				return
			}
			if wanted {
				rtype.TypedClear(rt, fr.pointer(dst))
			}
			*at[bool](fr, ok) = false
		}
	}
	return func(fr *frame) {
		if t := typ(fr); t != want {
			panicAssertion(static, t, rt)
		}
		unpack(fr)
	}
}

func (c *compiler) assertInterface(i *ssa.TypeAssert) step {
	dst, ok := c.results(i, i.CommaOk)
	x, typ := c.reg(i.X), c.typeWord(i.X)
	target := c.e.typ(i.AssertedType)
	cache := &itabCache{iface: target}
	find := cache.find
	if isEmptyInterface(i.AssertedType) {
		find = func(typ pointer) pointer { return typ }
	}
	if i.CommaOk {
		return func(fr *frame) {
			var v iface
			if t := typ(fr); t != nil {
				if v.tab = find(t); v.tab != nil {
					v.data = at[iface](fr, x).data
				}
			}
			*at[iface](fr, dst) = v
			*at[bool](fr, ok) = v.tab != nil
		}
	}
	// go/ssa writes a method value of an interface with an assertion to its own type
	// whose result nobody uses.
	methodValue := len(*i.Referrers()) == 0 && types.Identical(i.X.Type(), i.AssertedType)
	return func(fr *frame) {
		t := typ(fr)
		if t == nil {
			if methodValue {
				nilDereference()
			}
			panicAssertion(nil, nil, target)
		}
		tab := find(t)
		if tab == nil {
			rtype.MustItab(target, rtype.FromPointer(t)) // panics
		}
		*at[iface](fr, dst) = iface{tab, at[iface](fr, x).data}
	}
}
