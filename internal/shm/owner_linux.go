package shm

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// startTime returns the low 32 bits of when a process started, in the system's
// ticks since its boot, and its state letter.
func startTime(pid int) (start uint32, state byte) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			return 0, 'X'
		}
		return 0, 0
	}
	// The name, in parentheses, may hold anything. Behind it are the state,
	// field 3, and the start time, field 22.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, 0
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return 0, 0
	}
	return uint32(ticks), fields[0][0]
}

// alive reports whether the process that had pid at its start still runs.
func alive(pid int, start uint32) bool {
	if err := syscall.Kill(pid, 0); err == syscall.ESRCH {
		return false
	}
	now, state := startTime(pid)
	switch {
	case state == 'Z':
		return false
	case state == 'X' || state == 0: // no /proc, or a hidden one: the signal has told
		return syscall.Kill(pid, 0) != syscall.ESRCH
	}
	return start == 0 || now == start
}
