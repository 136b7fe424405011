package rtype

import (
	"reflect"
	"unsafe"
)

// isRegularMemory reports whether values of a comparable type are equal where
// their bytes are (cmd/compile/internal/compare, IsRegularMemory).
func isRegularMemory(t *abiType) bool {
	switch reflect.Kind(t.Kind_) {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.String, reflect.Interface:
		return false
	case reflect.Array:
		a := (*abiArray)(unsafe.Pointer(t))
		return a.Len == 0 || isRegularMemory(a.Elem)
	case reflect.Struct:
		end := uintptr(0)
		for _, f := range (*abiStruct)(unsafe.Pointer(t)).Fields {
			if f.Offset != end || f.Name.isBlank() || !isRegularMemory(f.Typ) {
				return false
			}
			end += f.Typ.Size_
		}
		return end == t.Size_
	}
	return true
}

// equality returns the function that compares values of t, which is
// comparable. from is a type with the same equality where t has no components.
func equality(t, from *abiType) func(p, q unsafe.Pointer) bool {
	switch {
	case t.TFlag&flagRegularMemory != 0:
		return bytesEqual(t.Size_)
	case reflect.Kind(t.Kind_) == reflect.Struct:
		s := (*abiStruct)(unsafe.Pointer(t))
		return func(p, q unsafe.Pointer) bool {
			for i := range s.Fields {
				f := &s.Fields[i]
				if !f.Name.isBlank() && !f.Typ.Equal(unsafe.Add(p, f.Offset), unsafe.Add(q, f.Offset)) {
					return false
				}
			}
			return true
		}
	case reflect.Kind(t.Kind_) == reflect.Array:
		a := (*abiArray)(unsafe.Pointer(t))
		return func(p, q unsafe.Pointer) bool {
			for i := range a.Len {
				if off := i * a.Elem.Size_; !a.Elem.Equal(unsafe.Add(p, off), unsafe.Add(q, off)) {
					return false
				}
			}
			return true
		}
	}
	return from.Equal
}

func bytesEqual(size uintptr) func(p, q unsafe.Pointer) bool {
	switch size {
	case 0:
		return func(_, _ unsafe.Pointer) bool { return true }
	case 1:
		return func(p, q unsafe.Pointer) bool { return *(*uint8)(p) == *(*uint8)(q) }
	case 2:
		return func(p, q unsafe.Pointer) bool { return *(*uint16)(p) == *(*uint16)(q) }
	case 4:
		return func(p, q unsafe.Pointer) bool { return *(*uint32)(p) == *(*uint32)(q) }
	case 8:
		return func(p, q unsafe.Pointer) bool { return *(*uint64)(p) == *(*uint64)(q) }
	case 16:
		return func(p, q unsafe.Pointer) bool { return *(*[2]uint64)(p) == *(*[2]uint64)(q) }
	}
	return func(p, q unsafe.Pointer) bool {
		return unsafe.String((*byte)(p), size) == unsafe.String((*byte)(q), size)
	}
}
