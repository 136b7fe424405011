//go:build amd64 || arm64

package shm

// goroutineID returns what no other living goroutine of the process has: the
// address of the runtime's own record.
func goroutineID() uintptr
