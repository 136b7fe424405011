package compiled

import (
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// convert compiles a conversion that may change the representation: between
// numbers, between strings and slices or integers, and of pointers. The machine
// converts as in compiled Go, where the language leaves a result open too.
func (c *compiler) convert(v *ssa.Convert) any { return c.converted(v.X, v.Type()) }

// reinterpret compiles a change of type that leaves the bits.
func (c *compiler) reinterpret(v *ssa.ChangeType) any { return c.read(v.X) }

func (c *compiler) converted(x ssa.Value, to types.Type) any {
	from, into := classOf(x.Type()), classOf(to)
	switch {
	case from == into && from != slc:
		return c.read(x)
	case into == str:
		return c.toString(x, from)
	case from == str:
		return c.fromString(x, to)
	case from == ptr && into == u64:
		off, f := operand[pointer](c, x)
		if f == nil {
			return value[uint64](func(fr *frame) uint64 { return *at[uint64](fr, off) })
		}
		return value[uint64](func(fr *frame) uint64 { return uint64(uintptr(f(fr))) })
	case from == u64 && into == ptr:
		f := get[uint64](c, x)
		return pointerValue(func(fr *frame) pointer { n := f(fr); return *(*pointer)(pointer(&n)) })
	case from == c64 && into == c128:
		f := get[complex64](c, x)
		return value[complex128](func(fr *frame) complex128 { return complex128(f(fr)) })
	case from == c128 && into == c64:
		f := get[complex128](c, x)
		return value[complex64](func(fr *frame) complex64 { return complex64(f(fr)) })
	}
	switch from {
	case i8:
		return fromNumber[int8](c, x, into)
	case i16:
		return fromNumber[int16](c, x, into)
	case i32:
		return fromNumber[int32](c, x, into)
	case i64:
		return fromNumber[int64](c, x, into)
	case u8:
		return fromNumber[uint8](c, x, into)
	case u16:
		return fromNumber[uint16](c, x, into)
	case u32:
		return fromNumber[uint32](c, x, into)
	case u64:
		return fromNumber[uint64](c, x, into)
	case f32:
		return fromNumber[float32](c, x, into)
	case f64:
		return fromNumber[float64](c, x, into)
	}
	panic("no such conversion: " + x.String() + " to " + to.String())
}

type realNumber interface{ integer | float32 | float64 }

func fromNumber[S realNumber](c *compiler, x ssa.Value, into class) any {
	switch into {
	case i8:
		return numberTo[S, int8](c, x)
	case i16:
		return numberTo[S, int16](c, x)
	case i32:
		return numberTo[S, int32](c, x)
	case i64:
		return numberTo[S, int64](c, x)
	case u8:
		return numberTo[S, uint8](c, x)
	case u16:
		return numberTo[S, uint16](c, x)
	case u32:
		return numberTo[S, uint32](c, x)
	case u64:
		return numberTo[S, uint64](c, x)
	case f32:
		return numberTo[S, float32](c, x)
	case f64:
		return numberTo[S, float64](c, x)
	}
	panic("no such conversion: " + x.String())
}

func numberTo[S, D realNumber](c *compiler, x ssa.Value) value[D] {
	off, f := operand[S](c, x)
	if f == nil {
		return func(fr *frame) D { return D(*at[S](fr, off)) }
	}
	return func(fr *frame) D { return D(f(fr)) }
}

// toString compiles string(x) for slices and integers.
func (c *compiler) toString(x ssa.Value, from class) any {
	if from == slc {
		off, f := operand[slice](c, x)
		if f != nil {
			return value[string](stringOf(x.Type(), f))
		}
		if classOf(elemOf(x.Type())) == i32 {
			return value[string](func(fr *frame) string { return string(*at[[]rune](fr, off)) })
		}
		return value[string](func(fr *frame) string { return string(*at[[]byte](fr, off)) })
	}
	if from == u64 {
		f := get[uint64](c, x)
		return value[string](func(fr *frame) string {
			if n := f(fr); n <= 0x10ffff {
				return string(rune(n))
			}
			return "\uFFFD"
		})
	}
	f, ok := c.converted(x, types.Typ[types.Int64]).(value[int64])
	if !ok {
		panic("no such conversion: " + x.String() + " to string")
	}
	return value[string](func(fr *frame) string {
		n := f(fr)
		if r := rune(n); int64(r) == n {
			return string(r)
		}
		return "\uFFFD"
	})
}

func stringOf(t types.Type, f value[slice]) func(*frame) string {
	if classOf(elemOf(t)) == i32 {
		return func(fr *frame) string { s := f(fr); return string(*(*[]rune)(unsafe.Pointer(&s))) }
	}
	return func(fr *frame) string { s := f(fr); return string(*(*[]byte)(unsafe.Pointer(&s))) }
}

// fromString compiles []byte(x) and []rune(x).
func (c *compiler) fromString(x ssa.Value, to types.Type) any {
	f := get[string](c, x)
	if classOf(elemOf(to)) == i32 {
		return value[slice](func(fr *frame) slice { s := []rune(f(fr)); return *(*slice)(unsafe.Pointer(&s)) })
	}
	return value[slice](func(fr *frame) slice { s := []byte(f(fr)); return *(*slice)(unsafe.Pointer(&s)) })
}

// elemOf returns the element type of a slice, a pointer to an array, a channel or
// a map.
func elemOf(t types.Type) types.Type {
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		if a, ok := t.Elem().Underlying().(*types.Array); ok {
			return a.Elem()
		}
	case interface{ Elem() types.Type }:
		return t.Elem()
	}
	panic("no elements in " + t.String())
}

// multiConvert compiles a conversion that go/ssa left open between several kinds
// because of type parameters. The types are known by now.
func (c *compiler) multiConvert(v *ssa.MultiConvert) step {
	dst, from, to := c.register(v), v.X.Type(), v.Type()
	if types.IdenticalIgnoreTags(from.Underlying(), to.Underlying()) {
		return c.move(dst, c.reg(v.X), to)
	}
	if classOf(from) == slc {
		switch t := to.Underlying().(type) {
		case *types.Array:
			return c.sliceToArray(dst, v.X, to)
		case *types.Pointer:
			return c.sliceToArrayPointerAt(dst, v.X, t)
		}
	}
	return setValue(dst, c.converted(v.X, to))
}

// read compiles v, which is not an aggregate, as a value[T] of its class.
func (c *compiler) read(v ssa.Value) any {
	if c.fold.folded[v] {
		return c.value(v)
	}
	return c.registerValue(c.reg(v), v.Type())
}

// setValue sets a register to what a value[T] gives.
func setValue(dst uintptr, v any) step {
	switch f := v.(type) {
	case value[bool]:
		return set(dst, f)
	case value[int8]:
		return set(dst, f)
	case value[int16]:
		return set(dst, f)
	case value[int32]:
		return set(dst, f)
	case value[int64]:
		return set(dst, f)
	case value[uint8]:
		return set(dst, f)
	case value[uint16]:
		return set(dst, f)
	case value[uint32]:
		return set(dst, f)
	case value[uint64]:
		return set(dst, f)
	case value[float32]:
		return set(dst, f)
	case value[float64]:
		return set(dst, f)
	case value[complex64]:
		return set(dst, f)
	case value[complex128]:
		return set(dst, f)
	case value[string]:
		return set(dst, f)
	case pointerValue:
		return set(dst, f)
	case value[iface]:
		return set(dst, f)
	case value[slice]:
		return set(dst, f)
	}
	panic("no register for such a value")
}
