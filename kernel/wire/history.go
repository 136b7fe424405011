package wire

import (
	"encoding/json"
	"fmt"
)

// Values of hist_access_type.
const (
	HistoryTail   = "tail"
	HistoryRange  = "range"
	HistorySearch = "search"
)

// HistoryContent is the content of history_request (messaging spec, "History").
// Nil numbers were not said; raw is not read, because cells are never
// transformed.
type HistoryContent struct {
	Access string `json:"hist_access_type"`
	Output bool   `json:"output"`
	// Session, Start and Stop belong to range: a session counted from 1, or back
	// from the current one, which is 0; lines from Start up to but not with Stop.
	Session int  `json:"session"`
	Start   int  `json:"start"`
	Stop    *int `json:"stop"`
	// N is how many lines at most, with tail and search.
	N *int `json:"n"`
	// Pattern and Unique belong to search.
	Pattern *string `json:"pattern"`
	Unique  bool    `json:"unique"`
}

// DecodeHistory reads the content of a history_request.
func DecodeHistory(raw json.RawMessage) (HistoryContent, error) {
	var in HistoryContent
	if err := json.Unmarshal(raw, &in); err != nil {
		return in, fmt.Errorf("reading history_request: %w", err)
	}
	switch in.Access {
	case HistoryTail, HistoryRange, HistorySearch:
		return in, nil
	}
	return in, fmt.Errorf("reading history_request: hist_access_type is %q, want tail, range or search", in.Access)
}

// History is the content of history_reply, oldest line first.
type History struct {
	Status  string        `json:"status"`
	History []HistoryLine `json:"history"`
}

// A HistoryLine is one cell of the history: [session, line, input], or
// [session, line, [input, output]] where outputs were asked for.
type HistoryLine struct {
	Session, Line int
	Input         string
	// Output is the text/plain of the result, nil when there was none.
	Output *string
	// Pair says that outputs were asked for.
	Pair bool
}

// MarshalJSON writes the tuple.
func (l HistoryLine) MarshalJSON() ([]byte, error) {
	if l.Pair {
		return json.Marshal([]any{l.Session, l.Line, []any{l.Input, l.Output}})
	}
	return json.Marshal([]any{l.Session, l.Line, l.Input})
}
