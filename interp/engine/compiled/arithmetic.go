package compiled

//go:generate go run cuaderno/internal/opgen -o operators_gen.go

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

type signed interface{ int8 | int16 | int32 | int64 }

type unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

type integer interface{ signed | unsigned }

type number interface {
	integer | float32 | float64 | complex64 | complex128
}

type ordered interface {
	integer | float32 | float64 | string
}

type addable interface{ number | string }

// binary compiles an operation on two operands.
func (c *compiler) binary(v *ssa.BinOp) any {
	switch v.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return c.comparison(v)
	case token.SHL, token.SHR:
		return c.shift(v)
	}
	switch classOf(v.Type()) {
	case i8:
		return integerOp[int8](c, v)
	case i16:
		return integerOp[int16](c, v)
	case i32:
		return integerOp[int32](c, v)
	case i64:
		return integerOp[int64](c, v)
	case u8:
		return integerOp[uint8](c, v)
	case u16:
		return integerOp[uint16](c, v)
	case u32:
		return integerOp[uint32](c, v)
	case u64:
		return integerOp[uint64](c, v)
	case f32:
		return numberOp[float32](c, v)
	case f64:
		return numberOp[float64](c, v)
	case c64:
		return numberOp[complex64](c, v)
	case c128:
		return numberOp[complex128](c, v)
	case str:
		return addOf[string](c, v.X, v.Y)
	case boolean:
		x, y := get[bool](c, v.X), get[bool](c, v.Y)
		if v.Op == token.AND {
			return value[bool](func(fr *frame) bool { a, b := x(fr), y(fr); return a && b })
		}
		return value[bool](func(fr *frame) bool { a, b := x(fr), y(fr); return a || b })
	}
	panic("no such operation: " + v.String())
}

func numberOp[T number](c *compiler, v *ssa.BinOp) value[T] {
	if f := sumValue[T](c, v); f != nil {
		return f
	}
	switch v.Op {
	case token.ADD:
		return addOf[T](c, v.X, v.Y)
	case token.SUB:
		return subOf[T](c, v.X, v.Y)
	case token.MUL:
		return mulOf[T](c, v.X, v.Y)
	case token.QUO:
		return quoOf[T](c, v.X, v.Y)
	}
	panic("no such operation: " + v.String())
}

func integerOp[T integer](c *compiler, v *ssa.BinOp) value[T] {
	switch v.Op {
	case token.REM:
		return remOf[T](c, v.X, v.Y)
	case token.AND:
		return andOf[T](c, v.X, v.Y)
	case token.OR:
		return orOf[T](c, v.X, v.Y)
	case token.XOR:
		return xorOf[T](c, v.X, v.Y)
	case token.AND_NOT:
		return andNotOf[T](c, v.X, v.Y)
	}
	return numberOp[T](c, v)
}

// binaryInto compiles an operation that sets a register, nil if there is no
// form of its own for it.
func (c *compiler) binaryInto(dst uintptr, v *ssa.BinOp) step {
	switch v.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ, token.SHL, token.SHR:
		return nil
	}
	switch classOf(v.Type()) {
	case i32:
		return integerInto[int32](c, dst, v)
	case i64:
		return integerInto[int64](c, dst, v)
	case u8:
		return integerInto[uint8](c, dst, v)
	case u32:
		return integerInto[uint32](c, dst, v)
	case u64:
		return integerInto[uint64](c, dst, v)
	case f32:
		return numberInto[float32](c, dst, v)
	case f64:
		return numberInto[float64](c, dst, v)
	case str:
		return addInto[string](c, dst, v.X, v.Y)
	}
	return nil
}

func numberInto[T number](c *compiler, dst uintptr, v *ssa.BinOp) step {
	if s := sumInto[T](c, dst, v); s != nil {
		return s
	}
	switch v.Op {
	case token.ADD:
		return addInto[T](c, dst, v.X, v.Y)
	case token.SUB:
		return subInto[T](c, dst, v.X, v.Y)
	case token.MUL:
		return mulInto[T](c, dst, v.X, v.Y)
	case token.QUO:
		return quoInto[T](c, dst, v.X, v.Y)
	}
	return nil
}

func integerInto[T integer](c *compiler, dst uintptr, v *ssa.BinOp) step {
	switch v.Op {
	case token.REM:
		return remInto[T](c, dst, v.X, v.Y)
	case token.AND:
		return andInto[T](c, dst, v.X, v.Y)
	case token.OR:
		return orInto[T](c, dst, v.X, v.Y)
	case token.XOR:
		return xorInto[T](c, dst, v.X, v.Y)
	case token.AND_NOT:
		return andNotInto[T](c, dst, v.X, v.Y)
	}
	return numberInto[T](c, dst, v)
}

// shift compiles x << y and x >> y.
func (c *compiler) shift(v *ssa.BinOp) any {
	switch classOf(v.Type()) {
	case i8:
		return shiftOf[int8](c, v)
	case i16:
		return shiftOf[int16](c, v)
	case i32:
		return shiftOf[int32](c, v)
	case i64:
		return shiftOf[int64](c, v)
	case u8:
		return shiftOf[uint8](c, v)
	case u16:
		return shiftOf[uint16](c, v)
	case u32:
		return shiftOf[uint32](c, v)
	case u64:
		return shiftOf[uint64](c, v)
	}
	panic("no such operation: " + v.String())
}

func shiftOf[T integer](c *compiler, v *ssa.BinOp) value[T] {
	if k, ok := v.Y.(*ssa.Const); ok {
		n := integerBits(k.Value)
		xo, xe := operand[T](c, v.X)
		switch {
		case v.Op == token.SHL && xe == nil:
			return func(fr *frame) T { return *at[T](fr, xo) << n }
		case v.Op == token.SHL:
			return func(fr *frame) T { return xe(fr) << n }
		case xe == nil:
			return func(fr *frame) T { return *at[T](fr, xo) >> n }
		}
		return func(fr *frame) T { return xe(fr) >> n }
	}
	x, n := get[T](c, v.X), c.shiftCount(v.Y)
	if v.Op == token.SHL {
		return func(fr *frame) T { x := x(fr); return x << n(fr) }
	}
	return func(fr *frame) T { x := x(fr); return x >> n(fr) }
}

// shiftCount reads a shift count of any integer type.
func (c *compiler) shiftCount(v ssa.Value) value[uint64] {
	switch classOf(v.Type()) {
	case i8:
		return signedCount(get[int8](c, v))
	case i16:
		return signedCount(get[int16](c, v))
	case i32:
		return signedCount(get[int32](c, v))
	case i64:
		return signedCount(get[int64](c, v))
	case u8:
		return unsignedCount(get[uint8](c, v))
	case u16:
		return unsignedCount(get[uint16](c, v))
	case u32:
		return unsignedCount(get[uint32](c, v))
	}
	return get[uint64](c, v)
}

func signedCount[T signed](f value[T]) value[uint64] {
	return func(fr *frame) uint64 {
		n := f(fr)
		_ = 1 << n // panics as Go does if n is negative
		return uint64(n)
	}
}

func unsignedCount[T unsigned](f value[T]) value[uint64] {
	return func(fr *frame) uint64 { return uint64(f(fr)) }
}

// comparison compiles x == y and its like.
func (c *compiler) comparison(v *ssa.BinOp) value[bool] {
	if c.comparesWith(v) {
		equal := c.equal(v.X, v.Y)
		if v.Op == token.NEQ {
			return func(fr *frame) bool { return !equal(fr) }
		}
		return equal
	}
	switch classOf(v.X.Type()) {
	case i8:
		return compareOrdered[int8](c, v)
	case i16:
		return compareOrdered[int16](c, v)
	case i32:
		return compareOrdered[int32](c, v)
	case i64:
		return compareOrdered[int64](c, v)
	case u8:
		return compareOrdered[uint8](c, v)
	case u16:
		return compareOrdered[uint16](c, v)
	case u32:
		return compareOrdered[uint32](c, v)
	case u64:
		return compareOrdered[uint64](c, v)
	case f32:
		return compareOrdered[float32](c, v)
	case f64:
		return compareOrdered[float64](c, v)
	case str:
		return compareOrdered[string](c, v)
	case boolean:
		return compareEqual[bool](c, v)
	case c64:
		return compareEqual[complex64](c, v)
	case c128:
		return compareEqual[complex128](c, v)
	case ptr:
		return compareEqual[pointer](c, v)
	}
	panic("no such comparison: " + v.String())
}

// comparesWith reports whether equal compares the operands of v: of interfaces,
// aggregates, slices, and of an interface with something else.
func (c *compiler) comparesWith(v *ssa.BinOp) bool {
	x, y := classOf(v.X.Type()), classOf(v.Y.Type())
	return x != y || x == ifc || x == agg || x == slc
}

func compareOrdered[T ordered](c *compiler, v *ssa.BinOp) value[bool] {
	switch v.Op {
	case token.LSS:
		return lssOf[T](c, v.X, v.Y)
	case token.LEQ:
		return leqOf[T](c, v.X, v.Y)
	case token.GTR:
		return gtrOf[T](c, v.X, v.Y)
	case token.GEQ:
		return geqOf[T](c, v.X, v.Y)
	}
	return compareEqual[T](c, v)
}

func compareEqual[T comparable](c *compiler, v *ssa.BinOp) value[bool] {
	if v.Op == token.EQL {
		return eqlOf[T](c, v.X, v.Y)
	}
	return neqOf[T](c, v.X, v.Y)
}

// comparisonBranch compiles a branch on a comparison in one closure, nil if there
// is none for it.
func (c *compiler) comparisonBranch(v *ssa.BinOp, yes, no edge) func(*frame) *block {
	switch v.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
	default:
		return nil
	}
	if c.comparesWith(v) {
		return nil
	}
	switch classOf(v.X.Type()) {
	case i32:
		return branchOrdered[int32](c, v, yes, no)
	case i64:
		return branchOrdered[int64](c, v, yes, no)
	case u8:
		return branchOrdered[uint8](c, v, yes, no)
	case u32:
		return branchOrdered[uint32](c, v, yes, no)
	case u64:
		return branchOrdered[uint64](c, v, yes, no)
	case f64:
		return branchOrdered[float64](c, v, yes, no)
	case str:
		return branchOrdered[string](c, v, yes, no)
	case ptr:
		return branchEqual[pointer](c, v, yes, no)
	}
	return nil
}

func branchOrdered[T ordered](c *compiler, v *ssa.BinOp, yes, no edge) func(*frame) *block {
	switch v.Op {
	case token.LSS:
		return lssBranch[T](c, v.X, v.Y, yes, no)
	case token.LEQ:
		return leqBranch[T](c, v.X, v.Y, yes, no)
	case token.GTR:
		return gtrBranch[T](c, v.X, v.Y, yes, no)
	case token.GEQ:
		return geqBranch[T](c, v.X, v.Y, yes, no)
	}
	return branchEqual[T](c, v, yes, no)
}

func branchEqual[T comparable](c *compiler, v *ssa.BinOp, yes, no edge) func(*frame) *block {
	if v.Op == token.EQL {
		return eqlBranch[T](c, v.X, v.Y, yes, no)
	}
	return neqBranch[T](c, v.X, v.Y, yes, no)
}
