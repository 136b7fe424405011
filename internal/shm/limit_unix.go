//go:build unix

package shm

import (
	"math"

	"golang.org/x/sys/unix"
)

// FileLimit is how long a file may become that this process writes: beyond, the
// system ends it with SIGXFSZ (setrlimit(2), RLIMIT_FSIZE).
func FileLimit() int64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil || uint64(limit.Cur) > math.MaxInt64 { //nolint:unconvert // it is signed on FreeBSD
		return math.MaxInt64
	}
	return int64(limit.Cur)
}
