//go:build !linux

package shm

import (
	"sync/atomic"
	"time"
)

// wait polls while *word is old, for d at most.
func wait(word *atomic.Uint32, old uint32, d time.Duration) {
	const longest = 2 * time.Millisecond
	for pause := 20 * time.Microsecond; d > 0 && word.Load() == old; pause = min(2*pause, longest) {
		time.Sleep(min(pause, d))
		d -= pause
	}
}

// wake has nothing to do: waiters poll.
func wake(*atomic.Uint32, int) {}
