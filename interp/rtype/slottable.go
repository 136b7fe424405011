package rtype

import (
	"sync/atomic"
	"unsafe"
)

// slotsTaken counts the method slots of the process that have an owner. A method of
// a type takes one, and one more if it is exported and its receiver is a value that
// is not pointer-shaped.
var slotsTaken atomic.Int64

// takeSlot takes a slot below limit.
func takeSlot(limit int) (int, bool) {
	for {
		n := slotsTaken.Load()
		if n >= int64(limit) {
			return 0, false
		}
		if slotsTaken.CompareAndSwap(n, n+1) {
			return int(n), true
		}
	}
}

// slotCodeAt returns the address of a slot's code.
func slotCodeAt(slot int) unsafe.Pointer { return unsafe.Add(slotBase(), slot*slotSize) }

// IsSlot reports whether code is that of a method slot.
func IsSlot(code uintptr) bool { return code-uintptr(slotBase()) < uintptr(slotCount*slotSize) }
