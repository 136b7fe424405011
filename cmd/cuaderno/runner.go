package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"cuaderno/interp/lang"
)

// A runner executes cells one after the other in a session. After one has
// ended, the next cell gets a fresh one.
type runner struct {
	start lang.Starter
	// patience is how long a cell that was interrupted may take to stop before
	// its session is ended.
	patience time.Duration
	session  lang.Session
	previous lang.Session // that which died last
}

// stopPatience is how long a cell of cuaderno run may take to stop.
const stopPatience = 5 * time.Second

func newRunner(start lang.Starter) *runner {
	return &runner{start: start, patience: stopPatience}
}

// execute executes one cell. The error says that there is no session to do it.
func (r *runner) execute(ctx context.Context, cell lang.Cell, out lang.Output) (lang.Outcome, error) {
	if r.session == nil {
		session, err := r.start(ctx, r.previous)
		if err != nil {
			return lang.Outcome{}, err
		}
		r.session = session
	}
	ctx, cancel := context.WithCancel(ctx)
	returned := make(chan struct{})
	var guard sync.WaitGroup
	ended := false // the session did not stop and was ended; valid after guard
	guard.Go(func() {
		select {
		case <-ctx.Done():
		case <-returned:
			return
		}
		timer := time.NewTimer(r.patience)
		defer timer.Stop()
		select {
		case <-timer.C:
			ended = true
			_ = r.session.Close() // Execute tells
		case <-returned:
		}
	})
	outcome := r.session.Execute(ctx, cell, out)
	close(returned)
	guard.Wait()
	cancel() // nobody waits for input any more
	if ended || outcome.Err != nil && (outcome.Err.Name == lang.Crashed || r.limitEnded(outcome.Err)) {
		_ = r.session.Close() // it has told how it ended
		r.session, r.previous = nil, r.session
	}
	if outcome.Err != nil && ended {
		outcome.Err = &lang.Error{Name: lang.Interrupted, Value: "the cell was interrupted", Traceback: []string{
			"The session did not stop and was ended: its variables are gone.",
		}}
	}
	return outcome, nil
}

// limitEnded reports whether the session was ended because the cell that passed a
// limit, with the error err, did not stop.
func (r *runner) limitEnded(err *lang.Error) bool {
	select {
	case <-r.session.Done():
		return err.Name == lang.CellTimeout || err.Name == lang.OutputLimit
	default:
		return false
	}
}

// lost returns the error with which the session ended since the last cell, nil
// if it lives.
func (r *runner) lost() *lang.Error {
	if r.session == nil {
		return nil
	}
	select {
	case <-r.session.Done():
	default:
		return nil
	}
	text := "it ended"
	if err := r.session.Err(); err != nil {
		text = err.Error()
	}
	_ = r.session.Close() // it has ended
	r.session, r.previous = nil, r.session
	return &lang.Error{Name: lang.Crashed, Value: text, Traceback: []string{"The session crashed after the cell had ended:", text}}
}

// close ends the session, and with it what the cells left running.
func (r *runner) close() error {
	if r.session == nil {
		return nil
	}
	if err := r.session.Close(); err != nil {
		return fmt.Errorf("ending the session: %w", err)
	}
	return nil
}

// inDirectory starts sessions whose working directory is dir, as Jupyter starts
// the kernel of a notebook where the notebook lies.
func inDirectory(start lang.Starter, dir string) lang.Starter {
	return func(ctx context.Context, previous lang.Session) (lang.Session, error) {
		path, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("finding the notebook's directory: %w", err)
		}
		session, err := start(ctx, previous)
		if err != nil {
			return nil, err
		}
		change := lang.Cell{Code: "os.Chdir(" + strconv.Quote(path) + ")", Silent: true}
		if outcome := session.Execute(ctx, change, newPrinter(nil, nil, nil)); outcome.Err != nil {
			_ = session.Close() // it is of no use
			return nil, fmt.Errorf("entering the notebook's directory: %w", outcome.Err)
		}
		return session, nil
	}
}
