package rtype

import (
	"reflect"
	"unsafe"
)

//go:linkname makemap reflect.makemap
func makemap(typ unsafe.Pointer, hint int) unsafe.Pointer

//go:linkname mapaccess reflect.mapaccess
//go:noescape
func mapaccess(typ, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapaccessString reflect.mapaccess_faststr
//go:noescape
func mapaccessString(typ, m unsafe.Pointer, key string) unsafe.Pointer

//go:linkname mapaccess2Fast32 runtime.mapaccess2_fast32
//go:noescape
func mapaccess2Fast32(typ, m unsafe.Pointer, key uint32) (unsafe.Pointer, bool)

//go:linkname mapaccess2Fast64 runtime.mapaccess2_fast64
//go:noescape
func mapaccess2Fast64(typ, m unsafe.Pointer, key uint64) (unsafe.Pointer, bool)

//go:linkname mapassign runtime.mapassign
//go:noescape
func mapassign(typ, m, key unsafe.Pointer) unsafe.Pointer

//go:linkname mapassignFast32 runtime.mapassign_fast32
//go:noescape
func mapassignFast32(typ, m unsafe.Pointer, key uint32) unsafe.Pointer

//go:linkname mapassignFast64 runtime.mapassign_fast64
//go:noescape
func mapassignFast64(typ, m unsafe.Pointer, key uint64) unsafe.Pointer

//go:linkname mapassignFastString runtime.mapassign_faststr
func mapassignFastString(typ, m unsafe.Pointer, key string) unsafe.Pointer

//go:linkname mapdelete reflect.mapdelete
//go:noescape
func mapdelete(typ, m, key unsafe.Pointer)

//go:linkname maplen reflect.maplen
//go:noescape
func maplen(m unsafe.Pointer) int

//go:linkname mapclear reflect.mapclear
//go:noescape
func mapclear(typ, m unsafe.Pointer)

//go:linkname mapiterinit runtime.mapiterinit
//go:noescape
func mapiterinit(typ, m unsafe.Pointer, it *MapIter)

//go:linkname mapiternext runtime.mapiternext
//go:noescape
func mapiternext(it *MapIter)

// MakeMap is make(rt, hint).
func MakeMap(rt reflect.Type, hint int) unsafe.Pointer { return makemap(TypePointer(rt), hint) }

// MapAccess returns the element at the key, or nil. The map may be nil. The
// element belongs to the map: it is to be copied at once.
func MapAccess(rt reflect.Type, m, key unsafe.Pointer) unsafe.Pointer {
	return mapaccess(TypePointer(rt), m, key)
}

// MapAssign returns where to store the element of the key, which is entered
// into the map. It panics with Go's text for a nil map.
func MapAssign(rt reflect.Type, m, key unsafe.Pointer) unsafe.Pointer {
	contentEscapes(key)
	return mapassign(TypePointer(rt), m, key)
}

// A MapKeys says by which functions a map may be reached.
type MapKeys int

const (
	// KeysAny are for MapAccess and MapAssign alone.
	KeysAny MapKeys = iota
	// Keys32 are integers of 4 bytes, for MapAccess32 and MapAssign32 too.
	Keys32
	// Keys64 are integers of 8 bytes, for MapAccess64 and MapAssign64 too.
	Keys64
	// KeysString are strings, for MapAccessString and MapAssignString too.
	KeysString
)

// MapKeysOf returns the fastest way to the elements of a map type. The
// condition is the compiler's (cmd/compile/internal/walk, mapfast): elements
// that the map holds in place, and keys without pointers of their own.
func MapKeysOf(rt reflect.Type) MapKeys {
	if rt.Elem().Size() > maxInlineElem {
		return KeysAny
	}
	switch key := rt.Key(); key.Kind() {
	case reflect.Int32, reflect.Uint32:
		return Keys32
	case reflect.Int, reflect.Uint, reflect.Int64, reflect.Uint64, reflect.Uintptr:
		return Keys64
	case reflect.String:
		return KeysString
	}
	return KeysAny
}

// MapAccess32 is MapAccess for Keys32.
func MapAccess32(rt reflect.Type, m unsafe.Pointer, key uint32) unsafe.Pointer {
	if elem, ok := mapaccess2Fast32(TypePointer(rt), m, key); ok {
		return elem
	}
	return nil
}

// MapAccess64 is MapAccess for Keys64.
func MapAccess64(rt reflect.Type, m unsafe.Pointer, key uint64) unsafe.Pointer {
	if elem, ok := mapaccess2Fast64(TypePointer(rt), m, key); ok {
		return elem
	}
	return nil
}

// MapAccessString is MapAccess for KeysString.
func MapAccessString(rt reflect.Type, m unsafe.Pointer, key string) unsafe.Pointer {
	return mapaccessString(TypePointer(rt), m, key)
}

// MapAssign32 is MapAssign for Keys32.
func MapAssign32(rt reflect.Type, m unsafe.Pointer, key uint32) unsafe.Pointer {
	return mapassignFast32(TypePointer(rt), m, key)
}

// MapAssign64 is MapAssign for Keys64.
func MapAssign64(rt reflect.Type, m unsafe.Pointer, key uint64) unsafe.Pointer {
	return mapassignFast64(TypePointer(rt), m, key)
}

// MapAssignString is MapAssign for KeysString.
func MapAssignString(rt reflect.Type, m unsafe.Pointer, key string) unsafe.Pointer {
	return mapassignFastString(TypePointer(rt), m, key)
}

// MapDelete is delete(m, key). The map may be nil.
func MapDelete(rt reflect.Type, m, key unsafe.Pointer) { mapdelete(TypePointer(rt), m, key) }

// MapLen is len(m). The map may be nil.
func MapLen(m unsafe.Pointer) int { return maplen(m) }

// MapClear is clear(m). The map may be nil.
func MapClear(rt reflect.Type, m unsafe.Pointer) {
	if m != nil {
		mapclear(TypePointer(rt), m)
	}
}

// A MapIter walks over a map as a range statement does, with the same promises
// about entries that come and go meanwhile. Its first fields mirror what
// runtime.mapiterinit fills in; the zero value is to be passed to Init.
type MapIter struct {
	// Key and Elem are the current entry; Key is nil at the end. They belong to
	// the map: values are to be copied before Next.
	Key, Elem unsafe.Pointer
	_, _      unsafe.Pointer // the map's type, the runtime's own iterator
}

// Init begins a walk over the map, which may be nil, and goes to its first
// entry.
func (it *MapIter) Init(rt reflect.Type, m unsafe.Pointer) { mapiterinit(TypePointer(rt), m, it) }

// Next goes to the next entry.
func (it *MapIter) Next() { mapiternext(it) }
