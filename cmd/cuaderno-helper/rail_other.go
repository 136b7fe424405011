//go:build !linux || race

package main

import "runtime/debug"

// limitMemory has the collector work harder near the limit. What a compiled package
// allocates in one piece only Linux limits, and the race detector maps too much for it.
func limitMemory(bytes uint64) error {
	if bytes > 0 {
		debug.SetMemoryLimit(int64(bytes))
	}
	return nil
}
