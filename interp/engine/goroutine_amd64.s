#include "textflag.h"

// func goroutineID() uintptr
TEXT ·goroutineID(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ AX, ret+0(FP)
	RET

// func StackUsed() uintptr
TEXT ·StackUsed(SB), NOSPLIT, $0-8
	MOVQ (TLS), AX
	MOVQ 8(AX), AX // stack.hi
	SUBQ SP, AX
	MOVQ AX, ret+0(FP)
	RET
