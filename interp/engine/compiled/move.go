package compiled

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// into compiles v to set the register at dst, which need not be its own.
func (c *compiler) into(dst uintptr, v ssa.Value) step {
	k := classOf(v.Type())
	if !c.fold.folded[v] {
		if off, ok := c.regs[v]; ok && off != dst || !computes(v) {
			if !ok {
				off = c.reg(v)
			}
			return c.move(dst, off, v.Type())
		}
	}
	if k == agg {
		return c.aggregate(dst, v)
	}
	if op, ok := v.(*ssa.BinOp); ok {
		if s := c.binaryInto(dst, op); s != nil {
			return s
		}
	}
	if load, ok := v.(*ssa.UnOp); ok && load.Op == token.MUL {
		if s := c.loadInto(dst, load); s != nil {
			return s
		}
	}
	return setValue(dst, c.value(v))
}

// computes reports whether v is an instruction that value compiles.
func computes(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.BinOp, *ssa.Convert, *ssa.ChangeType, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Field:
		return true
	case *ssa.UnOp:
		return v.Op != token.ARROW
	case *ssa.Call:
		return lengthInMemory(v)
	case *ssa.Index:
		return isStringIndex(v)
	}
	return false
}

func set[T any](dst uintptr, f value[T]) step {
	return func(fr *frame) { *at[T](fr, dst) = f(fr) }
}

// move copies between registers.
func (c *compiler) move(dst, src uintptr, t types.Type) step {
	switch classOf(t) {
	case boolean, i8, u8:
		return copyRegister[uint8](dst, src)
	case i16, u16:
		return copyRegister[uint16](dst, src)
	case i32, u32, f32:
		return copyRegister[uint32](dst, src)
	case i64, u64, f64, c64:
		return copyRegister[uint64](dst, src)
	case c128:
		return copyRegister[complex128](dst, src)
	case str:
		return copyRegister[string](dst, src)
	case ptr:
		return copyRegister[pointer](dst, src)
	case ifc:
		return copyRegister[iface](dst, src)
	case slc:
		return copyRegister[slice](dst, src)
	}
	return moveAggregate(c.e.typ(t), dst, src)
}

func copyRegister[T any](dst, src uintptr) step {
	return func(fr *frame) { *at[T](fr, dst) = *at[T](fr, src) }
}
