package mpruntime

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"syscall"

	"cuaderno/internal/codec"
)

// ErrWorkerDied is wrapped by a [*WorkerDiedError].
var ErrWorkerDied = errors.New("mp: a worker of the pool died")

// An explained error is one of the package's with a text of its own.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// A WorkerDiedError says which worker ended while it ran tasks. It wraps
// [ErrWorkerDied].
type WorkerDiedError struct {
	Process  string
	PID      int
	ExitCode int // as [Process.ExitCode] has it: −n when signal n killed it
	// First and Last are the tasks that are lost, counted from 0; First is −1 if the
	// worker died before it could take tasks.
	First, Last int
}

// Error is a sentence for the user.
func (e *WorkerDiedError) Error() string {
	how := fmt.Sprintf("ended with exit code %d", e.ExitCode)
	switch {
	case e.ExitCode == 0: // a task has closed its descriptors, or called os.Exit(0)
		how = "closed its connection and " + how
	case e.ExitCode < 0:
		how = fmt.Sprintf("was killed by signal %d (%v)", -e.ExitCode, syscall.Signal(-e.ExitCode))
	}
	when := fmt.Sprintf("while it ran the tasks %d to %d", e.First, e.Last)
	switch {
	case e.First < 0:
		when = "before it was ready"
	case e.First == e.Last:
		when = fmt.Sprintf("while it ran task %d", e.First)
	}
	return fmt.Sprintf("mp: the pool's worker %s (pid %d) %s %s", e.Process, e.PID, how, when)
}

// Unwrap returns [ErrWorkerDied].
func (e *WorkerDiedError) Unwrap() error { return ErrWorkerDied }

// A TaskError is an error or a panic of a task in another process. It wraps what
// of the error's chain could be copied: the errors of mp, io.EOF and others like
// them, and values of the notebook's own types.
type TaskError struct {
	Index     int // of the item, counted from 0; −1 where there are no items
	Process   string
	PID       int
	Text      string // of the error
	Traceback string // of a panic: lines that name cell and line
	causes    []error
}

// Error says which task failed where and how; below it, for a panic, is the
// traceback.
func (e *TaskError) Error() string {
	what := fmt.Sprintf("task %d", e.Index)
	if e.Index < 0 {
		what = "the call"
	}
	text := fmt.Sprintf("mp: %s failed in %s (pid %d): %s", what, e.Process, e.PID, strings.TrimPrefix(e.Text, "mp: "))
	if e.Traceback != "" {
		text += "\n" + e.Traceback
	}
	return text
}

// Unwrap returns the copied errors.
func (e *TaskError) Unwrap() []error { return e.causes }

// maxCauses bounds how many errors of a chain travel.
const maxCauses = 16

// encodeFailure makes a message of an error of a task, index being that of the
// item in its chunk.
func encodeFailure(err error, index int) (codec.Message, error) {
	e := codec.NewEncoder(here.domain())
	e.Uvarint(uint64(index))
	e.Text(err.Error())
	traceback := ""
	if p := (*PanicError)(nil); errors.As(err, &p) {
		traceback = calls(p.Traceback, err.Error())
	}
	e.Text(traceback)
	causes := copyableCauses(err)
	e.Uvarint(uint64(len(causes)))
	for i := range causes {
		if err := e.Encode(reflect.ValueOf(&causes[i]).Elem(), "an error"); err != nil {
			e.Close()
			return codec.Message{}, err
		}
	}
	return e.Message(), nil
}

// calls returns a traceback in plain text without a first line that repeats what
// the panic was about.
func calls(traceback, text string) string {
	plain := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(traceback, "")
	plain = strings.TrimPrefix(plain, text)
	return strings.TrimRight(strings.TrimLeft(plain, "\n"), "\n")
}

// copyableCauses returns the errors of a chain that can be copied.
func copyableCauses(err error) (causes []error) {
	for next := []error{err}; len(next) > 0 && len(causes) < maxCauses; {
		err, next = next[0], next[1:]
		switch err := err.(type) { //nolint:errorlint // each of the chain by itself
		case nil:
			continue
		case interface{ Unwrap() error }:
			next = append(next, err.Unwrap())
		case interface{ Unwrap() []error }:
			next = append(next, err.Unwrap()...)
		}
		switch err.(type) { //nolint:errorlint // as above
		case *PanicError, *TaskError:
			continue
		}
		if m, failed := codec.Encode(reflect.ValueOf(&err).Elem(), "an error", here.domain()); failed == nil {
			m.Close()
			causes = append(causes, err)
		}
	}
	return causes
}

// taskError reads a message of encodeFailure from a process. first is the index of
// the first item of the chunk, −1 if there are no items.
func taskError(m codec.Message, process string, pid, first int) error {
	e := &TaskError{Index: first, Process: process, PID: pid}
	d, err := codec.NewDecoder(m, here.domain())
	if err != nil {
		return err
	}
	defer d.Close()
	index, err := d.Int()
	if err != nil {
		return err
	}
	if first >= 0 {
		e.Index += index
	}
	if e.Text, err = d.Text(); err != nil {
		return err
	}
	if e.Traceback, err = d.Text(); err != nil {
		return err
	}
	n, err := d.Int()
	for ; n > 0 && err == nil && len(e.causes) < maxCauses; n-- {
		var cause error
		if err = d.Decode(reflect.ValueOf(&cause).Elem()); err == nil && cause != nil {
			e.causes = append(e.causes, cause)
		}
	}
	return e // without the causes that cannot be decoded here
}
