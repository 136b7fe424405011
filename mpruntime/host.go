package mpruntime

import (
	"context"
	"fmt"
	"io"
	"os"
	"reflect"

	"cuaderno/internal/codec"
)

// Host is what processes ask of the interpreter. A program installs one, with
// [Install] in MainProcess and through [ServeChild] in a child. Its methods may
// be called from any goroutine; Describe, Bundle and Cell are called on the
// goroutine that called NewProcess, Start or Join.
type Host interface {
	// Describe identifies a target, a function or a value with Run(), checks the
	// arguments against its signature and gives it a name for messages. It copies
	// nothing yet. Its error becomes the first error of the Process.
	Describe(target any, args []any) (Target, error)

	// Bundle makes the boot bundle as of now: whatever Run needs in a process that
	// knows nothing: declarations, reachable globals, captured values, arguments.
	// Errors about values wrap ErrNotCopyable. Bundle may run code of the user
	// (MarshalBinary).
	Bundle(t Target) (codec.Message, error)

	// Run restores a bundle in the child and calls the target. It returns the exit
	// code when the target has returned and what it wrote has left the process: 0,
	// 1 after an error or a panic that Run has written to stderr, see [ReturnedError],
	// n after os.Exit(n) (which may as well end the process at once). ctx ends when the process is
	// interrupted. Other goroutines of the user may still run; they end with the
	// process.
	Run(ctx context.Context, bundle codec.Message) (exitCode int)

	// Domain returns what the messages of the process know, made by [NewDomain]. It
	// is always the same.
	Domain() *codec.Domain

	// Cell returns the cell of the calling goroutine.
	Cell() Cell

	// Goroutine names the calling goroutine where it must count as the same as
	// others, by a number that is no address: those that run the statements of the
	// cells of a notebook, of which one may unlock what another has locked. It
	// returns 0 for all others. It is called at every use of a re-entrant lock.
	Goroutine() uintptr

	// Command says how to start a helper that calls [ServeChild]. It is called
	// once per helper.
	Command() (Command, error)
}

// Target is a described target.
type Target struct {
	Name  string // for messages: calcCuad, (*MiProceso).Run
	Value any    // the host's own
}

// Cell is what runs the calling goroutine: a cell of a notebook, or a whole
// process. Cells are compared with == to find the children of one.
type Cell interface {
	// Stdout and Stderr receive whole lines that children write. They may be
	// called from any goroutine, also after the cell has ended. In a child they
	// are the process's own, which its children share.
	Stdout() io.Writer
	Stderr() io.Writer
	// Context ends, with its cause, when the cell is interrupted. Every blocking
	// call here then returns that cause.
	Context() context.Context
	// Fail ends the calling goroutine's work with err. It is called where a method
	// without an error result meets an object whose making failed. If it returns,
	// the method returns its zero value.
	Fail(err error)
	// Note is told why the making of an object failed, which the user may not look
	// at before its first use.
	Note(err error)
}

// ReturnedError returns the text of the error that a target has returned in the last
// place; ok is false if that is nil, or no error. It may run code of the user.
func ReturnedError(results []reflect.Value) (text string, ok bool) {
	if len(results) == 0 {
		return "", false
	}
	last := results[len(results)-1]
	if last.Type() != reflect.TypeFor[error]() || last.IsNil() {
		return "", false
	}
	return fmt.Sprint(last.Interface()), true
}

// Command is a helper program to start.
type Command struct {
	Path string
	Args []string
	// Lifeline is the read end that all processes of the tree inherit, or nil.
	Lifeline *os.File
	// Log is a file that all processes of the tree inherit, or nil.
	Log *os.File
	// Processes is how many processes all that have inherited Log may have started at
	// a time; 0 is no limit.
	Processes int
}
