package kernel

import (
	"context"
	"encoding/json"
	"math"
	"strings"

	"cuaderno/interp/display"
	"cuaderno/kernel/history"
	"cuaderno/kernel/wire"
)

// tailLength is how much history_request gets that does not say (IPython,
// HistoryAccessor.get_tail).
const tailLength = 10

// remember adds a cell to the history as it begins. Cells without code are left
// out, as IPython does.
func (k *Kernel) remember(e execution) {
	if strings.TrimSpace(e.in.Code) != "" {
		k.past.Add(int(e.count), e.in.Code)
	}
}

// rememberResult adds the text of a cell's result to the history.
func (k *Kernel) rememberResult(e execution, b display.Bundle) {
	raw, _ := b.Data[display.MIMEPlain].(json.RawMessage)
	var text string
	if e.in.StoreHistory && json.Unmarshal(raw, &text) == nil {
		k.past.Output(int(e.count), text)
	}
}

// history handles history_request (rule 34).
func (k *Kernel) history(_ context.Context, r *request) {
	in, err := wire.DecodeHistory(r.Content)
	if err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	content := wire.History{Status: wire.OK, History: []wire.HistoryLine{}}
	for _, c := range k.recall(in) {
		content.History = append(content.History, wire.HistoryLine{
			Session: c.Session, Line: c.Line, Input: c.Input, Output: c.Output, Pair: in.Output,
		})
	}
	k.reply(r, content)
}

func (k *Kernel) recall(in wire.HistoryContent) []history.Cell {
	limit := func(otherwise int) int {
		if in.N != nil {
			return *in.N
		}
		return otherwise
	}
	switch in.Access {
	case wire.HistoryRange:
		stop := 0
		if in.Stop != nil {
			stop = *in.Stop
		}
		return k.past.Range(in.Session, in.Start, stop)
	case wire.HistorySearch:
		pattern := "*"
		if in.Pattern != nil {
			pattern = *in.Pattern
		}
		return k.past.Search(pattern, limit(math.MaxInt), in.Unique)
	default:
		return k.past.Tail(limit(tailLength))
	}
}
