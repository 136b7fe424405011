package codec

import (
	"errors"
	"reflect"
)

// ErrNotCopyable is wrapped by a [NotCopyableError].
var ErrNotCopyable = errors.New("mp: the value cannot be copied to another process")

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

// Refuse returns the error that says why values of type t cannot be copied. The
// Encoder completes its path.
func Refuse(t reflect.Type, why string) error {
	return &NotCopyableError{Type: TypeName(t), Why: why}
}
