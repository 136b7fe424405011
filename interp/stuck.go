package interp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cuaderno/interp/lang"
)

// This file is about cells whose compilation was given up and does not end. Nothing
// stops the checker, and no cell can be compiled beside it: where one does not let go,
// the session has to be replaced.

const (
	// stuckLimit is how long a cell waits for a compilation that was given up.
	stuckLimit = 5 * time.Second
	// stuckLong is how long ago it was given up when the interrupt of a cell that
	// waits for it is taken for the wish to be rid of it.
	stuckLong = 2 * time.Second
	// stuckGlance is how often it looks what it waits for.
	stuckGlance = 100 * time.Millisecond
)

// A stuck compilation is why a cell could not be compiled: another one, that nobody
// waits for any more, goes on.
type stuck struct {
	ahead *compilation
}

func (e *stuck) Error() string {
	return fmt.Sprintf("the compiler has been at In [%d] for %v, which was stopped; nothing else can be compiled before it ends",
		e.ahead.count, max(time.Second, time.Since(e.ahead.began).Round(time.Second)))
}

// takeChecker waits for the turn to use the checker, behind a compilation that was
// given up no longer than for stuckLimit, and no longer than ctx either. The error is
// the cause of ctx, or *stuck.
func (s *Session) takeChecker(ctx context.Context) error {
	glance := time.NewTicker(stuckGlance)
	defer glance.Stop()
	var ahead *compilation
	var since time.Time
	for {
		if now := s.compiling.Load(); now != nil && now.left.Load() != nil && now != ahead {
			ahead, since = now, time.Now()
		}
		select {
		case s.checking <- struct{}{}:
			return nil
		case <-glance.C:
			if ahead != nil && ahead == s.compiling.Load() && time.Since(since) >= stuckLimit {
				return &stuck{ahead}
			}
		case <-ctx.Done():
			if ahead != nil && ahead == s.compiling.Load() && time.Since(*ahead.left.Load()) >= stuckLong {
				return &stuck{ahead}
			}
			return context.Cause(ctx)
		}
	}
}

// neverCompiled is the outcome of a cell that did not get its turn to use the checker.
func neverCompiled(err error) lang.Outcome {
	var behind *stuck
	if !errors.As(err, &behind) {
		return neverRan()
	}
	// Whoever reads this name closes the session, and starts one that can restore.
	text := behind.Error()
	return failed(newError(lang.Crashed, text, []string{
		red("The session was ended:"), text + ".", "The cell did not run.",
	}))
}
