package compiled

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// frameAllocLimit is the size from which a local variable is not kept in the
// frame.
const frameAllocLimit = 1 << 14

// alloc compiles a new variable.
func (c *compiler) alloc(a *ssa.Alloc) step {
	t := c.e.typ(a.Type().Underlying().(*types.Pointer).Elem())
	dst := c.register(a)
	if c.inFrame(a) {
		off := c.local(a)
		if clear := clearLocal(classOf(a.Type().Underlying().(*types.Pointer).Elem()), t, off); clear != nil {
			if addressed(a) {
				return func(fr *frame) {
					clear(fr)
					*at[pointer](fr, dst) = fr.pointer(off)
				}
			}
			return clear
		}
		return func(fr *frame) {
			p := fr.pointer(off)
			rtype.TypedClear(t, p)
			*at[pointer](fr, dst) = p
		}
	}
	if e := c.e; t.Size() >= countedAllocation {
		return func(fr *frame) { *at[pointer](fr, dst) = fr.th.newValue(e, t) }
	}
	return func(fr *frame) { *at[pointer](fr, dst) = rtype.New(t) }
}

// inFrame reports whether the variable of a lives in the frame.
func (c *compiler) inFrame(a *ssa.Alloc) bool {
	return !a.Heap && c.e.typ(a.Type().Underlying().(*types.Pointer).Elem()).Size() <= frameAllocLimit
}

// addressed reports whether the pointer a itself is used, not only what it leads
// to.
func addressed(a *ssa.Alloc) bool {
	for _, user := range *a.Referrers() {
		switch u := user.(type) {
		case *ssa.UnOp, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.DebugRef:
		case *ssa.Store:
			if u.Val == a {
				return true
			}
		default:
			return true
		}
	}
	return false
}

type localKey struct{ *ssa.Alloc }

// local returns where the variable of a lives in the frame.
func (c *compiler) local(a *ssa.Alloc) uintptr {
	key := constKey{other: localKey{a}}
	off, ok := c.consts[key]
	if !ok {
		t := a.Type().Underlying().(*types.Pointer).Elem()
		off = c.memory.value(classOf(t), c.e.typ(t))
		c.consts[key] = off
	}
	return off
}

// load compiles *v.X for values that closures return.
func (c *compiler) load(v *ssa.UnOp) any {
	a := c.address(v.X)
	switch classOf(v.Type()) {
	case boolean:
		return loadOf[bool](a)
	case i8:
		return loadOf[int8](a)
	case i16:
		return loadOf[int16](a)
	case i32:
		return loadOf[int32](a)
	case i64:
		return loadElement[int64](c, v, a)
	case u8:
		return loadElement[uint8](c, v, a)
	case u16:
		return loadOf[uint16](a)
	case u32:
		return loadOf[uint32](a)
	case u64:
		return loadOf[uint64](a)
	case f32:
		return loadOf[float32](a)
	case f64:
		return loadElement[float64](c, v, a)
	case c64:
		return loadOf[complex64](a)
	case c128:
		return loadOf[complex128](a)
	case str:
		return loadElement[string](c, v, a)
	case ptr:
		return loadElement[pointer](c, v, a)
	case ifc:
		return loadOf[iface](a)
	case slc:
		return loadOf[slice](a)
	}
	panic("load of an aggregate")
}

func loadOf[T any](a address) value[T] {
	off, delta, base := a.off, a.delta, a.base
	switch {
	case a.inFrame:
		return func(fr *frame) T { return *at[T](fr, off) }
	case delta >= pageSize:
		p := a.pointer()
		return func(fr *frame) T { return *(*T)(p(fr)) }
	case base == nil && delta == 0:
		return func(fr *frame) T { return **at[*T](fr, off) }
	case base == nil:
		return func(fr *frame) T { return *(*T)(past(*at[pointer](fr, off), delta)) }
	case delta == 0:
		return func(fr *frame) T { return *(*T)(base(fr)) }
	}
	return func(fr *frame) T { return *(*T)(past(base(fr), delta)) }
}

// loadElement is loadOf with s[i] as one closure.
func loadElement[T any](c *compiler, v *ssa.UnOp, a address) value[T] {
	x, ok := v.X.(*ssa.IndexAddr)
	if !ok || !c.fold.folded[x] || a.delta != 0 || classOf(x.X.Type()) != slc || !isInt(x.Index.Type()) {
		return loadOf[T](a)
	}
	so, se := operand[slice](c, x.X)
	if i, ok := c.indexSum(x.Index); ok && se == nil {
		if i.product {
			return func(fr *frame) T {
				return (*at[[]T](fr, so))[*at[int64](fr, i.a)+*at[int64](fr, i.x)**at[int64](fr, i.y)]
			}
		}
		return func(fr *frame) T { return (*at[[]T](fr, so))[*at[int64](fr, i.a)+*at[int64](fr, i.x)] }
	}
	io, ie := operand[int64](c, x.Index)
	switch {
	case se == nil && ie == nil:
		return func(fr *frame) T {
			s := at[[]T](fr, so)
			return (*s)[*at[int64](fr, io)]
		}
	case se == nil:
		return func(fr *frame) T {
			i := ie(fr)
			return (*at[[]T](fr, so))[i]
		}
	case ie == nil:
		return func(fr *frame) T {
			s := se(fr)
			return (*(*[]T)(pointer(&s)))[*at[int64](fr, io)]
		}
	}
	return func(fr *frame) T {
		s := se(fr)
		return (*(*[]T)(pointer(&s)))[ie(fr)]
	}
}

// store compiles *i.Addr = i.Val.
func (c *compiler) store(i *ssa.Store) step {
	if blank(i.Addr) {
		if !c.fold.folded[i.Val] {
			return nil
		}
		t := i.Val.Type()
		return c.into(c.memory.value(classOf(t), c.e.typ(t)), i.Val)
	}
	a := c.address(i.Addr)
	switch classOf(i.Val.Type()) {
	case boolean:
		return storeOf[bool](c, i, a)
	case i8:
		return storeOf[int8](c, i, a)
	case i16:
		return storeOf[int16](c, i, a)
	case i32:
		return storeOf[int32](c, i, a)
	case i64:
		if s := addToOf[int64](c, i, a); s != nil {
			return s
		}
		return storeElement[int64](c, i, a)
	case u8:
		return storeElement[uint8](c, i, a)
	case u16:
		return storeOf[uint16](c, i, a)
	case u32:
		return storeOf[uint32](c, i, a)
	case u64:
		return storeOf[uint64](c, i, a)
	case f32:
		return storeOf[float32](c, i, a)
	case f64:
		if s := addToOf[float64](c, i, a); s != nil {
			return s
		}
		return storeElement[float64](c, i, a)
	case c64:
		return storeOf[complex64](c, i, a)
	case c128:
		return storeOf[complex128](c, i, a)
	case str:
		return storeElement[string](c, i, a)
	case ptr:
		return storeElement[pointer](c, i, a)
	case ifc:
		return storeOf[iface](c, i, a)
	case slc:
		return storeOf[slice](c, i, a)
	}
	t := c.e.typ(i.Val.Type())
	if s := c.storeWords(t, i, a); s != nil {
		return s
	}
	src := c.reg(i.Val)
	if a.inFrame {
		return func(fr *frame) { typedMove(t, fr.pointer(a.off), fr.pointer(src)) }
	}
	p := a.pointer()
	return func(fr *frame) { typedMove(t, p(fr), fr.pointer(src)) }
}

// blank reports whether addr is that of a blank field or in one, to which
// composite literals give no value.
func blank(addr ssa.Value) bool {
	switch a := addr.(type) {
	case *ssa.FieldAddr:
		t := a.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Struct)
		return t.Field(a.Field).Name() == "_" || blank(a.X)
	case *ssa.IndexAddr:
		return blank(a.X)
	}
	return false
}

func storeOf[T any](c *compiler, i *ssa.Store, a address) step {
	off, delta, base := a.off, a.delta, a.base
	vo, ve := operand[T](c, i.Val)
	switch {
	case a.inFrame:
		if ve == nil {
			return func(fr *frame) { *at[T](fr, off) = *at[T](fr, vo) }
		}
		return func(fr *frame) { *at[T](fr, off) = ve(fr) }
	case delta >= pageSize || base != nil:
		p := a.pointer()
		if delta < pageSize {
			p = func(fr *frame) pointer { return past(base(fr), delta) }
			if delta == 0 {
				p = base
			}
		}
		if ve == nil {
			return func(fr *frame) { *(*T)(p(fr)) = *at[T](fr, vo) }
		}
		return func(fr *frame) {
			v := ve(fr)
			*(*T)(p(fr)) = v
		}
	case ve == nil:
		return func(fr *frame) { *(*T)(past(*at[pointer](fr, off), delta)) = *at[T](fr, vo) }
	}
	return func(fr *frame) {
		v := ve(fr)
		*(*T)(past(*at[pointer](fr, off), delta)) = v
	}
}

// storeElement is storeOf with s[i] = v as one closure.
func storeElement[T any](c *compiler, i *ssa.Store, a address) step {
	x, ok := i.Addr.(*ssa.IndexAddr)
	if !ok || !c.fold.folded[x] || a.delta != 0 || classOf(x.X.Type()) != slc || !isInt(x.Index.Type()) {
		return storeOf[T](c, i, a)
	}
	so, se := operand[slice](c, x.X)
	io, ie := operand[int64](c, x.Index)
	vo, ve := operand[T](c, i.Val)
	if se != nil {
		return storeOf[T](c, i, a)
	}
	switch {
	case ie == nil && ve == nil:
		return func(fr *frame) { (*at[[]T](fr, so))[*at[int64](fr, io)] = *at[T](fr, vo) }
	case ie == nil:
		return func(fr *frame) {
			v := ve(fr)
			(*at[[]T](fr, so))[*at[int64](fr, io)] = v
		}
	case ve == nil:
		return func(fr *frame) {
			i := ie(fr)
			(*at[[]T](fr, so))[i] = *at[T](fr, vo)
		}
	}
	return func(fr *frame) {
		i := ie(fr)
		v := ve(fr)
		(*at[[]T](fr, so))[i] = v
	}
}

// aggregate compiles a struct or array into the register at dst.
func (c *compiler) aggregate(dst uintptr, v ssa.Value) step {
	t := c.e.typ(v.Type())
	switch v := v.(type) {
	case *ssa.UnOp: // a load
		a := c.address(v.X)
		if s := c.loadWords(t, dst, a); s != nil {
			return s
		}
		if a.inFrame {
			return func(fr *frame) { typedMove(t, fr.pointer(dst), fr.pointer(a.off)) }
		}
		p := a.pointer()
		return func(fr *frame) { typedMove(t, fr.pointer(dst), p(fr)) }
	}
	return c.move(dst, c.reg(v), v.Type())
}

// field compiles a field of a struct in a register.
func (c *compiler) field(v *ssa.Field) any {
	off := c.reg(v.X) + c.e.typ(v.X.Type()).Field(v.Field).Offset
	return c.registerValue(off, v.Type())
}

// registerValue reads a register as a value of its class.
func (c *compiler) registerValue(off uintptr, t types.Type) any {
	a := address{inFrame: true, off: off}
	switch classOf(t) {
	case boolean:
		return loadOf[bool](a)
	case i8:
		return loadOf[int8](a)
	case i16:
		return loadOf[int16](a)
	case i32:
		return loadOf[int32](a)
	case i64:
		return loadOf[int64](a)
	case u8:
		return loadOf[uint8](a)
	case u16:
		return loadOf[uint16](a)
	case u32:
		return loadOf[uint32](a)
	case u64:
		return loadOf[uint64](a)
	case f32:
		return loadOf[float32](a)
	case f64:
		return loadOf[float64](a)
	case c64:
		return loadOf[complex64](a)
	case c128:
		return loadOf[complex128](a)
	case str:
		return loadOf[string](a)
	case ptr:
		return loadOf[pointer](a)
	case ifc:
		return loadOf[iface](a)
	case slc:
		return loadOf[slice](a)
	}
	panic("value of an aggregate")
}
