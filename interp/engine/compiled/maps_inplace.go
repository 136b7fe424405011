package compiled

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// inPlace returns the operation of m[k] += x and m[k] -= x, which looks for the
// key only once, where go/ssa has a lookup, the operation and an update one after
// the other. It is nil if i is not such a lookup. A missing key is entered with
// zero first, which nobody sees: neither operation can panic.
func inPlace(i *ssa.Lookup) *ssa.BinOp {
	if i.CommaOk {
		return nil
	}
	op, ok := soleUser(i).(*ssa.BinOp)
	if !ok || op.X != i || op.Op != token.ADD && op.Op != token.SUB || op.Block() != i.Block() {
		return nil
	}
	update, ok := soleUser(op).(*ssa.MapUpdate)
	if !ok || update.Value != op || update.Map != i.X || !sameKey(update.Key, i.Index) || update.Block() != i.Block() {
		return nil
	}
	switch classOf(op.Type()) {
	case i64, u64, i32, u32, u8, f64, str:
	default:
		return nil
	}
	instrs := i.Block().Instrs
	for n, instr := range instrs {
		if instr == ssa.Instruction(i) {
			if n+2 < len(instrs) && instrs[n+1] == ssa.Instruction(op) && instrs[n+2] == ssa.Instruction(update) {
				return op
			}
			break
		}
	}
	return nil
}

// sameKey reports whether two operands are the same key.
func sameKey(x, y ssa.Value) bool {
	if x == y {
		return true
	}
	k, ok := x.(*ssa.Const)
	l, ok2 := y.(*ssa.Const)
	return ok && ok2 && k.Value != nil && l.Value != nil && types.Identical(k.Type(), l.Type()) && k.Value.ExactString() == l.Value.ExactString()
}

// updateInPlace compiles what inPlace found.
func (c *compiler) updateInPlace(i *ssa.MapUpdate, op *ssa.BinOp) step {
	switch classOf(op.Type()) {
	case i64:
		return numberInPlace[int64](c, i, op)
	case u64:
		return numberInPlace[uint64](c, i, op)
	case i32:
		return numberInPlace[int32](c, i, op)
	case u32:
		return numberInPlace[uint32](c, i, op)
	case u8:
		return numberInPlace[uint8](c, i, op)
	case f64:
		return numberInPlace[float64](c, i, op)
	}
	return stringInPlace(c, i, op)
}

func numberInPlace[T number](c *compiler, i *ssa.MapUpdate, op *ssa.BinOp) step {
	y := get[T](c, op.Y)
	rt := c.e.typ(i.Map.Type())
	mo, ko := c.reg(i.Map), c.reg(i.Key)
	keys := rtype.MapKeysOf(rt)
	switch {
	case op.Op == token.ADD && keys == rtype.Keys64:
		return func(fr *frame) {
			y := y(fr)
			*(*T)(rtype.MapAssign64(rt, *at[pointer](fr, mo), *at[uint64](fr, ko))) += y
		}
	case op.Op == token.ADD && keys == rtype.KeysString:
		return func(fr *frame) {
			y := y(fr)
			*(*T)(rtype.MapAssignString(rt, *at[pointer](fr, mo), *at[string](fr, ko))) += y
		}
	}
	enter := c.enter(i.Map, i.Key)
	if op.Op == token.ADD {
		return func(fr *frame) {
			y := y(fr)
			*(*T)(enter(fr)) += y
		}
	}
	return func(fr *frame) {
		y := y(fr)
		*(*T)(enter(fr)) -= y
	}
}

func stringInPlace(c *compiler, i *ssa.MapUpdate, op *ssa.BinOp) step {
	y, enter := get[string](c, op.Y), c.enter(i.Map, i.Key)
	return func(fr *frame) {
		y := y(fr)
		*(*string)(enter(fr)) += y
	}
}
