//go:build !race

package rtype

// raceEnabled reports whether the program was built with the race detector.
const raceEnabled = false
