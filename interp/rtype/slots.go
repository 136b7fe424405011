//go:build amd64 || arm64

package rtype

import "unsafe"

// slotCount is the number of slots in slots_GOARCH.s.
const slotCount = 32768

// slots holds the func value that each slot of the assembly jumps to. It is
// state of the process, as the code is: an entry belongs to the method that
// took it, for ever.
var slots [slotCount]unsafe.Pointer

// slotBase returns the address of the code of the first slot; the others follow,
// slotSize bytes each.
func slotBase() unsafe.Pointer
