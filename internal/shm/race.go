//go:build race

package shm

import (
	"runtime"
	"unsafe"
)

// The race detector does not look at mapped memory, and would miss that what
// happens there orders what goroutines do. So it is told: whoever looks at words of
// a Region comes after those that have changed them.

func (r *Region) seen() { runtime.RaceAcquire(unsafe.Pointer(r)) }

func (r *Region) changing() { runtime.RaceReleaseMerge(unsafe.Pointer(r)) }
