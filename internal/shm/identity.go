package shm

// Goroutine returns a number that no other living goroutine of the process has.
func Goroutine() uint64 { return uint64(goroutineID()) }
