package interp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cuaderno/interp/engine"
	"cuaderno/interp/lang"
)

// A run is one cell while Execute waits for it.
type run struct {
	cell  *engine.Cell
	ended chan end // the goroutine of the cell's statements

	mu       sync.Mutex
	finished bool
}

// An end is how a goroutine ended.
type end struct {
	g     *engine.Goroutine
	value any // what it panicked with, nil if it returned
}

// over ends the waiting for a cell. What its goroutines stop it for from then on, by
// os.Exit or a recursion without end, its output tells.
func (s *Session) over(r *run) {
	r.mu.Lock()
	r.finished = true
	r.mu.Unlock()
	if r.cell.Stopped() {
		return
	}
	context.AfterFunc(r.cell.Context(), func() {
		err := s.stopError(r, r.cell.Cause(), nil, nil)
		r.cell.Out.Stderr([]byte(strings.Join(err.Traceback, "\n") + "\n" + startedIn(r.cell) + "\n"))
	})
}

// startedIn is the last line about a goroutine.
func startedIn(c *engine.Cell) string {
	return fmt.Sprintf("(in a goroutine that In [%d] started)", c.Count)
}

// A goroutinePanic stops a cell because one of its goroutines panicked.
type goroutinePanic struct {
	text      string
	traceback []string
}

func (p *goroutinePanic) Error() string { return "a goroutine of the cell panicked" }

// goroutinePanicked fails the cell of a goroutine that panicked; if the cell has
// ended, its output tells.
func (s *Session) goroutinePanicked(r *run, g *engine.Goroutine, value any) {
	traceback := s.traceback(value, g)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.finished {
		r.cell.Stop(&goroutinePanic{s.panicText(value, g), traceback})
		return
	}
	r.cell.Out.Stderr([]byte(strings.Join(traceback, "\n") + "\n" + startedIn(r.cell) + "\n"))
}

// endError returns the error with which the statements of a cell ended, nil if
// they succeeded.
func (s *Session) endError(r *run, e end) *lang.Error {
	if cause := r.cell.Cause(); cause != nil {
		return s.stopError(r, cause, e.g, nil)
	}
	switch value := e.value.(type) {
	case nil:
		return nil
	case engine.Goexit:
		return newError(lang.Panic, "runtime.Goexit ended the cell", nil)
	default:
		return newError(lang.Panic, s.panicText(value, e.g), s.traceback(value, e.g))
	}
}

// abandoned returns the error of a stopped cell that goes on waiting inside
// compiled code.
func (s *Session) abandoned(r *run) *lang.Error {
	var overflow *engine.StackOverflow
	if errors.As(r.cell.Cause(), &overflow) {
		return s.stopError(r, overflow, nil, nil) // it only unwinds
	}
	name, lines := s.background(r.cell)
	err := s.stopError(r, r.cell.Cause(), nil, lines)
	err.Background = name
	return err
}

// background says what of a stopped cell goes on, and where that was called. Without a
// name it is nothing but the ending of goroutines.
func (s *Session) background(c *engine.Cell) (name string, lines []string) {
	name, calls := s.engine.Background(c)
	switch {
	case len(calls) == 0:
		return "", []string{"Goroutines of the cell are still ending: it has more than could so far. None runs a further statement of the cell."}
	case name == "":
		name = "Something that the cell called"
	}
	lines = []string{name + " goes on in the background: compiled code cannot be stopped. It ends before any further statement of the cell."}
	return name, append(lines, s.callLines(calls)...)
}

// fatal describes what would have ended a Go process, nil for other causes.
func (e *evaluator) fatal(cause error) []string {
	var fatal *engine.Fatal
	var deadlock *engine.Deadlock
	var memory *engine.OutOfMemory
	lines := []string{red(cause.Error())}
	switch {
	case errors.As(cause, &fatal):
		return append(lines, e.callLines(e.engine.Stack(fatal.G, nil))...)
	case errors.As(cause, &deadlock):
		for i, wait := range deadlock.Waits {
			lines = append(lines, "", fmt.Sprintf("goroutine %d [%s]:", i+1, wait.State))
			lines = append(lines, e.callLines(wait.Calls)...)
		}
		return lines
	case errors.As(cause, &memory) && e.child:
		return lines
	case errors.As(cause, &memory):
		return append(lines, "The cell was stopped; the variables are kept. Let go of what is not needed, by assigning nil to it.")
	}
	return nil
}

func (s *Session) stopError(r *run, cause error, g *engine.Goroutine, notes []string) *lang.Error {
	var exit engine.Exit
	var inGoroutine *goroutinePanic
	var overflow *engine.StackOverflow
	switch {
	case errors.As(cause, &overflow):
		return newError(lang.Panic, overflow.Error(), append(s.traceback(overflow, nil), notes...))
	case errors.As(cause, &inGoroutine):
		lines := append([]string{}, inGoroutine.traceback...)
		lines = append(lines, startedIn(r.cell))
		return newError(lang.Panic, inGoroutine.text, append(lines, notes...))
	case errors.As(cause, &exit):
		return newError(lang.Exit, exit.Error(), append([]string{red("exit: ") + exit.Error() + " (the session goes on, with its variables)"}, notes...))
	}
	if lines := s.fatal(cause); lines != nil {
		var memory *engine.OutOfMemory
		if errors.As(cause, &memory) {
			return newError(lang.MemoryLimit, cause.Error(), append(lines, notes...))
		}
		return newError(lang.Panic, cause.Error(), append(lines, notes...))
	}
	lines := []string{red(lang.Interrupted+": ") + "the cell was interrupted; the variables are kept"}
	if g != nil {
		if calls := s.engine.Stack(g, nil); len(calls) > 0 {
			lines = append(lines, s.callLine(calls[0]))
		}
	}
	return newError(lang.Interrupted, "the cell was interrupted", append(lines, notes...))
}
