package kernel

import (
	"cmp"
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// queryLimit is how long after its receipt a front end is kept waiting for an
// answer about code. What waited that long behind others is answered at once.
const queryLimit = time.Second

// kernelInfo handles kernel_info_request. It needs no session (rule 27).
func (k *Kernel) kernelInfo(_ context.Context, r *request) { k.reply(r, k.info) }

// connect handles connect_request, which the spec has deprecated.
func (k *Kernel) connect(_ context.Context, r *request) {
	k.reply(r, wire.Connect{
		Status:        wire.OK,
		ShellPort:     k.bound.ShellPort,
		IOPubPort:     k.bound.IOPubPort,
		StdinPort:     k.bound.StdinPort,
		HeartbeatPort: k.bound.HeartbeatPort,
		ControlPort:   k.bound.ControlPort,
	})
}

// isComplete handles is_complete_request.
func (k *Kernel) isComplete(ctx context.Context, r *request) {
	inquire(ctx, k, r, func(ctx context.Context, s lang.Session, q question) (lang.Completeness, error) {
		return s.IsComplete(ctx, q.code)
	}, func(a lang.Completeness, _ question) any {
		content := wire.IsComplete{Status: cmp.Or(a.Status, "unknown")}
		if a.Status == "incomplete" {
			content.Indent = &a.Indent
		}
		return content
	})
}

// complete handles complete_request. No match is no error (rule 31).
func (k *Kernel) complete(ctx context.Context, r *request) {
	inquire(ctx, k, r, func(ctx context.Context, s lang.Session, q question) (lang.Completion, error) {
		return s.Complete(ctx, q.code, q.cursor)
	}, func(a lang.Completion, q question) any {
		content := wire.Complete{
			Status:      wire.OK,
			Matches:     []string{},
			CursorStart: q.cursor,
			CursorEnd:   q.cursor,
			Metadata:    map[string]any{},
		}
		if len(a.Matches) == 0 {
			return content
		}
		content.CursorStart, content.CursorEnd = a.Start, a.End
		described := make([]wire.CompletionMatch, 0, len(a.Matches))
		for _, m := range a.Matches {
			content.Matches = append(content.Matches, m.Text)
			described = append(described, wire.CompletionMatch{
				Start: a.Start, End: a.End, Text: m.Text, Type: m.Type, Signature: m.Signature,
			})
		}
		content.Metadata[wire.MatchesKey] = described
		return content
	})
}

// inspect handles inspect_request. Nothing found is no error (rule 32).
func (k *Kernel) inspect(ctx context.Context, r *request) {
	inquire(ctx, k, r, func(ctx context.Context, s lang.Session, q question) (lang.Inspection, error) {
		return s.Inspect(ctx, q.code, q.cursor, q.detail)
	}, func(a lang.Inspection, _ question) any {
		content := wire.Inspect{Status: wire.OK, Data: map[string]any{}, Metadata: map[string]any{}}
		if a.Bundle != nil {
			b := encodable(*a.Bundle, k.log)
			content.Found, content.Data, content.Metadata = true, b.Data, b.Metadata
		}
		return content
	})
}

// A question is what a front end asks about code. The cursor lies within it.
type question struct {
	code   string
	cursor int // in code points
	detail int
}

// inquire answers a question about code: with what the session says, or as if it
// had said nothing where it does not answer in time.
func inquire[T any](
	ctx context.Context, k *Kernel, r *request,
	ask func(context.Context, lang.Session, question) (T, error),
	content func(T, question) any,
) {
	var in wire.CodeContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	q := question{code: in.Code, cursor: utf8.RuneCountInString(in.Code), detail: in.DetailLevel}
	if in.CursorPos != nil {
		q.cursor = min(max(*in.CursorPos, 0), q.cursor)
	}
	ctx, cancel := context.WithDeadline(ctx, r.received.Add(queryLimit))
	defer cancel()
	var answer T
	lease, err := k.sessions.peek(ctx)
	if err == nil {
		answer, err = ask(ctx, lease.session, q)
	}
	if err != nil {
		k.log.Info("a question about code was not answered", "type", r.Header.Type, "error", err)
		answer = *new(T)
	}
	k.reply(r, content(answer, q))
}
