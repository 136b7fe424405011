#include "textflag.h"

// A slot loads the func value of its entry in slots into the register where Go
// code finds its closure, and jumps to the func value's code. It touches no
// argument register and no stack, so it stands for a func of any signature.
// The assembler spends 9 bytes on each, slotSize in Go.

#define SLOT(i) MOVQ ·slots+(8*(i))(SB), DX; JMP (DX)
#define SLOTS8(i) SLOT(i); SLOT((i)+1); SLOT((i)+2); SLOT((i)+3); SLOT((i)+4); SLOT((i)+5); SLOT((i)+6); SLOT((i)+7)
#define SLOTS64(i) SLOTS8(i); SLOTS8((i)+8); SLOTS8((i)+16); SLOTS8((i)+24); SLOTS8((i)+32); SLOTS8((i)+40); SLOTS8((i)+48); SLOTS8((i)+56)
#define SLOTS512(i) SLOTS64(i); SLOTS64((i)+64); SLOTS64((i)+128); SLOTS64((i)+192); SLOTS64((i)+256); SLOTS64((i)+320); SLOTS64((i)+384); SLOTS64((i)+448)
#define SLOTS4096(i) SLOTS512(i); SLOTS512((i)+512); SLOTS512((i)+1024); SLOTS512((i)+1536); SLOTS512((i)+2048); SLOTS512((i)+2560); SLOTS512((i)+3072); SLOTS512((i)+3584)

// slotCode is all slots. Nothing calls it.
TEXT ·slotCode(SB), NOSPLIT|NOFRAME, $0-0
	SLOTS4096(0)
	SLOTS4096(4096)
	SLOTS4096(8192)
	SLOTS4096(12288)
	SLOTS4096(16384)
	SLOTS4096(20480)
	SLOTS4096(24576)
	SLOTS4096(28672)

// func slotBase() unsafe.Pointer
TEXT ·slotBase(SB), NOSPLIT, $0-8
	LEAQ ·slotCode(SB), AX
	MOVQ AX, ret+0(FP)
	RET
