package interp

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"cuaderno/interp/check"
	"cuaderno/interp/engine/compiled"
)

// A turn is a lock whose waiting a context ends.
type turn chan struct{}

// take waits for the turn. The error is the cause of ctx.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) give() { <-t }

// A compilation is a cell on its way to be part of the session.
type compilation struct {
	count int
	code  string
	shown bool // people know the cell by its number
	// decided is set by whoever decides first that the cell becomes part of the
	// session, or that nobody waits for it any more.
	decided atomic.Bool
	// left is when nobody waited for it any more, nil while somebody does.
	left  atomic.Pointer[time.Time]
	began time.Time

	unit     *check.Unit
	program  *compiled.Program
	accepted snippet
	err      error
}

// A bug is a panic of ours.
type bug struct{ text string }

func (b *bug) Error() string {
	return "a bug of Cuaderno, please report it with this cell: " + b.text
}

// compile checks a cell and makes what it declares known. The checker cannot be
// interrupted: when ctx ends it is left to finish, and the cell changes nothing;
// those that follow wait for it (stuck.go). The error is a cell.Errors,
// errInterrupted, a *stuck, or a *bug.
func (s *Session) compile(ctx context.Context, count int, code string, shown bool) (*compilation, error) {
	if err := s.takeChecker(ctx); err != nil {
		var behind *stuck
		if errors.As(err, &behind) {
			return nil, behind
		}
		return nil, errInterrupted
	}
	c := &compilation{count: count, code: code, shown: shown, began: time.Now()}
	s.compiling.Store(c)
	done := make(chan struct{})
	go func() { // Close waits for it by the turn
		defer s.checking.give()
		defer s.compiling.Store(nil)
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				c.err = &bug{fmt.Sprint(r)}
			}
		}()
		c.err = s.load(c)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if c.decided.CompareAndSwap(false, true) {
			now := time.Now()
			c.left.Store(&now)
			return nil, errInterrupted
		}
		<-done // it is as good as loaded
	}
	return c, c.err
}

// load checks a cell and makes what it declares known, unless it is refused. It is
// the caller's turn. Serials grow.
func (s *Session) load(c *compilation) (err error) {
	committed := false
	defer func() {
		switch {
		case committed:
		case c.unit != nil:
			c.unit.Rollback()
			if c.accepted.done != nil {
				c.accepted.done()
			}
		}
	}()
	if c.unit, err = s.checker.Check(c.count, c.code); err != nil {
		return err
	}
	if c.accepted, err = s.judge(c.unit); err != nil {
		return err
	}
	serial := s.serial + 1
	c.program, err = s.engine.LoadUnless(serial, c.unit, func() error {
		if !c.decided.CompareAndSwap(false, true) {
			return errInterrupted
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.log != nil && (c.program.Lasting() || len(c.unit.Cell.File.Imports) > 0) {
		d, err := s.publish(serial, c.count, c.code, c.shown, c.unit, c.program)
		if err != nil {
			c.unit.Notes = append(c.unit.Notes, fmt.Sprintf("mp: the declarations of the cell could not be kept for children: %v", err))
		}
		s.checkpoints.declared(serial, c.count, c.program, d.Gone)
	}
	c.unit.Commit()
	committed = true
	s.serial = serial
	if c.shown {
		s.show(c.count, serial, c.code)
	}
	return nil
}
