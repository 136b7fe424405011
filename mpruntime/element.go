package mpruntime

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"unsafe"
)

// This file moves elements between shared memory and variables of the caller. A
// variable comes as an interface that holds a pointer to it, whose type is checked
// against the shape of the elements; then only addresses are used, so that the
// variable need not leave the caller's stack. It relies on the layout of an
// interface, a word for the type and a pointer.

// eface is an interface without methods.
type eface struct {
	typ  unsafe.Pointer
	data unsafe.Pointer
}

// address is where elements are.
type address = unsafe.Pointer

// header is a slice.
type header struct {
	data     unsafe.Pointer
	len, cap int
}

// shapeOf describes the layout of a type of fixed size; ok is false for others.
// Types of the same shape may look at the same memory.
func shapeOf(t reflect.Type) (shape string, ok bool) {
	switch k := t.Kind(); {
	case k >= reflect.Bool && k <= reflect.Complex128:
		return k.String(), true
	case k == reflect.Array:
		elem, ok := shapeOf(t.Elem())
		return fmt.Sprintf("[%d]%s", t.Len(), elem), ok
	case k == reflect.Struct:
		shape = "{"
		for i := range t.NumField() {
			field, ok := shapeOf(t.Field(i).Type)
			if !ok {
				return "", false
			}
			shape += fmt.Sprintf("%d %s;", t.Field(i).Offset, field)
		}
		return fmt.Sprintf("%s%d}", shape, t.Size()), true
	}
	return "", false
}

// kindOf is the kind of a shape that is a number or a bool, else Invalid.
func kindOf(shape string) reflect.Kind {
	for k := reflect.Bool; k <= reflect.Complex128; k++ {
		if k.String() == shape {
			return k
		}
	}
	return reflect.Invalid
}

// maxShape bounds the description of a type, in bytes, and so how deep it goes.
const maxShape = 1 << 16

// sizeOf returns the bytes of the types of a shape, which may have come in a
// message; ok is false if shapeOf makes no such shape.
func sizeOf(shape string) (size int, ok bool) {
	if len(shape) > maxShape {
		return 0, false
	}
	size, rest, ok := cutShape(shape)
	return size, ok && rest == ""
}

// cutShape is sizeOf of what s begins with.
func cutShape(s string) (size int, rest string, ok bool) {
	switch {
	case strings.HasPrefix(s, "["):
		count, elem, _ := strings.Cut(s[1:], "]")
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 {
			return 0, "", false
		}
		size, rest, ok = cutShape(elem)
		if ok = ok && (size == 0 || n <= math.MaxInt/size); !ok {
			return 0, "", false
		}
		return n * size, rest, true
	case strings.HasPrefix(s, "{"):
		end := 0 // of the fields so far
		for s = s[1:]; ; s = s[1:] {
			digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
			at, err := strconv.Atoi(s[:digits])
			if s = s[digits:]; err != nil || at < end || s == "" {
				return 0, "", false
			}
			if s[0] == '}' {
				return at, s[1:], true
			}
			if s[0] != ' ' {
				return 0, "", false
			}
			size, s, ok = cutShape(s[1:])
			if !ok || size > math.MaxInt-at || !strings.HasPrefix(s, ";") {
				return 0, "", false
			}
			end = at + size
		}
	}
	name := s
	if i := strings.IndexAny(s, ";"); i >= 0 {
		name = s[:i]
	}
	size = sizeOfKind(kindOf(name))
	return size, s[len(name):], size > 0
}

// sizeOfKind returns the bytes of a number or a bool, 0 for other kinds.
func sizeOfKind(k reflect.Kind) int {
	switch k {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return 1
	case reflect.Int16, reflect.Uint16:
		return 2
	case reflect.Int32, reflect.Uint32, reflect.Float32:
		return 4
	case reflect.Int64, reflect.Uint64, reflect.Float64, reflect.Complex64:
		return 8
	case reflect.Complex128:
		return 16
	case reflect.Int, reflect.Uint, reflect.Uintptr:
		return int(unsafe.Sizeof(uintptr(0)))
	}
	return 0
}

// known is the type that was last found to have the right shape: its address, by
// which an interface names it, and what keeps it where it is.
type known struct {
	word atomic.Uintptr
	typ  atomic.Pointer[reflect.Type]
}

// knows reports whether the type of operand was found right.
func (k *known) knows(operand any) bool {
	return uintptr((*eface)(unsafe.Pointer(&operand)).typ) == k.word.Load()
}

// variable returns the address that operand, a pointer or a slice, holds; nil, after
// fail, if its elements are of another shape.
func (k *known) variable(operand any, shape string) unsafe.Pointer {
	if !k.knows(operand) && !k.learn(reflect.TypeOf(operand), shape) {
		return nil
	}
	return addressIn(operand)
}

// addressIn returns the pointer that an interface holds.
func addressIn(operand any) unsafe.Pointer { return (*eface)(unsafe.Pointer(&operand)).data }

// learn checks a type that is not the last one.
func (k *known) learn(t reflect.Type, shape string) bool {
	if got, ok := shapeOf(t.Elem()); !ok || got != shape {
		fail(errorf("mp: the shared memory holds elements of another type (%s) than %s", shape, t.Elem()))
		return false
	}
	zero := reflect.Zero(t).Interface()
	k.typ.Store(&t)
	k.word.Store(uintptr((*eface)(unsafe.Pointer(&zero)).typ))
	return true
}

// element returns the address of element i.
func (s *sharedData) element(i int) unsafe.Pointer { return unsafe.Add(s.base, i*s.size) }

// move copies an element, in one access if it is a number or a bool.
func (s *sharedData) move(to, from unsafe.Pointer) {
	switch {
	case s.kind == reflect.Invalid || s.size > 8:
		copy(unsafe.Slice((*byte)(to), s.size), unsafe.Slice((*byte)(from), s.size))
	case s.size == 8:
		atomic.StoreUint64((*uint64)(to), atomic.LoadUint64((*uint64)(from)))
	case s.size == 4:
		atomic.StoreUint32((*uint32)(to), atomic.LoadUint32((*uint32)(from)))
	case s.size == 2:
		*(*uint16)(to) = *(*uint16)(from)
	default:
		*(*uint8)(to) = *(*uint8)(from)
	}
}

// sum adds what delta points to to what at points to, and leaves the sum in both.
// It reports whether elements of the kind can be added.
func sum(kind reflect.Kind, at, delta unsafe.Pointer) bool {
	switch kind {
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Uintptr:
		if unsafe.Sizeof(uintptr(0)) == 4 && kind != reflect.Int64 && kind != reflect.Uint64 {
			return sum(reflect.Uint32, at, delta)
		}
		add[uint64](at, delta)
	case reflect.Int32, reflect.Uint32:
		add[uint32](at, delta)
	case reflect.Int16, reflect.Uint16:
		add[uint16](at, delta)
	case reflect.Int8, reflect.Uint8:
		add[uint8](at, delta)
	case reflect.Float64:
		add[float64](at, delta)
	case reflect.Float32:
		add[float32](at, delta)
	case reflect.Complex128:
		add[complex128](at, delta)
	case reflect.Complex64:
		add[complex64](at, delta)
	default:
		return false
	}
	return true
}

// add is sum for one type. Numbers of two's complement are added as unsigned ones.
func add[N uint64 | uint32 | uint16 | uint8 | float64 | float32 | complex128 | complex64](at, delta unsafe.Pointer) {
	*(*N)(at) += *(*N)(delta)
	*(*N)(delta) = *(*N)(at)
}

// view returns the memory itself as a value of the type of like, a pointer or a
// slice.
func (s *sharedData) view(like any) any {
	t := reflect.TypeOf(like)
	v := reflect.New(t)
	if t.Kind() == reflect.Slice {
		*(*header)(v.UnsafePointer()) = header{s.base, len(s.bounds), len(s.bounds)}
	} else {
		*(*unsafe.Pointer)(v.UnsafePointer()) = s.base
	}
	return v.Elem().Interface()
}

// moveAll copies n elements between a slice, whose address slice is, and the memory
// from its beginning.
func (s *sharedData) moveAll(slice unsafe.Pointer, n int, out bool) {
	theirs := unsafe.Slice((*byte)((*header)(slice).data), n*s.size)
	ours := unsafe.Slice((*byte)(s.base), n*s.size)
	if out {
		copy(theirs, ours)
	} else {
		copy(ours, theirs)
	}
}
