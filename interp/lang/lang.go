// Package lang is the contract between a front end and a Go session: what the
// kernel (or cuaderno run) may ask, and what the session may say meanwhile. It
// is small so that it can be faked (langtest), carried over a socketpair
// (interp/remote) and given another back end.
//
// All methods of a Session may be called from any goroutine at any time. Cells
// that are executed side by side (subshells) share all that the session has
// declared, as goroutines of one program do. Complete, Inspect and IsComplete do
// not wait for cells that run: they see what is declared. The Output of a cell
// stays valid after Execute has returned, because goroutines and child processes
// that the cell started may still write to it.
package lang

import (
	"context"
	"errors"

	"cuaderno/interp/display"
)

// A Session evaluates cells and keeps their variables.
type Session interface {
	// Execute evaluates one cell. All output of the cell, and of the children
	// it started that have ended, has been given to out when it returns.
	// Cancelling ctx interrupts the cell: Execute then returns soon, with an
	// Error named Interrupted, and the variables are kept.
	// When the session itself dies, the Outcome carries the crash text under
	// the name Crashed; Done is closed, or the session can run no cell any more
	// and is to be closed.
	Execute(ctx context.Context, cell Cell, out Output) Outcome

	// IsComplete says whether code could be run as it stands (messaging spec,
	// "Code completeness").
	IsComplete(ctx context.Context, code string) (Completeness, error)

	// Complete lists what may stand at the cursor, a number of code points from
	// the start of code (messaging spec, "Completion").
	Complete(ctx context.Context, code string, cursor int) (Completion, error)

	// Inspect describes what stands at the cursor, a number of code points; a
	// detail of 1 asks for more than 0 (messaging spec, "Introspection").
	Inspect(ctx context.Context, code string, cursor, detail int) (Inspection, error)

	// Comm delivers a message of a comm of the front end to what the notebook
	// has registered for it, and returns when that has returned. What it says
	// meanwhile goes to out. The error is an *Error, of the code that took it or,
	// named Crashed, of the session, or ErrNoComm when nobody takes the message:
	// its target is not registered, or its comm not open.
	Comm(ctx context.Context, m CommMessage, out Output) error

	// Remains says, once the session has ended, what %restore can bring back in
	// the session that takes its place and what it cannot, in lines for people.
	// There are none after Close, or when nothing was declared.
	Remains() []string

	// Close ends the session and every process it started, and waits for it.
	Close() error

	// Done is closed when the session has ended, whatever the reason.
	Done() <-chan struct{}

	// Err says why the session ended, with the crash text if it crashed; nil
	// while it lives and after Close.
	Err() error
}

// A Starter starts a fresh session. The previous one is that whose place it
// takes, and whose remains it can restore; nil for the first.
type Starter func(ctx context.Context, previous Session) (Session, error)

// A Cell is one request to evaluate code.
type Cell struct {
	// Count is the number the front end shows: In [Count].
	Count int `json:"count"`
	// Code is the source as typed. Lines and columns in errors refer to it.
	Code string `json:"code"`
	// Silent asks for no result.
	Silent bool `json:"silent,omitempty"`
	// Expressions are evaluated after the code has succeeded, by name.
	Expressions map[string]string `json:"expressions,omitempty"`
}

// Output receives what a cell says while, and after, it runs. Its methods may
// be called from any goroutine, also after Execute has returned. Stdout and
// Stderr may block to slow the cell down; they keep no reference to p.
type Output interface {
	Stdout(p []byte)
	Stderr(p []byte)
	// Display shows a bundle. A non-empty id allows UpdateDisplay later
	// (transient.display_id).
	Display(b display.Bundle, id string)
	UpdateDisplay(b display.Bundle, id string)
	// ClearOutput removes the cell's output; with wait, when the next output
	// arrives.
	ClearOutput(wait bool)
	// Comm sends a message of a comm to the front end.
	Comm(m CommMessage)
	// ReadLine asks the person for a line, without its newline. The error is
	// ErrNoInput where nobody can answer, io.EOF at the end of input, or the
	// context's.
	ReadLine(ctx context.Context, prompt string, password bool) (string, error)
}

// ErrNoInput is returned by Output.ReadLine when the front end allows no input,
// or no longer.
var ErrNoInput = errors.New("no input: the front end does not allow it, or the cell has ended")

// An Outcome is the end of a cell.
type Outcome struct {
	// Result is the value of the last expression, nil when there is none.
	Result *display.Bundle `json:"result,omitempty"`
	// Page is what the cell shows beside the notebook, as help that it asked
	// for; nil when there is none, or the cell failed.
	Page *display.Bundle `json:"page,omitempty"`
	// Err is nil when the cell succeeded.
	Err *Error `json:"err,omitempty"`
	// Expressions answers Cell.Expressions; empty when the cell failed.
	Expressions map[string]Expression `json:"expressions,omitempty"`
}

// An Expression is the answer to one of Cell.Expressions: a bundle or an error.
type Expression struct {
	Bundle *display.Bundle `json:"bundle,omitempty"`
	Err    *Error          `json:"err,omitempty"`
}

// Names of errors that do not come from the user's program (Error.Name).
const (
	CompileError = "CompileError" // the cell does not compile; nothing changed
	Panic        = "Panic"        // a panic that nobody recovered
	Exit         = "Exit"         // os.Exit or log.Fatal
	Interrupted  = "KeyboardInterrupt"
	Crashed      = "SessionCrashed" // the session died; its variables are gone
	MemoryLimit  = "MemoryLimit"    // the cell needs more memory than the session may have
	CellTimeout  = "CellTimeout"    // the cell ran longer than it may
	OutputLimit  = "OutputLimit"    // the cell said more than it may
)

// An Error is how a cell failed, in the terms of the messaging spec's error
// message: ename, evalue and traceback. Traceback is never empty; its lines
// carry ANSI colours and no trailing newline.
type Error struct {
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
	// Background names what the code had called and goes on, as nothing can stop it;
	// "" if there is no such thing.
	Background string `json:"background,omitempty"`
}

func (e *Error) Error() string { return e.Name + ": " + e.Value }
