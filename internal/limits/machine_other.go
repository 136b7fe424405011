//go:build !linux

package limits

// machineMemory is 0: it cannot be told.
func machineMemory() uint64 { return 0 }

// groupMemory has nothing to tell.
func groupMemory() (least uint64, ok bool) { return 0, false }
