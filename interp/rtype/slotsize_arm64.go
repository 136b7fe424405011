package rtype

import "unsafe"

// slotSize is the number of bytes that the assembler makes of a slot.
const slotSize = 16

// slotTarget returns the entry of slots that the code of a slot uses, 0 if
// the code is not what slots_arm64.s says.
func slotTarget(slot int) uintptr {
	code := (*[slotSize / 4]uint32)(slotCodeAt(slot))
	// ADRP pages(PC), R27; MOVD offset(R27), R26; MOVD (R26), R16; JMP (R16)
	if code[0]&0x9f00001f != 0x9000001b || code[1]&0xffc003ff != 0xf940037a || code[2] != 0xf9400350 || code[3] != 0xd61f0200 {
		return 0
	}
	pages := int64(code[0]>>5&0x7ffff)<<2 | int64(code[0]>>29&3)
	pages = pages << (64 - 21) >> (64 - 21)
	offset := int64(code[1]>>10&0xfff) * 8
	pc := uintptr(unsafe.Pointer(code))
	return pc&^0xfff + uintptr(pages<<12+offset)
}
