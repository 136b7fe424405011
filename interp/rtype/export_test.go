package rtype

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// RegularMemory reports whether equality of the type is that of its bytes.
func RegularMemory(rt reflect.Type) bool {
	return (*abiType)(TypePointer(rt)).TFlag&flagRegularMemory != 0
}

// PointerMask returns which words of the type are pointers, "" if the runtime
// makes the mask when it needs it.
func PointerMask(rt reflect.Type) string {
	t := (*abiType)(TypePointer(rt))
	if t.TFlag&flagGCMaskOnDemand != 0 {
		return ""
	}
	words := t.PtrBytes / unsafe.Sizeof(uintptr(0))
	var b strings.Builder
	for i := range words {
		b.WriteByte('0' + *(*byte)(unsafe.Add(unsafe.Pointer(t.GCData), i/8))>>(i%8)&1)
	}
	return b.String()
}

//go:linkname resolveNameOff reflect.resolveNameOff
func resolveNameOff(typ unsafe.Pointer, off int32) unsafe.Pointer

// AllMethods lists the methods of a type, unexported ones included, with their
// packages. The linker leaves out methods of compiled types that nothing calls,
// but not their names.
func AllMethods(rt reflect.Type) string {
	var b strings.Builder
	name := func(off int32) string {
		bytes := resolveNameOff(TypePointer(rt), off)
		n := *(*byte)(unsafe.Add(bytes, 1))
		return unsafe.String((*byte)(unsafe.Add(bytes, 2)), n)
	}
	if rt.Kind() == reflect.Interface {
		for _, m := range (*abiInterface)(TypePointer(rt)).Methods {
			fmt.Fprintf(&b, "%s ", name(m.Name))
		}
		return b.String()
	}
	t := (*abiType)(TypePointer(rt))
	if t.TFlag&flagUncommon == 0 {
		return ""
	}
	size := reflect.TypeFor[abiType]().Size()
	if descriptor, ok := descriptors[rt.Kind()]; ok {
		size = descriptor.Size()
	}
	u := (*abiUncommon)(unsafe.Add(unsafe.Pointer(t), size))
	if u.Mcount > 0 {
		for _, m := range unsafe.Slice((*abiMethod)(unsafe.Add(unsafe.Pointer(u), u.Moff)), u.Mcount) {
			fmt.Fprintf(&b, "%s ", name(m.Name))
		}
	}
	fmt.Fprintf(&b, "%d", u.Xcount)
	return b.String()
}

// CheckRelease is Check for another Go release.
func CheckRelease(version string) error { return check(version) }

// CheckMirror compares a type with the mirror of abi.Method.
func CheckMirror(original reflect.Type) error {
	return checkMirror(reflect.TypeFor[abiMethod](), original)
}

// Slots returns how many method slots of the process are taken.
func Slots() int { return int(slotsTaken.Load()) }

// LimitSlots makes the types that t makes from now on share n slots.
func (t *Types) LimitSlots(n int) { t.builder.slotLimit = int(slotsTaken.Load()) + n }

// Alone makes t find no compiled type but those that its table has.
func (t *Types) Alone() { t.builder.program = func(string) []*abiType { return nil } }
