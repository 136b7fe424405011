//go:build unix && !linux

package shm

import "syscall"

// startTime is not known here: a pid that was given again counts as alive.
func startTime(int) (start uint32, state byte) { return 0, 0 }

func alive(pid int, _ uint32) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
