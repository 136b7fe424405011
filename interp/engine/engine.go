// Package engine is what a session asks of whatever runs its cells, and what
// every engine needs for it: cells that can be stopped, goroutines that know
// their cell, and stacks that name the notebook's functions and lines.
//
// A checked cell (check.Unit) is lowered to a Program. The Program is plain
// data: the session declares it to its own engine and runs it, and sends it on
// to the engines of child processes, which declare it and run nothing.
package engine

import (
	"reflect"

	"cuaderno/interp/check"
)

// An Engine runs lowered cells. Lower and Declare are not called concurrently
// with each other; programs that were started may still run meanwhile.
type Engine interface {
	// Lower makes a checked cell ready to run. The error says what the engine
	// cannot do.
	Lower(u *check.Unit) (*Program, error)
	// Declare compiles a program and makes its declarations known, running
	// none of its statements.
	Declare(p *Program) error
	// Run runs the statements of a declared program on the calling goroutine,
	// which must be one that a Cell started. It panics as they do.
	Run(p *Program)
	// Prepare does in advance what programs that use these packages will need.
	Prepare(packages ...string) error
	// Variables returns the session variables that programs declared, settable, by
	// name. The map is the caller's.
	Variables() map[string]reflect.Value
}

// A Program is a lowered cell.
type Program struct {
	Count int
	// Source is the cell as typed.
	Source string
	// Packages are the compiled packages that the program uses.
	Packages []string
	// Decls is source that declares; Bind is the function in it that binds
	// function bodies. Statements is source whose function Entry runs the
	// cell's statements.
	Decls, Bind       string
	Statements, Entry string
	// Frames describes the functions of the program, by number.
	Frames map[int]FrameInfo
	// Defines are the names that Decls gives a meaning, and Needs the names of
	// the session that they mention, by name.
	Defines map[string]Definition
}

// A Definition is what a child must know of a name that a program defines.
type Definition struct {
	Kind Kind
	// Label is how messages call it: "function f", "global variable x".
	Label string
	// Needs are the names that it mentions.
	Needs []string
}

// A Kind tells definitions apart.
type Kind int

// The kinds of definitions.
const (
	TypeDef Kind = iota
	ConstDef
	VarDef
	FuncDef
)

// A FrameInfo names a function of the notebook.
type FrameInfo struct {
	Name string // as in a Go traceback: f, T.m, f.func1; "" for a cell's statements
	Cell int
}
