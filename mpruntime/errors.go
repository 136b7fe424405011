package mpruntime

import (
	"errors"
	"reflect"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// Errors to be compared with errors.Is.
var (
	// ErrClosed is returned by the methods of an object after its Close.
	ErrClosed = errors.New("mp: the object is closed")
	// ErrFull is returned by TryPut and PutTimeout.
	ErrFull = errors.New("mp: the queue is full")
	// ErrEmpty is returned by TryGet and GetTimeout.
	ErrEmpty = errors.New("mp: the queue is empty")
	// ErrBrokenPipe is returned by Send when no process can receive any more.
	ErrBrokenPipe = errors.New("mp: nobody has the other end of the pipe open any more")
	// ErrDaemonChild is returned by Start in a daemon process (CPython: "daemonic
	// processes are not allowed to have children").
	ErrDaemonChild = errors.New("mp: a daemon process may not start processes of its own")
	// ErrNotCopyable is wrapped by a [NotCopyableError].
	ErrNotCopyable = codec.ErrNotCopyable
	// ErrNoHost is returned where a program has no [Host] to run functions in
	// another process.
	ErrNoHost = errors.New("mp: this program cannot run functions in another process")
	// ErrTimeout is returned by a method with a time limit when that has passed.
	ErrTimeout = shm.ErrTimeout
	// ErrOwnerDied is returned by LockTimeout when it has taken a lock from a
	// process that ended while holding it.
	ErrOwnerDied = errors.New("mp: the lock was taken from a process that has ended")
	// ErrBrokenBarrier is returned by those that wait at a [Barrier] that was
	// aborted, reset or left by one of them (CPython: BrokenBarrierError).
	ErrBrokenBarrier = errors.New("mp: the barrier is broken")
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
type NotCopyableError = codec.NotCopyableError

// errorf is [codec.Errorf], which all sentences go through that show a type or wrap
// an error.
func errorf(format string, args ...any) error { return codec.Errorf(format, args...) }

// typeName is [codec.TypeName] of the type of v.
func typeName(v any) string { return codec.TypeName(reflect.TypeOf(v)) }
