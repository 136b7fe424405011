package shm

import (
	"fmt"
	"sync/atomic"
	"unsafe"
)

// Pointer returns the address of size bytes at offset off; it panics if they are
// not in the Region. The address is valid while the Region is reachable, or
// until its Close.
func (r *Region) Pointer(off, size int) unsafe.Pointer {
	if off < 0 || size < 0 || off > len(r.memory) || size > len(r.memory)-off {
		panic(fmt.Sprintf("shm: bytes %d to %d of a region of %d", off, off+size, len(r.memory)))
	}
	return unsafe.Pointer(unsafe.SliceData(r.memory[off:]))
}

// Uint32 returns the 4 bytes at off, a multiple of 4; see Pointer. Whoever uses
// them keeps the Region alive.
func (r *Region) Uint32(off int) *atomic.Uint32 {
	aligned(off, 4)
	return (*atomic.Uint32)(r.Pointer(off, 4))
}

// Uint64 returns the 8 bytes at off, a multiple of 8; see Uint32.
func (r *Region) Uint64(off int) *atomic.Uint64 {
	aligned(off, 8)
	return (*atomic.Uint64)(r.Pointer(off, 8))
}

func aligned(off, n int) {
	if off%n != 0 {
		panic(fmt.Sprintf("shm: a word of %d bytes at offset %d", n, off))
	}
}

// low returns the half of a 64-bit word that holds its low 32 bits: the part that
// a futex can await.
func low(word *atomic.Uint64) *atomic.Uint32 {
	halves := (*[2]atomic.Uint32)(unsafe.Pointer(word))
	one := uint64(1)
	if *(*uint32)(unsafe.Pointer(&one)) == 1 {
		return &halves[0]
	}
	return &halves[1]
}
