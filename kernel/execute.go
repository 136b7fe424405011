package kernel

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

const (
	// flushLimit bounds how long a reply waits for the output before it.
	flushLimit = time.Second
	// pipelineWindow is how long after a request others that were sent in one
	// go with it ("run all") may arrive. A cell that fails sooner waits for
	// them before it replies, so that they are aborted and not run (rule 6).
	pipelineWindow = 20 * time.Millisecond
	// obituary is how long a dead session may take to return from Execute.
	obituary = 2 * time.Second
)

// Names of errors that the kernel itself puts into cells (lang.Error.Name).
const (
	protocolError = "ProtocolError" // the request cannot be read
	startError    = "SessionStartError"
)

const freshSession = "A fresh session has taken the place of the old one: the variables are gone."

// execute handles execute_request.
func (k *Kernel) execute(ctx context.Context, r *request) {
	in, err := wire.DecodeExecute(r.Content)
	if err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newOutput(ctx, k, r, in)
	if !k.begin(out, cancel) {
		k.reply(r, wire.ExecuteAborted{Status: wire.Aborted, ExecutionCount: k.count})
		return
	}
	if in.StoreHistory {
		k.count++
	}
	started := time.Now()
	if !in.Silent {
		k.pub.publish(wire.ExecuteInput, r.RawHeader,
			wire.ExecuteInputContent{Code: in.Code, ExecutionCount: k.count})
	}
	outcome := k.evaluate(ctx, lang.Cell{
		Count:       k.count,
		Code:        in.Code,
		Silent:      in.Silent,
		Expressions: in.UserExpressions,
	}, out)
	k.idle()
	out.end()
	k.conclude(r, in, outcome, started)
}

// begin notes which cell runs, for interrupts. It is false for a cell that has
// been aborted.
func (k *Kernel) begin(out *output, interrupt context.CancelFunc) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if out.request.number <= k.abortThrough {
		return false
	}
	k.current = interrupt
	if !out.silent {
		k.latest = out.origin
	}
	return true
}

func (k *Kernel) idle() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.current = nil
}

// conclude publishes the result or the error, and replies.
func (k *Kernel) conclude(r *request, in wire.ExecuteContent, outcome lang.Outcome, started time.Time) {
	var content any
	if outcome.Err != nil {
		e := errorContent(outcome.Err)
		content = k.executeFailed(e)
		if !in.Silent {
			k.pub.publish(wire.Error, r.RawHeader, e)
			if in.StopOnError {
				k.abort(r)
			}
		}
	} else {
		if outcome.Result != nil && !in.Silent {
			b := encodable(*outcome.Result, k.log)
			k.pub.publish(wire.ExecuteResult, r.RawHeader,
				wire.ResultContent{ExecutionCount: k.count, Data: b.Data, Metadata: b.Metadata})
		}
		content = wire.ExecuteOK{
			Status:          wire.OK,
			ExecutionCount:  k.count,
			Payload:         []any{},
			UserExpressions: k.expressions(outcome.Expressions),
		}
	}
	k.pub.flush(flushLimit)
	k.replyWith(r, content, wire.ExecuteMetadata{Started: wire.Timestamp(started)})
}

// abort has the execute requests that are waiting, or on their way together
// with r, answered with status aborted.
func (k *Kernel) abort(r *request) {
	if left := pipelineWindow - time.Since(r.received); left > 0 {
		time.Sleep(left)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.abortThrough = max(k.abortThrough, k.queue.last())
}

func (k *Kernel) executeFailed(e wire.ErrorContent) wire.ExecuteFailed {
	return wire.ExecuteFailed{
		ExecuteOK: wire.ExecuteOK{
			Status:          wire.Failed,
			ExecutionCount:  k.count,
			Payload:         []any{},
			UserExpressions: map[string]any{},
		},
		ErrorContent: e,
	}
}

func errorContent(e *lang.Error) wire.ErrorContent {
	traceback := e.Traceback
	if len(traceback) == 0 {
		traceback = []string{e.Error()}
	}
	return wire.ErrorContent{Name: e.Name, Value: e.Value, Traceback: traceback}
}

// expressions is the user_expressions of a reply (rule 11).
func (k *Kernel) expressions(answers map[string]lang.Expression) map[string]any {
	out := map[string]any{}
	for name, answer := range answers {
		switch {
		case answer.Err != nil:
			out[name] = wire.FailedReply{Status: wire.Failed, ErrorContent: errorContent(answer.Err)}
		case answer.Bundle != nil:
			b := encodable(*answer.Bundle, k.log)
			out[name] = wire.ExpressionOK{Status: wire.OK, Data: b.Data, Metadata: b.Metadata}
		}
	}
	return out
}

// evaluate runs a cell in the session and sees to the session afterwards: one
// that died, or does not stop when interrupted, is replaced.
func (k *Kernel) evaluate(ctx context.Context, cell lang.Cell, out *output) lang.Outcome {
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
	go func() { finished <- k.call(ctx, lease.session, cell, out) }()
	outcome, lost := k.await(ctx, lease.session, finished)
	if !lost {
		k.sessions.release(lease)
		return outcome
	}
	died := lease.session.Err()
	if !k.sessions.replace(lease) {
		return outcome
	}
	if outcome.Err == nil {
		k.sessionLost(died)
		return outcome
	}
	e := *outcome.Err
	e.Traceback = append(slices.Clone(errorContent(&e).Traceback), freshSession)
	return lang.Outcome{Err: &e}
}

// call is Execute, with a panic of it turned into a failed cell.
func (k *Kernel) call(ctx context.Context, s lang.Session, cell lang.Cell, out *output) (outcome lang.Outcome) {
	defer func() {
		if p := recover(); p != nil {
			k.log.Error("the session panicked", "panic", p, "stack", string(debug.Stack()))
			outcome = lang.Outcome{Err: &lang.Error{Name: "KernelError", Value: fmt.Sprint("the session panicked: ", p)}}
		}
	}()
	return s.Execute(ctx, cell, out)
}

// await waits for the end of a cell: its outcome, the death of the session, or
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
