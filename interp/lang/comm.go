package lang

import (
	"encoding/json"
	"errors"
)

// Kinds of messages of comms (messaging spec, "Custom Messages").
const (
	CommOpen  = "comm_open"
	CommMsg   = "comm_msg"
	CommClose = "comm_close"
)

// A CommMessage is one message of a comm, in either direction.
type CommMessage struct {
	Kind string `json:"kind"` // CommOpen, CommMsg or CommClose
	ID   string `json:"id"`
	// Target names who takes the comm; with CommOpen only.
	Target string `json:"target,omitempty"`
	// Data and Metadata are JSON objects; empty means {}.
	Data     json.RawMessage `json:"data,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Buffers  [][]byte        `json:"buffers,omitempty"`
}

// ErrNoComm is what Session.Comm answers when nobody takes a message.
var ErrNoComm = errors.New("nobody takes this comm")
