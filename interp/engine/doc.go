// Package engine is what a session and the engines that run its cells have in
// common: cells that can be stopped, goroutines that know their cell, and the
// causes of a stop.
package engine
