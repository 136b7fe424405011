package compiled

import (
	"go/token"
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// lengthOf returns x and the place of the length in it where v is len(x) or cap(x)
// of a slice or a string: the length is a part of x.
func lengthOf(v ssa.Value) (x ssa.Value, off uintptr, ok bool) {
	call, isCall := v.(*ssa.Call)
	if !isCall {
		return nil, 0, false
	}
	fn, isBuiltin := call.Call.Value.(*ssa.Builtin)
	if !isBuiltin || fn.Name() != "len" && fn.Name() != "cap" {
		return nil, 0, false
	}
	x = call.Call.Args[0]
	switch t := x.Type().Underlying().(type) {
	case *types.Slice:
		if fn.Name() == "cap" {
			return x, unsafe.Offsetof(slice{}.cap), true
		}
		return x, unsafe.Offsetof(slice{}.len), true
	case *types.Basic:
		return x, unsafe.Offsetof(slice{}.len), t.Info()&types.IsString != 0
	}
	return nil, 0, false
}

// lengthInMemory reports whether v is the length of what x loads for it alone: the
// length can be loaded in its place.
func lengthInMemory(v ssa.Value) bool {
	x, _, ok := lengthOf(v)
	if !ok {
		return false
	}
	load, ok := x.(*ssa.UnOp)
	return ok && load.Op == token.MUL && load.Block() == v.(*ssa.Call).Block() && soleUser(load) == v.(ssa.Instruction)
}

// loadLength compiles a length that has no register of its own.
func (c *compiler) loadLength(v *ssa.Call) value[int64] {
	x, off, _ := lengthOf(v)
	if !c.fold.folded[x] {
		return loadOf[int64](address{inFrame: true, off: c.reg(x) + off})
	}
	a := c.address(x.(*ssa.UnOp).X)
	a.move(off)
	return loadOf[int64](a)
}

// isStringIndex reports whether v is s[i] of a string.
func isStringIndex(v ssa.Value) bool {
	i, ok := v.(*ssa.Index)
	return ok && classOf(i.X.Type()) == str
}

// byteOf compiles s[i] of a string, by an int or by an index of another type.
func (c *compiler) byteOf(v *ssa.Index) value[uint8] {
	so, se := operand[string](c, v.X)
	if isInt(v.Index.Type()) {
		io, ie := operand[int64](c, v.Index)
		switch {
		case se == nil && ie == nil:
			return func(fr *frame) uint8 { return (*at[string](fr, so))[*at[int64](fr, io)] }
		case se == nil:
			return func(fr *frame) uint8 { i := ie(fr); return (*at[string](fr, so))[i] }
		case ie == nil:
			return func(fr *frame) uint8 { return se(fr)[*at[int64](fr, io)] }
		}
	}
	s, index := get[string](c, v.X), c.indexOperand(v.Index)
	unsigned := classOf(v.Index.Type()) == u64
	return func(fr *frame) uint8 {
		s, i := s(fr), index(fr)
		if uint(i) >= uint(len(s)) {
			panicIndex(i, len(s), unsigned)
		}
		return s[i]
	}
}
