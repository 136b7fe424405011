package kernel

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"cuaderno/interp/lang"
)

const (
	// defaultGrace is Config.InterruptGrace: with what follows, a fresh session
	// is there within 4 s of the interrupt.
	defaultGrace = 3 * time.Second
	// obituary is how long a dead session may take to return from a call.
	obituary = 2 * time.Second
)

const (
	startError   = "SessionStartError" // lang.Error.Name where no session can be had
	freshSession = "A fresh session has taken the place of the old one: the variables are gone."
	sharedEnd    = "something else that ran beside it did not stop when it was interrupted, and the session that they shared was ended"
)

// evaluate has the session do something that runs the notebook's code, and sees
// to the session afterwards: one that died, or does not stop when interrupted,
// is replaced.
func (k *Kernel) evaluate(ctx context.Context, do func(context.Context, lang.Session) lang.Outcome) lang.Outcome {
	lease, err := k.sessions.acquire(ctx)
	switch {
	case ctx.Err() != nil:
		if err == nil {
			k.sessions.release(lease)
		}
		return lang.Outcome{Err: interrupted("The cell was interrupted before it began.")}
	case err != nil:
		return lang.Outcome{Err: &lang.Error{Name: startError, Value: err.Error(), Traceback: []string{
			startError + ": no Go session could be started: " + err.Error(),
			"Each cell tries again.",
		}}}
	}
	finished := make(chan lang.Outcome, 1)
	go func() { finished <- k.call(ctx, lease.session, do) }()
	outcome, lost := k.await(ctx, lease.session, finished)
	if !lost {
		k.sessions.release(lease)
		return outcome
	}
	end := k.sessions.replace(lease)
	switch {
	case !end.replaced: // the kernel ends
		return outcome
	case outcome.Err == nil:
		if end.untold {
			k.sessionLost(end.err, end.remains)
		}
		return outcome
	case outcome.Err.Name == lang.Crashed && end.err == nil && !end.first:
		outcome = lang.Outcome{Err: crashed(errors.New(sharedEnd))}
	}
	e := *outcome.Err
	e.Traceback = slices.Concat(errorContent(&e).Traceback, []string{freshSession}, end.remains)
	return lang.Outcome{Err: &e}
}

// call is do, with a panic of it turned into a failure.
func (k *Kernel) call(ctx context.Context, s lang.Session, do func(context.Context, lang.Session) lang.Outcome) (o lang.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			k.log.Error("the session panicked", "panic", p, "stack", string(debug.Stack()))
			o = lang.Outcome{Err: &lang.Error{Name: "KernelError", Value: fmt.Sprint("the session panicked: ", p)}}
		}
	}()
	return do(ctx, s)
}

// await waits for the end of a call: its outcome, the death of the session, or
// the end of its patience after an interrupt. lost says that the session cannot
// be used any more.
func (k *Kernel) await(ctx context.Context, s lang.Session, finished <-chan lang.Outcome) (o lang.Outcome, lost bool) {
	stop, died := ctx.Done(), s.Done()
	var patience <-chan time.Time
	for {
		select {
		case o = <-finished:
			return o, o.Err != nil && o.Err.Name == lang.Crashed || ended(s)
		case <-stop:
			stop = nil
			timer := time.NewTimer(k.cfg.InterruptGrace)
			defer timer.Stop()
			patience = timer.C
		case <-died:
			died, stop = nil, nil
			timer := time.NewTimer(obituary)
			defer timer.Stop()
			patience = timer.C
		case <-patience:
			if died == nil {
				return lang.Outcome{Err: crashed(s.Err())}, true
			}
			return lang.Outcome{Err: interrupted(
				"The cell did not stop within " + k.cfg.InterruptGrace.String() + " of the interrupt, so its session was ended.")}, true
		}
	}
}

func ended(s lang.Session) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

func interrupted(text string) *lang.Error {
	return &lang.Error{Name: lang.Interrupted, Value: text, Traceback: []string{lang.Interrupted + ": " + text}}
}

func crashed(err error) *lang.Error {
	text := "the session ended"
	if err != nil {
		text = err.Error()
	}
	return &lang.Error{Name: lang.Crashed, Value: text, Traceback: []string{lang.Crashed + ": " + text}}
}
