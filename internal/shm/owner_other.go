//go:build !unix

package shm

func startTime(int) (start uint32, state byte) { return 0, 0 }

func alive(int, uint32) bool { return true }
