// Package mpruntime is the API that a notebook sees as mp: processes with the
// behaviour of CPython's multiprocessing (3.11) in the form of Go.
//
// A process here is a helper program that evaluates Go, started by the one that
// calls [Process.Start] and told what to run:
//
//	parent                                   child
//	NewProcess   Host.Describe               (a pre-started helper in ServeChild)
//	Start        Host.Bundle ── boot ──────► the record of the current process
//	             stdout, stderr ◄──────────  Host.Run, children ended or joined
//	Join         drained, reaped ◄── end ──  exit code
//
// What a function is, and how it and the memory that it reaches get into
// another process, is the business of the [Host], the seam to the interpreter;
// this package passes targets through and never looks inside. That of compiled
// programs is here too: [Main]. Values as such are turned into messages and back by
// internal/codec.
//
// The package has one piece of state, the record of the current process with
// its host and children (record.go). All exported functions and methods may be
// called from any goroutine, except that the fields of a Process are set before
// Start.
package mpruntime
