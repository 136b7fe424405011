package wire

import (
	"encoding/json"
	"fmt"
)

// ExecuteContent is the content of execute_request. DecodeExecute fills in the
// defaults of the spec.
type ExecuteContent struct {
	Code            string
	Silent          bool
	StoreHistory    bool // false when Silent
	UserExpressions map[string]string
	AllowStdin      bool
	StopOnError     bool
}

// DecodeExecute reads the content of an execute_request. Missing fields are
// silent=false, store_history=!silent, allow_stdin=false, stop_on_error=true.
func DecodeExecute(raw json.RawMessage) (ExecuteContent, error) {
	var in struct {
		Code            string            `json:"code"`
		Silent          bool              `json:"silent"`
		StoreHistory    *bool             `json:"store_history"`
		UserExpressions map[string]string `json:"user_expressions"`
		AllowStdin      bool              `json:"allow_stdin"`
		StopOnError     *bool             `json:"stop_on_error"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return ExecuteContent{}, fmt.Errorf("reading execute_request: %w", err)
	}
	return ExecuteContent{
		Code:            in.Code,
		Silent:          in.Silent,
		StoreHistory:    !in.Silent && (in.StoreHistory == nil || *in.StoreHistory),
		UserExpressions: in.UserExpressions,
		AllowStdin:      in.AllowStdin,
		StopOnError:     in.StopOnError == nil || *in.StopOnError,
	}, nil
}

// CodeContent is the content of is_complete_request, complete_request and
// inspect_request. CursorPos counts Unicode code points; nil means the end of
// Code.
type CodeContent struct {
	Code        string `json:"code"`
	CursorPos   *int   `json:"cursor_pos"`
	DetailLevel int    `json:"detail_level"`
}

// ShutdownContent is the content of shutdown_request.
type ShutdownContent struct {
	Restart bool `json:"restart"`
}

// InputReplyContent is the content of input_reply.
type InputReplyContent struct {
	Value string `json:"value"`
}
