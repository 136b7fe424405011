package compiled

import (
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// An intOperand is an integer operand of any type as an int: in a register, or
// read by a closure. Of a type like uint64, what an int cannot hold is negative.
type intOperand struct {
	off      uintptr
	read     value[int]
	unsigned bool
}

func (c *compiler) intOperand(v ssa.Value) intOperand {
	off := c.reg(v)
	switch classOf(v.Type()) {
	case i8:
		return narrow[int8](off)
	case i16:
		return narrow[int16](off)
	case i32:
		return narrow[int32](off)
	case u8:
		return narrow[uint8](off)
	case u16:
		return narrow[uint16](off)
	case u32:
		return narrow[uint32](off)
	case u64:
		return intOperand{off: off, unsigned: true}
	}
	return intOperand{off: off}
}

func narrow[T integer](off uintptr) intOperand {
	return intOperand{read: func(fr *frame) int { return int(*at[T](fr, off)) }}
}

func (o *intOperand) get(fr *frame) int {
	if o.read != nil {
		return o.read(fr)
	}
	return *at[int](fr, o.off)
}

// plain reports whether the operand is an int in a register.
func (o *intOperand) plain() bool { return o.read == nil && !o.unsigned }

// makeSlice compiles make([]T, n, m).
func (c *compiler) makeSlice(i *ssa.MakeSlice) step {
	dst, elem := c.register(i), c.e.typ(elemOf(i.Type()))
	length, capacity := c.intOperand(i.Len), c.intOperand(i.Cap)
	e, size := c.e, elem.Size()
	if i.Len == i.Cap {
		return func(fr *frame) {
			n := length.get(fr)
			*at[slice](fr, dst) = slice{fr.th.makeSlice(e, elem, size, n, n), n, n}
		}
	}
	return func(fr *frame) {
		n, m := length.get(fr), capacity.get(fr)
		*at[slice](fr, dst) = slice{fr.th.makeSlice(e, elem, size, n, m), n, m}
	}
}

// sliceOf compiles x[low:high:max] of a slice, a string or an array.
func (c *compiler) sliceOf(i *ssa.Slice) step {
	dst, x := c.register(i), c.reg(i.X)
	var low, high, limit intOperand
	if i.Low != nil {
		low = c.intOperand(i.Low)
	}
	if i.High != nil {
		high = c.intOperand(i.High)
	}
	if i.Max != nil {
		limit = c.intOperand(i.Max)
	}
	hasLow, hasHigh, hasMax := i.Low != nil, i.High != nil, i.Max != nil
	if low.plain() && high.plain() && !hasMax && (hasLow || hasHigh) {
		switch t := i.X.Type().Underlying().(type) {
		case *types.Basic:
			return plainSubstring(dst, x, hasLow, hasHigh, low.off, high.off)
		case *types.Slice:
			return plainSubslice(dst, x, hasLow, hasHigh, low.off, high.off, c.e.typ(t.Elem()).Size())
		}
	}
	bounds := func(fr *frame, length, capacity int) sliceRange {
		r := sliceRange{high: length, max: capacity, lowUnsigned: low.unsigned, highUnsigned: high.unsigned, maxUnsigned: limit.unsigned}
		if hasLow {
			r.low = low.get(fr)
		}
		if hasHigh {
			r.high = high.get(fr)
		}
		if hasMax {
			r.max = limit.get(fr)
		}
		return r
	}
	switch t := i.X.Type().Underlying().(type) {
	case *types.Basic:
		return func(fr *frame) {
			s := *at[string](fr, x)
			r := bounds(fr, len(s), 0)
			if uint(r.high) > uint(len(s)) || uint(r.low) > uint(r.high) {
				panicSliceString(r, len(s))
			}
			*at[string](fr, dst) = s[r.low:r.high]
		}
	case *types.Slice:
		size := c.e.typ(t.Elem()).Size()
		return func(fr *frame) {
			s := *at[slice](fr, x)
			r := bounds(fr, s.len, s.cap)
			if uint(r.max) > uint(s.cap) || uint(r.high) > uint(r.max) || uint(r.low) > uint(r.high) {
				if hasMax {
					panicSlice3(r, s.cap, false)
				}
				panicSlice(r, s.len, s.cap)
			}
			*at[slice](fr, dst) = cut(s.ptr, r, size)
		}
	}
	return c.sliceOfArray(i, hasMax, bounds)
}

// sliceOfArray compiles x[low:high:max] of a pointer to an array.
func (c *compiler) sliceOfArray(i *ssa.Slice, hasMax bool, bounds func(fr *frame, length, capacity int) sliceRange) step {
	dst, x := c.register(i), c.reg(i.X)
	array := i.X.Type().Underlying().(*types.Pointer).Elem().Underlying().(*types.Array)
	elem := c.e.typ(array.Elem())
	n, size := int(array.Len()), elem.Size()
	if i.Low == nil && i.High == nil && !hasMax {
		return func(fr *frame) {
			p := *at[pointer](fr, x)
			if p == nil {
				nilDereference()
			}
			*at[slice](fr, dst) = slice{p, n, n}
		}
	}
	alloc, ok := i.X.(*ssa.Alloc)
	made := ok && alloc.Comment == "makeslice"
	return func(fr *frame) {
		p := *at[pointer](fr, x)
		if p == nil {
			nilDereference()
		}
		r := bounds(fr, n, n)
		if uint(r.max) > uint(n) || uint(r.high) > uint(r.max) || uint(r.low) > uint(r.high) {
			switch {
			case made:
				// go/ssa writes make([]T, high, n) as a slice of a new array.
				rtype.MakeSlice(elem, r.high, n)
			case hasMax:
				panicSlice3(r, n, true)
			}
			panicSliceString(r, n)
		}
		*at[slice](fr, dst) = cut(p, r, size)
	}
}

// plainSubstring is x[low:high] of a string with ints in registers.
func plainSubstring(dst, x uintptr, hasLow, hasHigh bool, low, high uintptr) step {
	switch {
	case !hasHigh:
		return func(fr *frame) { *at[string](fr, dst) = (*at[string](fr, x))[*at[int](fr, low):] }
	case !hasLow:
		return func(fr *frame) { *at[string](fr, dst) = (*at[string](fr, x))[:*at[int](fr, high)] }
	}
	return func(fr *frame) { *at[string](fr, dst) = (*at[string](fr, x))[*at[int](fr, low):*at[int](fr, high)] }
}

// plainSubslice is x[low:high] of a slice with ints in registers.
func plainSubslice(dst, x uintptr, hasLow, hasHigh bool, low, high uintptr, size uintptr) step {
	switch {
	case !hasHigh:
		return func(fr *frame) {
			s := *at[slice](fr, x)
			r := sliceRange{low: *at[int](fr, low), high: s.len, max: s.cap}
			if uint(r.low) > uint(s.len) {
				panicSlice(r, s.len, s.cap)
			}
			*at[slice](fr, dst) = cut(s.ptr, r, size)
		}
	case !hasLow:
		return func(fr *frame) {
			s := *at[slice](fr, x)
			n := *at[int](fr, high)
			if uint(n) > uint(s.cap) {
				panicSlice(sliceRange{high: n, max: s.cap}, s.len, s.cap)
			}
			*at[slice](fr, dst) = slice{s.ptr, n, s.cap}
		}
	}
	return func(fr *frame) {
		s := *at[slice](fr, x)
		r := sliceRange{low: *at[int](fr, low), high: *at[int](fr, high), max: s.cap}
		if uint(r.high) > uint(s.cap) || uint(r.low) > uint(r.high) {
			panicSlice(r, s.len, s.cap)
		}
		*at[slice](fr, dst) = cut(s.ptr, r, size)
	}
}

// cut returns the part of an array. It never points past the array's end.
func cut(p pointer, r sliceRange, size uintptr) slice {
	if r.max != r.low {
		p = unsafe.Add(p, uintptr(r.low)*size)
	}
	return slice{p, r.high - r.low, r.max - r.low}
}

// index compiles x[i] of an array that is a value.
func (c *compiler) index(i *ssa.Index) step {
	switch classOf(i.Type()) {
	case boolean, i8, u8:
		return indexArray[uint8](c, i)
	case i16, u16:
		return indexArray[uint16](c, i)
	case i32, u32, f32:
		return indexArray[uint32](c, i)
	case i64, u64, f64, c64:
		return indexArray[uint64](c, i)
	case c128:
		return indexArray[complex128](c, i)
	case str:
		return indexArray[string](c, i)
	case ptr:
		return indexArray[pointer](c, i)
	case ifc:
		return indexArray[iface](c, i)
	case slc:
		return indexArray[slice](c, i)
	}
	rt := c.e.typ(i.Type())
	dst, element := c.register(i), c.elementOffset(i)
	return func(fr *frame) { typedMove(rt, fr.pointer(dst), fr.pointer(element(fr))) }
}

func indexArray[T any](c *compiler, i *ssa.Index) step {
	dst, element := c.register(i), c.elementOffset(i)
	return func(fr *frame) { *at[T](fr, dst) = *at[T](fr, element(fr)) }
}

// elementOffset compiles where in the frame the element of an array is.
func (c *compiler) elementOffset(i *ssa.Index) value[uintptr] {
	base, index := c.reg(i.X), c.intOperand(i.Index)
	n, size := int(i.X.Type().Underlying().(*types.Array).Len()), c.e.typ(i.Type()).Size()
	if index.plain() {
		off := index.off
		return func(fr *frame) uintptr {
			i := *at[int](fr, off)
			if uint(i) >= uint(n) {
				panicIndex(i, n, false)
			}
			return base + uintptr(i)*size
		}
	}
	return func(fr *frame) uintptr {
		i := index.get(fr)
		if uint(i) >= uint(n) {
			panicIndex(i, n, index.unsigned)
		}
		return base + uintptr(i)*size
	}
}

// sliceToArrayPointer compiles (*[N]T)(x).
func (c *compiler) sliceToArrayPointer(i *ssa.SliceToArrayPointer) step {
	return c.sliceToArrayPointerAt(c.register(i), i.X, i.Type().Underlying().(*types.Pointer))
}

func (c *compiler) sliceToArrayPointerAt(dst uintptr, x ssa.Value, t *types.Pointer) step {
	off, n := c.reg(x), int(t.Elem().Underlying().(*types.Array).Len())
	return func(fr *frame) {
		s := *at[slice](fr, off)
		if s.len < n {
			panicConvert(s.len, n)
		}
		*at[pointer](fr, dst) = s.ptr
	}
}

// sliceToArray compiles [N]T(x) into the register at dst.
func (c *compiler) sliceToArray(dst uintptr, x ssa.Value, t types.Type) step {
	off, n, rt := c.reg(x), int(t.Underlying().(*types.Array).Len()), c.e.typ(t)
	return func(fr *frame) {
		s := *at[slice](fr, off)
		if s.len < n {
			panicConvert(s.len, n)
		}
		if n > 0 {
			typedMove(rt, fr.pointer(dst), s.ptr)
		}
	}
}
