package mpruntime

import "errors"

// Errors to be compared with errors.Is.
var (
	// ErrClosed is returned by the methods of an object after its Close.
	ErrClosed = errors.New("mp: the object is closed")
	// ErrDaemonChild is returned by Start in a daemon process (CPython: "daemonic
	// processes are not allowed to have children").
	ErrDaemonChild = errors.New("mp: a daemon process may not start processes of its own")
	// ErrNotCopyable is wrapped by a [NotCopyableError].
	ErrNotCopyable = errors.New("mp: the value cannot be copied to another process")
	// ErrNoHost is returned where a program has no [Host] to run functions in
	// another process.
	ErrNoHost = errors.New("mp: this program cannot run functions in another process")
)

// A startError says of which process the start failed.
type startError struct {
	name, text string
	err        error
}

func (e *startError) Error() string { return "mp: starting " + e.name + ": " + e.text }
func (e *startError) Unwrap() error { return e.err }

// errNotMade is the error of a Process that NewProcess did not make.
var errNotMade = errors.New("mp: a Process is made by mp.NewProcess")

// NotCopyableError says which part of a value cannot be copied to another
// process, and why. It wraps [ErrNotCopyable].
type NotCopyableError struct {
	Path string // from what the caller named: argument 2[a].c
	Type string // as the user wrote it: chan int
	Why  string // the reason and, where there is one, the remedy
}

// Error is a sentence for the user.
func (e *NotCopyableError) Error() string {
	return "mp: " + e.Path + " (" + e.Type + ") cannot be copied to another process: " + e.Why
}

// Unwrap returns [ErrNotCopyable].
func (e *NotCopyableError) Unwrap() error { return ErrNotCopyable }
