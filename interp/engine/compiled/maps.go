package compiled

import (
	"go/types"
	"reflect"
	"unicode/utf8"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// makeMap compiles make(map[K]V, n).
func (c *compiler) makeMap(i *ssa.MakeMap) step {
	dst, rt := c.register(i), c.e.typ(i.Type())
	if i.Reserve == nil {
		return func(fr *frame) { *at[pointer](fr, dst) = rtype.MakeMap(rt, 0) }
	}
	hint, e, size := c.intOperand(i.Reserve), c.e, entrySize(rt)
	return func(fr *frame) { *at[pointer](fr, dst) = fr.th.makeMap(e, rt, size, hint.get(fr)) }
}

// find compiles the search for a key, in the fastest way that its type allows.
// It gives the address of the element, nil where there is none.
func (c *compiler) find(m, key ssa.Value) pointerValue {
	rt := c.e.typ(m.Type())
	mo, ko := c.reg(m), c.reg(key)
	switch rtype.MapKeysOf(rt) {
	case rtype.Keys32:
		return func(fr *frame) pointer { return rtype.MapAccess32(rt, *at[pointer](fr, mo), *at[uint32](fr, ko)) }
	case rtype.Keys64:
		return func(fr *frame) pointer { return rtype.MapAccess64(rt, *at[pointer](fr, mo), *at[uint64](fr, ko)) }
	case rtype.KeysString:
		return func(fr *frame) pointer {
			return rtype.MapAccessString(rt, *at[pointer](fr, mo), *at[string](fr, ko))
		}
	}
	return func(fr *frame) pointer { return rtype.MapAccess(rt, *at[pointer](fr, mo), fr.pointer(ko)) }
}

// enter compiles the search for a key that is added where it is missing.
func (c *compiler) enter(m, key ssa.Value) pointerValue {
	rt := c.e.typ(m.Type())
	mo, ko := c.reg(m), c.reg(key)
	switch rtype.MapKeysOf(rt) {
	case rtype.Keys32:
		return func(fr *frame) pointer { return rtype.MapAssign32(rt, *at[pointer](fr, mo), *at[uint32](fr, ko)) }
	case rtype.Keys64:
		return func(fr *frame) pointer { return rtype.MapAssign64(rt, *at[pointer](fr, mo), *at[uint64](fr, ko)) }
	case rtype.KeysString:
		return func(fr *frame) pointer {
			return rtype.MapAssignString(rt, *at[pointer](fr, mo), *at[string](fr, ko))
		}
	}
	return func(fr *frame) pointer { return rtype.MapAssign(rt, *at[pointer](fr, mo), fr.pointer(ko)) }
}

// lookup compiles m[k], with and without the second result.
func (c *compiler) lookup(i *ssa.Lookup) step {
	if op := inPlace(i); op != nil {
		c.fold.folded[op] = true // mapUpdate compiles both
		return nil
	}
	t := i.X.Type().Underlying().(*types.Map).Elem()
	switch classOf(t) {
	case boolean, i8, u8:
		return lookupOf[uint8](c, i)
	case i16, u16:
		return lookupOf[uint16](c, i)
	case i32, u32, f32:
		return lookupOf[uint32](c, i)
	case i64, u64, f64, c64:
		return lookupOf[uint64](c, i)
	case c128:
		return lookupOf[complex128](c, i)
	case str:
		return lookupOf[string](c, i)
	case ptr:
		return lookupOf[pointer](c, i)
	case ifc:
		return lookupOf[iface](c, i)
	case slc:
		return lookupOf[slice](c, i)
	}
	rt := c.e.typ(t)
	dst, ok := c.results(i, i.CommaOk)
	find, commaOk := c.find(i.X, i.Index), i.CommaOk
	return func(fr *frame) {
		p := find(fr)
		if p == nil {
			rtype.TypedClear(rt, fr.pointer(dst))
		} else {
			typedMove(rt, fr.pointer(dst), p)
		}
		if commaOk {
			*at[bool](fr, ok) = p != nil
		}
	}
}

func lookupOf[T any](c *compiler, i *ssa.Lookup) step {
	dst, ok := c.results(i, i.CommaOk)
	find := c.find(i.X, i.Index)
	if i.CommaOk {
		return func(fr *frame) {
			if p := find(fr); p != nil {
				*at[T](fr, dst) = *(*T)(p)
				*at[bool](fr, ok) = true
				return
			}
			var zero T
			*at[T](fr, dst) = zero
			*at[bool](fr, ok) = false
		}
	}
	rt := c.e.typ(i.X.Type())
	mo, ko := c.reg(i.X), c.reg(i.Index)
	switch rtype.MapKeysOf(rt) {
	case rtype.Keys64:
		return func(fr *frame) {
			if p := rtype.MapAccess64(rt, *at[pointer](fr, mo), *at[uint64](fr, ko)); p != nil {
				*at[T](fr, dst) = *(*T)(p)
				return
			}
			var zero T
			*at[T](fr, dst) = zero
		}
	case rtype.KeysString:
		return func(fr *frame) {
			if p := rtype.MapAccessString(rt, *at[pointer](fr, mo), *at[string](fr, ko)); p != nil {
				*at[T](fr, dst) = *(*T)(p)
				return
			}
			var zero T
			*at[T](fr, dst) = zero
		}
	}
	return func(fr *frame) {
		if p := find(fr); p != nil {
			*at[T](fr, dst) = *(*T)(p)
			return
		}
		var zero T
		*at[T](fr, dst) = zero
	}
}

// mapUpdate compiles m[k] = v.
func (c *compiler) mapUpdate(i *ssa.MapUpdate) step {
	if op, ok := i.Value.(*ssa.BinOp); ok && c.fold.folded[op] {
		return c.updateInPlace(i, op)
	}
	switch classOf(i.Value.Type()) {
	case boolean, i8, u8:
		return updateOf[uint8](c, i)
	case i16, u16:
		return updateOf[uint16](c, i)
	case i32, u32, f32:
		return updateOf[uint32](c, i)
	case i64, u64, f64, c64:
		return updateOf[uint64](c, i)
	case c128:
		return updateOf[complex128](c, i)
	case str:
		return updateOf[string](c, i)
	case ptr:
		return updateOf[pointer](c, i)
	case ifc:
		return updateOf[iface](c, i)
	case slc:
		return updateOf[slice](c, i)
	}
	rt, enter, v := c.e.typ(i.Value.Type()), c.enter(i.Map, i.Key), c.reg(i.Value)
	return func(fr *frame) { typedMove(rt, enter(fr), fr.pointer(v)) }
}

func updateOf[T any](c *compiler, i *ssa.MapUpdate) step {
	v := c.reg(i.Value)
	rt := c.e.typ(i.Map.Type())
	mo, ko := c.reg(i.Map), c.reg(i.Key)
	switch rtype.MapKeysOf(rt) {
	case rtype.Keys64:
		return func(fr *frame) {
			*(*T)(rtype.MapAssign64(rt, *at[pointer](fr, mo), *at[uint64](fr, ko))) = *at[T](fr, v)
		}
	case rtype.KeysString:
		return func(fr *frame) {
			*(*T)(rtype.MapAssignString(rt, *at[pointer](fr, mo), *at[string](fr, ko))) = *at[T](fr, v)
		}
	}
	enter := c.enter(i.Map, i.Key)
	return func(fr *frame) { *(*T)(enter(fr)) = *at[T](fr, v) }
}

// A mapCursor is where a range over a map is.
type mapCursor struct {
	rtype.MapIter
	started bool
}

// A stringCursor is where a range over a string is.
type stringCursor struct {
	s    string
	next int
}

// cursor returns the register of a range's state.
func (c *compiler) cursor(r ssa.Value) uintptr {
	off, ok := c.regs[r]
	if !ok {
		t := reflect.TypeFor[stringCursor]()
		if _, isMap := r.(*ssa.Range).X.Type().Underlying().(*types.Map); isMap {
			t = reflect.TypeFor[mapCursor]()
		}
		off = c.memory.value(agg, t)
		c.regs[r] = off
	}
	return off
}

// rangeOver compiles the start of a range over a map or a string.
func (c *compiler) rangeOver(i *ssa.Range) step {
	off, x := c.cursor(i), c.reg(i.X)
	if _, isMap := i.X.Type().Underlying().(*types.Map); !isMap {
		return func(fr *frame) { *at[stringCursor](fr, off) = stringCursor{s: *at[string](fr, x)} }
	}
	rt := c.e.typ(i.X.Type())
	return func(fr *frame) {
		cursor := at[mapCursor](fr, off)
		*cursor = mapCursor{}
		cursor.Init(rt, *at[pointer](fr, x))
	}
}

// next compiles a step of a range over a map or a string.
func (c *compiler) next(i *ssa.Next) step {
	off, dst := c.cursor(i.Iter), c.register(i)
	tuple := i.Type().(*types.Tuple)
	offsets := c.tuple(tuple).offsets
	ok, k, v := dst+offsets[0], dst+offsets[1], dst+offsets[2]
	wantsKey, wantsElem := isWanted(tuple.At(1)), isWanted(tuple.At(2))
	if i.IsString {
		return func(fr *frame) {
			cursor := at[stringCursor](fr, off)
			pos := cursor.next
			if pos >= len(cursor.s) {
				*at[bool](fr, ok) = false
				return
			}
			*at[bool](fr, ok) = true
			r, n := rune(cursor.s[pos]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(cursor.s[pos:])
			}
			cursor.next += n
			if wantsKey {
				*at[int](fr, k) = pos
			}
			if wantsElem {
				*at[rune](fr, v) = r
			}
		}
	}
	m := i.Iter.(*ssa.Range).X.Type().Underlying().(*types.Map)
	var copyKey, copyElem func(dst, src pointer)
	if wantsKey {
		copyKey = c.copier(m.Key())
	}
	if wantsElem {
		copyElem = c.copier(m.Elem())
	}
	return func(fr *frame) {
		cursor := at[mapCursor](fr, off)
		if cursor.started {
			cursor.Next()
		}
		cursor.started = true
		if cursor.Key == nil {
			*at[bool](fr, ok) = false
			cursor.MapIter = rtype.MapIter{}
			return
		}
		*at[bool](fr, ok) = true
		if copyKey != nil {
			copyKey(fr.pointer(k), cursor.Key)
		}
		if copyElem != nil {
			copyElem(fr.pointer(v), cursor.Elem)
		}
	}
}

// isWanted reports whether a range uses a variable: its type is invalid else.
func isWanted(v *types.Var) bool { return v.Type() != types.Typ[types.Invalid] }

// copier returns what copies a value of type t.
func (c *compiler) copier(t types.Type) func(dst, src pointer) {
	switch classOf(t) {
	case boolean, i8, u8:
		return copyValue[uint8]
	case i16, u16:
		return copyValue[uint16]
	case i32, u32, f32:
		return copyValue[uint32]
	case i64, u64, f64, c64:
		return copyValue[uint64]
	case c128:
		return copyValue[complex128]
	case str:
		return copyValue[string]
	case ptr:
		return copyValue[pointer]
	case ifc:
		return copyValue[iface]
	case slc:
		return copyValue[slice]
	}
	rt := c.e.typ(t)
	return func(dst, src pointer) { typedMove(rt, dst, src) }
}

func copyValue[T any](dst, src pointer) { *(*T)(dst) = *(*T)(src) }
