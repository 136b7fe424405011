//go:build !unix

package shm

import "math"

// FileLimit is how long a file may become that this process writes.
func FileLimit() int64 { return math.MaxInt64 }
