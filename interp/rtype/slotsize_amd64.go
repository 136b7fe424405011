package rtype

import "unsafe"

// slotSize is the number of bytes that the assembler makes of a slot.
const slotSize = 9

// slotTarget returns the entry of slots that the code of a slot uses, 0 if
// the code is not what slots_amd64.s says.
func slotTarget(slot int) uintptr {
	code := (*[slotSize]byte)(slotCodeAt(slot))
	// MOVQ displacement(IP), DX; JMP (DX)
	if [3]byte(code[:3]) != [3]byte{0x48, 0x8b, 0x15} || [2]byte(code[7:]) != [2]byte{0xff, 0x22} {
		return 0
	}
	displacement := *(*int32)(unsafe.Pointer(&code[3]))
	return uintptr(unsafe.Pointer(code)) + 7 + uintptr(displacement)
}
