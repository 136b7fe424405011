// Package interp is the Go session behind a notebook: it checks cells, runs them
// and keeps what they declared. A Session implements lang.Session in its own
// process; NewChild makes what remains of it in a process that a cell started.
//
// The life of a cell:
//
//	Session.Execute
//	  check.Session.Check    parse, type-check against the session
//	  Engine.Lower, Declare  a Program, compiled
//	  Cell.Run               the statements, on a goroutine of the cell
//	  outcome                result, or error with the notebook's own stack
//
// Both kinds of process implement mpruntime.Host (host.go): the parent packs
// the programs, variables and values that a target can reach into a bundle, the
// child declares and restores them and calls the target.
package interp

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	"cuaderno/interp/engine"
	"cuaderno/interp/engine/yaegi"
	"cuaderno/mpruntime"
)

// An evaluator is what a session and a child have in common: an engine and the
// programs declared to it.
type evaluator struct {
	engine engine.Engine
	frames engine.Frames
	// command starts the helpers that children run in.
	command mpruntime.Command
	// stdout and stderr are those of the process, for goroutines that belong
	// to no cell.
	stdout, stderr io.Writer

	mu       sync.Mutex
	programs []*engine.Program
	sources  map[int]string // cells as typed, by number
}

func newEvaluator(stdout, stderr io.Writer, command mpruntime.Command) *evaluator {
	e := &evaluator{stdout: stdout, stderr: stderr, command: command, sources: map[int]string{}}
	e.engine = yaegi.New(&e.frames, e.replacedSymbols())
	return e
}

// remember keeps a program for the children to come and, if it is shown by its
// number, its source for tracebacks.
func (e *evaluator) remember(p *engine.Program, shown bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if shown {
		e.sources[p.Count] = p.Source
	}
	if len(p.Defines) > 0 {
		decls := *p
		decls.Statements, decls.Entry = "", ""
		e.programs = living(append(e.programs, &decls))
	}
}

// shownCalls is how many calls of a deep stack a traceback shows.
const shownCalls = 16

// traceback describes a panic as Go does, with the notebook's frames only.
func (e *evaluator) traceback(value any, g *engine.Goroutine) []string {
	lines := []string{red("panic: ") + panicText(value)}
	calls, cut := e.frames.Stack(g, shownCalls)
	if len(calls) == 0 {
		return lines
	}
	lines = append(lines, "")
	for i, call := range calls {
		if cut > 0 && i == shownCalls/2 {
			lines = append(lines, fmt.Sprintf("    … %d more calls …", cut))
		}
		lines = append(lines, e.callLine(call))
	}
	return lines
}

func (e *evaluator) callLine(call engine.Call) string {
	where := fmt.Sprintf("In [%d]:%d", call.Cell, call.Line)
	if call.Line == 0 {
		where = fmt.Sprintf("In [%d]", call.Cell)
	}
	name := call.Name
	if name == "" {
		name = "cell"
	} else {
		name += "(…)"
	}
	line := fmt.Sprintf("    %s  %s", cyan(where), name)
	if src := e.sourceLine(call.Cell, call.Line); src != "" {
		line += "\n        " + src
	}
	return line
}

func (e *evaluator) sourceLine(count, line int) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	lines := strings.Split(e.sources[count], "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return strings.TrimSpace(lines[line-1])
}

// panicText is what Go prints after "panic: ".
func panicText(value any) string {
	value = yaegi.PanicValue(value)
	switch v := value.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case nil:
		return "nil"
	}
	t := reflect.TypeOf(value)
	switch t.Kind() {
	case reflect.Struct, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array, reflect.Func, reflect.Chan:
		return fmt.Sprintf("%+v", value)
	}
	if t.PkgPath() == "" {
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("%T(%#v)", value, value)
}
