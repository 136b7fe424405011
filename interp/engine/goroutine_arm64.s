#include "textflag.h"

// func goroutineID() uintptr
TEXT ·goroutineID(SB), NOSPLIT, $0-8
	MOVD g, R0
	MOVD R0, ret+0(FP)
	RET

// func StackUsed() uintptr
TEXT ·StackUsed(SB), NOSPLIT, $0-8
	MOVD 8(g), R0 // stack.hi
	MOVD RSP, R1
	SUB R1, R0
	MOVD R0, ret+0(FP)
	RET
