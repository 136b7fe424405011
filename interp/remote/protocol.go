// Package remote carries the contract interp/lang across a socketpair: Start
// begins a session in a helper process and is a lang.Session to the kernel,
// Serve answers it there.
//
//	kernel                                     helper, role "session"
//	Client.Execute  ── execute ──────────────► Serve ──► lang.Session.Execute
//	                ◄── stdout, display, … ──  output, in the order of the calls
//	                ◄── outcome ─────────────
//	      ctx ends  ── interrupt ───────────►  its ctx ends
//	ReadLine        ◄── ask ── answer ──────►
//	Client.Complete ── query ──────────────►  its own goroutine, also while a cell runs
//	                ◄── answered ────────────
//	                ◄── silent ──────────────  nothing holds the output of a cell any more
//	Client.Comm     ── comm ───────────────►  as execute
//
// Each execution has a serial number; output carries that of its cell, also
// long after the outcome: the kernel's end keeps the lang.Output until the helper's
// garbage collector has found that no goroutine, timer or child process could still
// write to it. Besides, the helper's stdout and stderr are pipes: what
// is written to the descriptors themselves belongs to the running cell, and is
// taken before anything that comes over the socket.
package remote

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// Kinds of messages. Zero belongs to the greeting of internal/frame.
const (
	kindExecute   byte = iota + 1 // execute
	kindInterrupt                 // serial, of an execution or a query
	kindQuery                     // query: about code
	kindAnswer                    // answer, to an ask
	kindClose                     // nothing
	kindStdout                    // serial, bytes
	kindStderr                    // serial, bytes
	kindDisplay                   // shown
	kindUpdate                    // shown
	kindClear                     // shown
	kindAsk                       // ask
	kindOutcome                   // outcome
	kindAnswered                  // answered, to a query
	kindComm                      // comm, in either direction
	kindTaken                     // taken: the end of a comm message
	kindSilent                    // serial: nothing can say anything to its output any more
)

type execute struct {
	Serial uint64    `json:"serial"`
	Cell   lang.Cell `json:"cell"`
}

// A subject is what a query asks for.
type subject string

const (
	completeness subject = "is_complete"
	completion   subject = "complete"
	inspection   subject = "inspect"
)

type query struct {
	ID      uint64  `json:"id"`
	Subject subject `json:"subject"`
	Code    string  `json:"code"`
	Cursor  int     `json:"cursor,omitempty"`
	Detail  int     `json:"detail,omitempty"`
}

type answered struct {
	ID     uint64          `json:"id"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Err    string          `json:"err,omitempty"`
}

type taken struct {
	Serial uint64      `json:"serial"`
	NoComm bool        `json:"no_comm,omitempty"`
	Err    *lang.Error `json:"err,omitempty"`
}

type shown struct {
	Serial uint64         `json:"serial"`
	Bundle display.Bundle `json:"bundle"`
	ID     string         `json:"id,omitempty"`
	Wait   bool           `json:"wait,omitempty"`
}

type ask struct {
	ID       uint64 `json:"id"`
	Serial   uint64 `json:"serial"`
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

type answer struct {
	ID   uint64 `json:"id"`
	Line string `json:"line"`
	Err  string `json:"err,omitempty"`
}

type outcome struct {
	Serial  uint64       `json:"serial"`
	Outcome lang.Outcome `json:"outcome"`
}

// encode writes a message. Only a bundle holds values that are not ours; it has
// been through encodable.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cuaderno: a message that is no JSON: %v", err))
	}
	return data
}

// decode reads a message, or a part of one; what says which.
func decode[T any](payload []byte, what string) (m T, err error) {
	if err := json.Unmarshal(payload, &m); err != nil {
		return m, fmt.Errorf("reading %s: %w", what, err)
	}
	return m, nil
}

// encodable returns b with the values that JSON cannot hold replaced by what is
// wrong with them.
func encodable(b display.Bundle) display.Bundle {
	return display.Bundle{Data: encodableMap(b.Data), Metadata: encodableMap(b.Metadata)}
}

func encodableMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for name, value := range m {
		data, err := json.Marshal(value)
		if err != nil {
			out[name] = fmt.Sprintf("cannot be shown: %v", err)
			continue
		}
		out[name] = json.RawMessage(data)
	}
	return out
}

// encodableOutcome is encodable for the bundles of an outcome.
func encodableOutcome(o lang.Outcome) lang.Outcome {
	if o.Result != nil {
		b := encodable(*o.Result)
		o.Result = &b
	}
	for name, e := range o.Expressions {
		if e.Bundle != nil {
			b := encodable(*e.Bundle)
			e.Bundle = &b
			o.Expressions[name] = e
		}
	}
	return o
}

func withSerial(serial uint64, p []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(p)), serial), p...)
}

func cutSerial(payload []byte) (uint64, []byte, error) {
	if len(payload) < 8 {
		return 0, nil, errors.New("a message without serial number")
	}
	return binary.BigEndian.Uint64(payload), payload[8:], nil
}

// Errors of ReadLine keep their identity by these names.
func errorName(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, io.EOF):
		return "EOF"
	case errors.Is(err, lang.ErrNoInput):
		return "no input"
	}
	return err.Error()
}

func namedError(name string) error {
	switch name {
	case "":
		return nil
	case "EOF":
		return io.EOF
	case "no input":
		return lang.ErrNoInput
	}
	return errors.New(name)
}
