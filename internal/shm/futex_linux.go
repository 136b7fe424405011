//go:build linux

package shm

import (
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Operations of the futex system call, between processes.
const (
	futexWait = 0
	futexWake = 1
)

// wait blocks while *word is old, for d at most.
func wait(word *atomic.Uint32, old uint32, d time.Duration) {
	limit := syscall.NsecToTimespec(int64(d))
	// Whatever ended the wait, the caller looks again.
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(old), uintptr(unsafe.Pointer(&limit)), 0, 0)
}

// wake wakes up to n waiters.
func wake(word *atomic.Uint32, n int) {
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, uintptr(n), 0, 0, 0)
}
