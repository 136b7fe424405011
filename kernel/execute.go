package kernel

import (
	"context"
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
)

// protocolError is lang.Error.Name where a request cannot be read.
const protocolError = "ProtocolError"

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
	if !k.begin(r, out) {
		k.reply(r, wire.ExecuteAborted{Status: wire.Aborted, ExecutionCount: k.count.Load()})
		return
	}
	out.begin(ctx)
	e := execution{request: r, in: in, started: time.Now(), count: k.count.Load()}
	if in.StoreHistory {
		e.count = k.count.Add(1)
		k.remember(e)
	}
	if !in.Silent {
		k.pub.publish(wire.ExecuteInput, r.RawHeader,
			wire.ExecuteInputContent{Code: in.Code, ExecutionCount: e.count})
	}
	cell := lang.Cell{
		Count:       int(e.count),
		Code:        in.Code,
		Silent:      in.Silent,
		Expressions: in.UserExpressions,
	}
	outcome := k.evaluate(ctx, func(ctx context.Context, s lang.Session) lang.Outcome {
		out.session = s
		return s.Execute(ctx, cell, out)
	})
	out.end()
	k.conclude(e, outcome)
}

// An execution is an execute_request that is being handled.
type execution struct {
	*request
	in      wire.ExecuteContent
	count   int64
	started time.Time
}

// begin notes the cell that comes next. It is false for one that has been
// aborted.
func (k *Kernel) begin(r *request, out *output) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.number <= r.shell.abortThrough {
		return false
	}
	if !out.silent {
		k.latest = out.origin
	}
	return true
}

// conclude publishes the result or the error, and replies.
func (k *Kernel) conclude(e execution, outcome lang.Outcome) {
	var content any
	if outcome.Err != nil {
		failure := errorContent(outcome.Err)
		content = executeFailed(failure, e.count)
		if !e.in.Silent {
			k.pub.publish(wire.Error, e.RawHeader, failure)
			if e.in.StopOnError {
				k.abort(e.request)
			}
		}
	} else {
		if outcome.Result != nil && !e.in.Silent {
			b := encodable(*outcome.Result, k.log)
			k.pub.publish(wire.ExecuteResult, e.RawHeader,
				wire.ResultContent{ExecutionCount: e.count, Data: b.Data, Metadata: b.Metadata})
			k.rememberResult(e, b)
		}
		content = wire.ExecuteOK{
			Status:          wire.OK,
			ExecutionCount:  e.count,
			Payload:         k.payload(outcome),
			UserExpressions: k.expressions(outcome.Expressions),
		}
	}
	k.pub.flush(flushLimit)
	k.replyWith(e.request, content, wire.ExecuteMetadata{Started: wire.Timestamp(e.started)})
}

// abort has the execute requests of the shell that are waiting, or on their way
// together with r, answered with status aborted.
func (k *Kernel) abort(r *request) {
	if left := pipelineWindow - time.Since(r.received); left > 0 {
		time.Sleep(left)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r.shell.abort(r.shell.queue.last())
}

func executeFailed(e wire.ErrorContent, count int64) wire.ExecuteFailed {
	return wire.ExecuteFailed{
		ExecuteOK: wire.ExecuteOK{
			Status:          wire.Failed,
			ExecutionCount:  count,
			Payload:         []wire.Page{},
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

// payload is the payload of a reply: what the cell shows beside the notebook.
func (k *Kernel) payload(o lang.Outcome) []wire.Page {
	if o.Page == nil {
		return []wire.Page{}
	}
	return []wire.Page{{Source: "page", Data: encodable(*o.Page, k.log).Data}}
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
