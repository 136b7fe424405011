// Package yaegi evaluates the straight-line code of cells with the interpreter
// traefik/yaegi v0.16.1, and is the only package that knows it.
//
// yaegi is given what it does exactly as Go: statements that compute with
// session variables of basic types. They are the session's own variables, which
// it reaches through pointers; it declares nothing and keeps nothing from cell
// to cell. Accept says of a unit whether it is one of those, and why not if not:
// everything else is the compiled engine's.
//
// What yaegi does differently from Go and how it is kept from users:
//
//   - types, functions, conversions to interfaces, containers, loops, shifts,
//     integer division, literals of functions: not accepted;
//   - constant expressions: the type checker has their values, which are what is
//     evaluated;
//   - a cancelled context makes closures return zero values for ever after: no
//     context reaches it, and nothing that is accepted can take long;
//   - panics escape from Eval, with notes on stderr: Eval is guarded, and nothing
//     that is accepted can panic;
//   - its memory grows with each Eval: an interpreter is used a limited number of
//     times.
package yaegi

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
)

// An Engine evaluates snippets. It serves one goroutine at a time.
type Engine struct {
	interp *interp.Interpreter
	used   int
}

// uses is how many snippets an interpreter evaluates before it is replaced.
const uses = 200

// New returns an engine.
func New() *Engine { return &Engine{} }

// Prepare makes a snippet ready to run. The error is one of ours, or of yaegi.
func (e *Engine) Prepare(s *Snippet) (run func() (result any), err error) {
	defer func() {
		if r := recover(); r != nil {
			run, err = nil, fmt.Errorf("yaegi: %v", r)
		}
	}()
	if e.interp == nil || e.used == uses {
		e.interp = interp.New(interp.Options{Stdout: io.Discard, Stderr: io.Discard, Stdin: strings.NewReader("")})
		e.used = 0
	}
	e.used++
	name := fmt.Sprintf("snippet%d", e.used)
	if _, err := e.interp.Eval("func " + name + s.source); err != nil {
		return nil, fmt.Errorf("yaegi: %w", err)
	}
	f, err := e.interp.Eval(name)
	if err != nil {
		return nil, fmt.Errorf("yaegi: %w", err)
	}
	args := make([]reflect.Value, len(s.variables))
	for i, v := range s.variables {
		args[i] = v.Addr()
	}
	if f.Kind() != reflect.Func || f.Type().NumIn() != len(args) {
		return nil, fmt.Errorf("yaegi: the function of the cell is a %s", f.Type())
	}
	return func() any {
		out := f.Call(args)
		if len(out) == 0 {
			return nil
		}
		return out[0].Interface()
	}, nil
}
