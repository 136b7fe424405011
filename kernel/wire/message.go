package wire

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ProtocolVersion is the version of the messaging protocol that the kernel
// speaks. Version 5.5 promises iopub_welcome.
const ProtocolVersion = "5.5"

// Username is the user name in the headers of our messages.
const Username = "kernel"

// A Header identifies a message (messaging spec, "Message header").
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	// Date is ISO 8601 with a time zone.
	Date    string `json:"date"`
	Type    Type   `json:"msg_type"`
	Version string `json:"version"`
	// Subshell is the id of the subshell that a message on shell is for; empty
	// or null means the main shell.
	Subshell string `json:"subshell_id,omitempty"`
}

// A Message is one protocol message. Identities come before the delimiter: the
// routing prefix on ROUTER sockets, the topic on iopub.
type Message struct {
	Identities [][]byte
	Header     Header
	// RawHeader is the header frame as received. It is empty in messages that
	// were never on the wire; Codec.Encode then marshals Header.
	RawHeader json.RawMessage
	// Parent, Metadata and Content are JSON objects. Empty means {}.
	Parent   json.RawMessage
	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte
}

// NewHeader returns a header with a fresh id and the current time.
func NewHeader(t Type, session string) Header {
	return Header{
		ID:       uuid.NewString(),
		Session:  session,
		Username: Username,
		Date:     Timestamp(time.Now()),
		Type:     t,
		Version:  ProtocolVersion,
	}
}

// Timestamp formats t as the protocol does: ISO 8601 in UTC, microseconds.
func Timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// NewMessage returns a message of type t whose content is the JSON of content
// (nil means {}). parent is the raw header of the request that it answers or
// follows from; nil means that it has none.
func NewMessage(t Type, session string, parent json.RawMessage, content any) (*Message, error) {
	raw := json.RawMessage("{}")
	if content != nil {
		var err error
		if raw, err = json.Marshal(content); err != nil {
			return nil, fmt.Errorf("encoding content of %s: %w", t, err)
		}
	}
	return &Message{Header: NewHeader(t, session), Parent: parent, Content: raw}, nil
}

// ParentID returns the msg_id of the parent header, or "".
func (m *Message) ParentID() string {
	var parent struct {
		ID string `json:"msg_id"`
	}
	if json.Unmarshal(m.Parent, &parent) != nil {
		return ""
	}
	return parent.ID
}
