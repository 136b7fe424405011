//go:build !race

package main

import (
	"fmt"
	"runtime/debug"
	"syscall"
)

// railSlack is how many bytes of writable memory a process may map beside what its
// limit is and a quarter of that: code of the interpreter, stacks, and what the
// collector has not given back.
const railSlack = 192 << 20

// limitMemory sees to it that a process which outruns the watch of its heap, in one
// allocation of a compiled package for instance, ends by itself before the operating
// system has to choose whom to kill (setrlimit(2), RLIMIT_DATA). Programs that it
// starts inherit that. From near the limit on, the collector works harder. The
// programs are built without cgo, whose threads would map more.
func limitMemory(bytes uint64) error {
	if bytes == 0 {
		return nil
	}
	debug.SetMemoryLimit(int64(bytes))
	most := bytes + bytes/4 + railSlack
	var rail syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &rail); err != nil {
		return fmt.Errorf("reading the limit of memory: %w", err)
	}
	if rail.Cur <= most {
		return nil // somebody has set one that is tighter
	}
	rail.Cur, rail.Max = most, min(rail.Max, most)
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &rail); err != nil {
		return fmt.Errorf("limiting memory: %w", err)
	}
	return nil
}
