//go:build !race

package shm

import "runtime"

// seen and changing tell the race detector, if there is one, what happens in the
// Region; they keep it alive up to here.

func (r *Region) seen() { runtime.KeepAlive(r) }

func (r *Region) changing() { runtime.KeepAlive(r) }
