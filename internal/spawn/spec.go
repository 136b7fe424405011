package spawn

import "os"

// A Spec says what to start and how.
type Spec struct {
	// Path is the program, not looked up in PATH. Args are its arguments without
	// the program's own name.
	Path string
	Args []string
	// Env is the environment; nil means that of this process.
	Env []string
	// Dir is the working directory; "" means that of this process.
	Dir string

	// Group makes the process the leader of a process group of its own, which
	// what it starts belongs to. Without it the process joins the caller's group.
	Group bool
	// Lifeline is the read end of a lifeline (see [NewLifeline]) that the process
	// inherits, or nil. It stays the caller's.
	Lifeline *os.File
	// Log is a regular file that the process inherits (see [InheritedLog]), or nil.
	// It stays the caller's.
	Log *os.File

	// Stdin is what the process reads; nil means the null device. It stays the
	// caller's.
	Stdin *os.File
	// Stdout and Stderr are given what the process writes, in order and in pieces
	// of any size that they must not retain. Each is called from one goroutine at
	// a time, but not from one and the same goroutine, and must not call Drain or
	// Close of its process. nil means the null device.
	Stdout, Stderr func([]byte)
	// Inherit gives the process this process's own stdout and stderr instead.
	Inherit bool
}
