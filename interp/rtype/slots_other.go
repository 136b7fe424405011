//go:build !amd64 && !arm64

package rtype

import "unsafe"

// Without assembly there are no slots, and Check says so.
const (
	slotCount = 0
	slotSize  = 1
)

var slots [slotCount]unsafe.Pointer

func slotBase() unsafe.Pointer { return nil }

func slotTarget(int) uintptr { return 0 }
