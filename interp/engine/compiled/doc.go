// Package compiled runs cells as closures compiled from SSA, on real Go values.
//
// A checked cell becomes functions in the SSA form of golang.org/x/tools/go/ssa
// (build.go), with generics instantiated. A function is compiled at its first
// call into closures specialised by operand kind (compile.go and what it
// calls): a value that is used once is folded into its user, the others are
// registers of a frame.
//
// A frame is one heap object for a call: a header, the parameters and results
// at offsets that only the signature decides (layout.go), then registers and
// constants, each with Go's real layout, so that the collector knows its
// pointers. Values are real Go values of real types (interp/rtype): compiled
// packages work on them in place.
//
// Functions are late-bound: a Func is what callers know, its body may be
// replaced. A func value of the notebook points to a function, which compiled
// code can call and which we recognise by its code pointer.
package compiled
