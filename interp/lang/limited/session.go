// Package limited puts limits on the cells of a session: how long each may run,
// and how much it may say. It stands between a front end and any lang.Session,
// so that the kernel and cuaderno run have the same limits and the same words.
//
//	front end ── Execute ──► Session ── Execute, ctx of the cell ──► lang.Session
//	          ◄── Output ─── meter (counts) ◄──────── Output ──────
//
// A cell that passes a limit is interrupted, and fails with an error named after the
// limit that says what it is and how to raise it. One that does not stop costs
// its session, as it would after an interrupt by a person: Done is closed, and the
// front end starts another. A callback of a comm is limited like a cell.
package limited

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cuaderno/internal/limits"
	"cuaderno/interp/lang"
)

// Rules are what a session is to keep.
type Rules struct {
	// Limits has CellTime and Output. Memory is the session's own to keep, and
	// named in the error if it dies of it.
	limits.Limits
	// Patience is how long a cell that passed a limit may take to stop before its
	// session is ended.
	Patience time.Duration
	// TimeSetting names for people what sets CellTime.
	TimeSetting string
	// Interactive says that a person answers the questions of cells: time in which a
	// cell waits for an answer does not count.
	Interactive bool
}

// A Session is a session with limits. It is safe for use from any goroutine, as
// what it wraps is.
type Session struct {
	lang.Session
	rules Rules

	done chan struct{} // closed when the session has ended, or is of no use any more
	once sync.Once
}

// New has s keep the rules.
func New(s lang.Session, rules Rules) *Session {
	limited := &Session{Session: s, rules: rules, done: make(chan struct{})}
	go func() { // ends with s
		<-s.Done()
		limited.give()
	}()
	return limited
}

// give gives the session up.
func (s *Session) give() { s.once.Do(func() { close(s.done) }) }

// Done implements lang.Session. It is closed, too, when a cell that passed a limit
// does not stop: the session lives, and is to be closed.
func (s *Session) Done() <-chan struct{} { return s.done }

// An overrun is why a cell was interrupted: the name and the text of its error.
type overrun struct{ name, text string }

func (o *overrun) Error() string { return o.text }

// Execute implements lang.Session.
func (s *Session) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	m, ctx := s.meter(ctx, out)
	outcome, lost := guard(ctx, s, func() lang.Outcome { return s.Session.Execute(ctx, cell, m) })
	m.conclude(&outcome)
	over := m.end()
	s.nameMemory(outcome.Err)
	for name, e := range outcome.Expressions {
		if over != nil && e.Err != nil && e.Err.Name == lang.Interrupted {
			outcome.Expressions[name] = lang.Expression{Err: over.failure(e.Err, false)}
		}
	}
	if over == nil || outcome.Err == nil && over.name == lang.CellTimeout && !lost {
		return outcome // it ended in time, though only just
	}
	if e := outcome.Err; e != nil && e.Name != lang.Interrupted && !lost {
		return outcome // it failed otherwise, on its own account
	}
	return lang.Outcome{Err: over.failure(outcome.Err, lost)}
}

// nameMemory says what the limit of memory is in the error of a session that died
// of it.
func (s *Session) nameMemory(err *lang.Error) {
	if err != nil && err.Name == lang.Crashed && s.rules.Memory > 0 &&
		(strings.Contains(err.Value, "out of memory") || strings.Contains(err.Value, "cannot allocate memory")) {
		err.Traceback = append(err.Traceback, fmt.Sprintf("The limit is %s (--memory, CUADERNO_MEMORY). "+
			"It was passed in one piece, or faster than a cell can be stopped.", limits.Size(s.rules.Memory)))
	}
}

// Comm implements lang.Session.
func (s *Session) Comm(ctx context.Context, message lang.CommMessage, out lang.Output) error {
	m, ctx := s.meter(ctx, out)
	err, lost := guard(ctx, s, func() error { return s.Session.Comm(ctx, message, m) })
	over := m.end()
	var e *lang.Error
	if over == nil || err == nil && !lost || errors.As(err, &e) && e.Name != lang.Interrupted && !lost {
		return err
	}
	return over.failure(e, lost)
}

// guard runs do for the cell of ctx, and waits for it, but no longer than for the
// patience with a cell that passed a limit: then the session is given up.
func guard[T any](ctx context.Context, s *Session, do func() T) (result T, lost bool) {
	returned := make(chan T, 1)
	panicked := make(chan any, 1)
	go func() { // ends with the session at the latest
		defer func() {
			if p := recover(); p != nil {
				panicked <- p
			}
		}()
		returned <- do()
	}()
	var impatient <-chan time.Time
	for stop := ctx.Done(); ; {
		select {
		case result = <-returned:
			return result, false
		case p := <-panicked:
			panic(p)
		case <-stop:
			stop = nil
			var o *overrun
			if errors.As(context.Cause(ctx), &o) { // an interrupt by a person is the front end's to see to
				timer := time.NewTimer(s.rules.Patience)
				defer timer.Stop()
				impatient = timer.C
			}
		case <-impatient:
			s.give()
			return result, true
		}
	}
}

// failure is the error of a cell that passed a limit and gave err.
func (o *overrun) failure(err *lang.Error, lost bool) *lang.Error {
	e := &lang.Error{Name: o.name, Value: o.text, Traceback: []string{"\x1b[1;31m" + o.name + ":\x1b[0m " + o.text}}
	switch {
	case lost:
		e.Traceback = append(e.Traceback, "The cell did not stop, so its session is ended.")
	case err != nil && len(err.Traceback) > 0:
		_, first, _ := strings.Cut(err.Traceback[0], lang.Interrupted+":")
		if first = strings.TrimSpace(strings.TrimPrefix(first, "\x1b[0m")); first != "" {
			e.Traceback = append(e.Traceback, first)
		}
		e.Traceback = append(e.Traceback, err.Traceback[1:]...)
	}
	return e
}

func tooLong(r *Rules) *overrun {
	return &overrun{lang.CellTimeout, fmt.Sprintf("the cell ran longer than %v (%s)", r.CellTime, r.TimeSetting)}
}

func tooMuch(r *Rules) *overrun {
	return &overrun{lang.OutputLimit, fmt.Sprintf("the cell has printed and displayed more than %s; the rest is dropped "+
		"(a higher limit: --output or CUADERNO_OUTPUT)", limits.Size(uint64(r.Output)))}
}
