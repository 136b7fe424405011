// Package rtype makes the types that cells declare into types of the Go
// runtime: with identity, name, layout, garbage-collection mask and method
// table, so that fmt, encoding/json, errors.As, reflection and every other
// compiled package treat their values as values of compiled types.
//
// [Types] maps go/types types to reflect types, for one session. A type that a
// compiled package declares, and whatever is made of such types alone, maps to
// the compiled type; everything else is built here and is never freed, as no
// runtime type is. Methods are entries of a static table of assembly slots; a
// slot jumps to a Go func value, which the engine supplies when the method is
// first called.
//
// The package also has the typed memory operations that an engine needs and
// reflection offers only at a price (memory.go, maps.go, channels.go,
// interfaces.go): allocation, moves with write barriers, equality, maps,
// channels, itabs. They take a reflect.Type and pointers to values, and check
// nothing that Go's own operations do not check.
//
// All this rests on the layout of type descriptors in one Go release. [Check]
// compares it with the release that the program was built with, and a program
// calls it before anything else here.
package rtype
