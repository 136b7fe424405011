package compiled

import (
	"reflect"

	"golang.org/x/tools/go/ssa"
)

// Structs and arrays of one to four words without pointers are copied as the
// following, which the compiler holds in registers.
type (
	words1 = uint64
	words2 struct{ w0, w1 uint64 }
	words3 struct{ w0, w1, w2 uint64 }
	words4 struct{ w0, w1, w2, w3 uint64 }
)

// plainWords returns how many words a value of type rt has, 0 if they are more
// than four, or not all of them plain words.
func plainWords(rt reflect.Type) int {
	n := rt.Size() / 8
	if n > 4 || rt.Size()%8 != 0 || rt.Align() != 8 || hasPointers(rt) {
		return 0
	}
	return int(n)
}

func hasPointers(rt reflect.Type) bool {
	switch rt.Kind() {
	case reflect.Struct:
		for i := range rt.NumField() {
			if hasPointers(rt.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Array:
		return rt.Len() > 0 && hasPointers(rt.Elem())
	}
	return rt.Kind() > reflect.Complex128
}

// moveAggregate copies between registers.
func moveAggregate(rt reflect.Type, dst, src uintptr) step {
	switch plainWords(rt) {
	case 1:
		return copyRegister[words1](dst, src)
	case 2:
		return copyRegister[words2](dst, src)
	case 3:
		return copyRegister[words3](dst, src)
	case 4:
		return copyRegister[words4](dst, src)
	}
	return func(fr *frame) { typedMove(rt, fr.pointer(dst), fr.pointer(src)) }
}

// putAggregate copies a register to memory outside the frame, off bytes past a
// pointer.
func (c *compiler) putAggregate(rt reflect.Type, off uintptr, v ssa.Value) transfer {
	switch plainWords(rt) {
	case 1:
		return moveOutOf[words1](c, off, v)
	case 2:
		return moveOutOf[words2](c, off, v)
	case 3:
		return moveOutOf[words3](c, off, v)
	case 4:
		return moveOutOf[words4](c, off, v)
	}
	return nil
}

// takeAggregate copies memory outside the frame to a register.
func takeAggregate(rt reflect.Type, dst, off uintptr) transfer {
	switch plainWords(rt) {
	case 1:
		return moveInOf[words1](dst, off)
	case 2:
		return moveInOf[words2](dst, off)
	case 3:
		return moveInOf[words3](dst, off)
	case 4:
		return moveInOf[words4](dst, off)
	}
	return nil
}

// storeWords compiles *a = v for aggregates of plain words.
func (c *compiler) storeWords(rt reflect.Type, i *ssa.Store, a address) step {
	switch plainWords(rt) {
	case 1:
		return storeOf[words1](c, i, a)
	case 2:
		return storeOf[words2](c, i, a)
	case 3:
		return storeOf[words3](c, i, a)
	case 4:
		return storeOf[words4](c, i, a)
	}
	return nil
}

// loadWords compiles the load of an aggregate of plain words into the register at
// dst.
func (c *compiler) loadWords(rt reflect.Type, dst uintptr, a address) step {
	switch plainWords(rt) {
	case 1:
		return set(dst, loadOf[words1](a))
	case 2:
		return set(dst, loadOf[words2](a))
	case 3:
		return set(dst, loadOf[words3](a))
	case 4:
		return set(dst, loadOf[words4](a))
	}
	return nil
}

// clearLocal sets a variable in the frame to its zero value.
func clearLocal(k class, rt reflect.Type, off uintptr) step {
	switch k {
	case str:
		return clearOf[string](off)
	case ptr:
		return clearOf[pointer](off)
	case ifc:
		return clearOf[iface](off)
	case slc:
		return clearOf[slice](off)
	case c128:
		return clearOf[words2](off)
	case agg:
		switch plainWords(rt) {
		case 1:
			return clearOf[words1](off)
		case 2:
			return clearOf[words2](off)
		case 3:
			return clearOf[words3](off)
		case 4:
			return clearOf[words4](off)
		}
		return nil
	}
	return clearOf[uint64](off) // registers of other classes are words
}

func clearOf[T any](off uintptr) step {
	return func(fr *frame) {
		var zero T
		*at[T](fr, off) = zero
	}
}
