package shm

import (
	"os"
	"sync"
)

// An Owner names a process in shared memory: its pid in the low 31 bits, bit 31
// clear, and in the high 32 bits when it started, as far as the system tells.
// 0 is nobody.
type Owner uint64

// Self returns the current process.
var Self = sync.OnceValue(func() Owner {
	pid := os.Getpid()
	start, _ := startTime(pid)
	return Owner(start)<<32 | Owner(pid)
})

// PID returns the process id.
func (o Owner) PID() int { return int(uint32(o)) }

// Alive reports whether the process has not ended. A zombie has. What this
// process may not look at counts as alive.
func (o Owner) Alive() bool {
	if o == Self() {
		return true
	}
	return o != 0 && alive(o.PID(), uint32(o>>32))
}
