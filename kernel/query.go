package kernel

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// queryLimit is how long a front end is kept waiting for a question about code
// while the session starts.
const queryLimit = time.Second

// kernelInfo handles kernel_info_request. It needs no session (rule 27).
func (k *Kernel) kernelInfo(_ context.Context, r *request) { k.reply(r, k.info) }

// isComplete handles is_complete_request.
func (k *Kernel) isComplete(ctx context.Context, r *request) {
	var in wire.CodeContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(ctx, queryLimit)
	defer cancel()
	answer := lang.Completeness{Status: "unknown"}
	lease, err := k.sessions.peek(ctx)
	if err == nil {
		var a lang.Completeness
		if a, err = lease.session.IsComplete(ctx, in.Code); err == nil {
			answer = a
		}
	}
	if err != nil {
		k.log.Info("is_complete_request", "error", err)
	}
	content := wire.IsComplete{Status: answer.Status}
	if answer.Status == "incomplete" {
		content.Indent = &answer.Indent
	}
	k.reply(r, content)
}

// complete handles complete_request: no matches (rule 31).
func (k *Kernel) complete(_ context.Context, r *request) {
	var in wire.CodeContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	cursor := utf8.RuneCountInString(in.Code)
	if in.CursorPos != nil {
		cursor = min(max(*in.CursorPos, 0), cursor)
	}
	k.reply(r, wire.Complete{
		Status:      wire.OK,
		Matches:     []string{},
		CursorStart: cursor,
		CursorEnd:   cursor,
		Metadata:    map[string]any{},
	})
}

// inspect handles inspect_request: nothing found (rule 32).
func (k *Kernel) inspect(_ context.Context, r *request) {
	k.reply(r, wire.Inspect{Status: wire.OK, Data: map[string]any{}, Metadata: map[string]any{}})
}

// history handles history_request: none is kept.
func (k *Kernel) history(_ context.Context, r *request) {
	k.reply(r, wire.History{Status: wire.OK, History: []any{}})
}

// commInfo handles comm_info_request: there are no comms.
func (k *Kernel) commInfo(_ context.Context, r *request) {
	k.reply(r, wire.CommInfo{Status: wire.OK, Comms: map[string]any{}})
}

// commOpen handles comm_open. The kernel has no targets, so the comm is closed
// at once (rule 38).
func (k *Kernel) commOpen(_ context.Context, r *request) {
	var in wire.CommContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.log.Warn("a comm_open was dropped", "error", err)
		return
	}
	k.log.Info("a comm for an unknown target was closed", "target", in.TargetName)
	k.pub.publish(wire.CommClose, r.RawHeader, wire.CommContent{CommID: in.CommID, Data: json.RawMessage("{}")})
}
