package compiled

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// builtin compiles a call of a builtin function that sets the register at dst,
// if it has a result that is wanted. Arguments stand in registers.
func (c *compiler) builtin(call *ssa.CallCommon, dst uintptr, hasResult bool) step {
	fn, args := call.Value.(*ssa.Builtin), call.Args
	if results := call.Signature().Results(); !hasResult && results.Len() > 0 {
		t := results.At(0).Type()
		dst = c.memory.value(classOf(t), c.e.typ(t))
	}
	switch fn.Name() {
	case "append":
		return c.appendSlice(dst, args[0], args[1])
	case "cap":
		return c.capacity(dst, args[0])
	case "clear":
		return c.clear(args[0])
	case "close":
		x := c.reg(args[0])
		return func(fr *frame) { rtype.ChanClose(*at[pointer](fr, x)) }
	case "complex":
		return c.complex(dst, args[0], args[1])
	case "copy":
		return c.copy(dst, args[0], args[1])
	case "delete":
		rt, m, key := c.e.typ(args[0].Type()), c.reg(args[0]), c.reg(args[1])
		return func(fr *frame) { rtype.MapDelete(rt, *at[pointer](fr, m), fr.pointer(key)) }
	case "imag":
		return c.part(dst, args[0], true)
	case "len":
		return c.length(dst, args[0])
	case "max":
		return c.extreme(dst, args, true)
	case "min":
		return c.extreme(dst, args, false)
	case "print":
		return c.print(args, "", "")
	case "println":
		return c.print(args, " ", "\n")
	case "real":
		return c.part(dst, args[0], false)
	case "ssa:wrapnilchk":
		return c.checkWrapped(dst, args)
	}
	return c.unsafeBuiltin(fn.Name(), args, dst)
}

// length compiles len(x).
func (c *compiler) length(dst uintptr, x ssa.Value) step {
	off := c.reg(x)
	switch t := x.Type().Underlying().(type) {
	case *types.Basic:
		return func(fr *frame) { *at[int](fr, dst) = len(*at[string](fr, off)) }
	case *types.Slice:
		return func(fr *frame) { *at[int](fr, dst) = at[slice](fr, off).len }
	case *types.Map:
		return func(fr *frame) { *at[int](fr, dst) = rtype.MapLen(*at[pointer](fr, off)) }
	case *types.Chan:
		return func(fr *frame) { *at[int](fr, dst) = rtype.ChanLen(*at[pointer](fr, off)) }
	default:
		return constantLength(dst, t)
	}
}

// capacity compiles cap(x).
func (c *compiler) capacity(dst uintptr, x ssa.Value) step {
	off := c.reg(x)
	switch t := x.Type().Underlying().(type) {
	case *types.Slice:
		return func(fr *frame) { *at[int](fr, dst) = at[slice](fr, off).cap }
	case *types.Chan:
		return func(fr *frame) { *at[int](fr, dst) = rtype.ChanCap(*at[pointer](fr, off)) }
	default:
		return constantLength(dst, t)
	}
}

// constantLength is the length of an array or of what a pointer to one, nil
// too, points to.
func constantLength(dst uintptr, t types.Type) step {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	n := int(t.(*types.Array).Len())
	return func(fr *frame) { *at[int](fr, dst) = n }
}

func (c *compiler) clear(x ssa.Value) step {
	off := c.reg(x)
	if s, isSlice := x.Type().Underlying().(*types.Slice); isSlice {
		elem := c.e.typ(s.Elem())
		return func(fr *frame) {
			s := *at[slice](fr, off)
			if s.len > 0 {
				rtype.ClearArray(elem, s.ptr, s.len)
			}
		}
	}
	rt := c.e.typ(x.Type())
	return func(fr *frame) { rtype.MapClear(rt, *at[pointer](fr, off)) }
}

func (c *compiler) complex(dst uintptr, re, im ssa.Value) step {
	x, y := c.reg(re), c.reg(im)
	if classOf(re.Type()) == f32 {
		return func(fr *frame) { *at[complex64](fr, dst) = complex(*at[float32](fr, x), *at[float32](fr, y)) }
	}
	return func(fr *frame) { *at[complex128](fr, dst) = complex(*at[float64](fr, x), *at[float64](fr, y)) }
}

// part compiles real(x) and imag(x).
func (c *compiler) part(dst uintptr, x ssa.Value, imaginary bool) step {
	off := c.reg(x)
	if classOf(x.Type()) == c64 {
		if imaginary {
			off += 4
		}
		return copyRegister[float32](dst, off)
	}
	if imaginary {
		off += 8
	}
	return copyRegister[float64](dst, off)
}

// extreme compiles min and max.
func (c *compiler) extreme(dst uintptr, args []ssa.Value, greatest bool) step {
	switch classOf(args[0].Type()) {
	case i8:
		return extremeOf[int8](c, dst, args, greatest)
	case i16:
		return extremeOf[int16](c, dst, args, greatest)
	case i32:
		return extremeOf[int32](c, dst, args, greatest)
	case i64:
		return extremeOf[int64](c, dst, args, greatest)
	case u8:
		return extremeOf[uint8](c, dst, args, greatest)
	case u16:
		return extremeOf[uint16](c, dst, args, greatest)
	case u32:
		return extremeOf[uint32](c, dst, args, greatest)
	case u64:
		return extremeOf[uint64](c, dst, args, greatest)
	case f32:
		return extremeOf[float32](c, dst, args, greatest)
	case f64:
		return extremeOf[float64](c, dst, args, greatest)
	case str:
		return extremeOf[string](c, dst, args, greatest)
	}
	panic("min or max of " + args[0].Type().String())
}

func extremeOf[T ordered](c *compiler, dst uintptr, args []ssa.Value, greatest bool) step {
	if len(args) == 2 {
		x, y := c.reg(args[0]), c.reg(args[1])
		if greatest {
			return func(fr *frame) { *at[T](fr, dst) = max(*at[T](fr, x), *at[T](fr, y)) }
		}
		return func(fr *frame) { *at[T](fr, dst) = min(*at[T](fr, x), *at[T](fr, y)) }
	}
	offs := make([]uintptr, len(args))
	for i, a := range args {
		offs[i] = c.reg(a)
	}
	return func(fr *frame) {
		v := *at[T](fr, offs[0])
		for _, off := range offs[1:] {
			if greatest {
				v = max(v, *at[T](fr, off))
			} else {
				v = min(v, *at[T](fr, off))
			}
		}
		*at[T](fr, dst) = v
	}
}
