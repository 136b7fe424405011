package comm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// A Message is what one end of a comm tells the other.
type Message struct {
	// Data is what JSON writes as an object, or nil. In a message that arrived it
	// is the map that encoding/json reads.
	Data any
	// Metadata is what only some targets ask for; nil is {}.
	Metadata map[string]any
	// Buffers travel as they are, beside the JSON.
	Buffers [][]byte

	raw json.RawMessage // Data as it arrived
}

// Decode stores the data in what v points to, as json.Unmarshal does.
func (m Message) Decode(v any) error {
	raw := m.raw
	if raw == nil {
		var err error
		if raw, err = object(m.Data); err != nil {
			return err
		}
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("comm: decoding the data of a message: %w", err)
	}
	return nil
}

// received is the message in a packet that arrived.
func received(p Packet) Message {
	m := Message{Buffers: p.Buffers, raw: p.Data}
	if len(m.raw) == 0 {
		m.raw = json.RawMessage("{}")
	}
	// The kernel has checked that both are JSON; metadata that is no object, which
	// the protocol does not allow, is none.
	_ = json.Unmarshal(m.raw, &m.Data)
	_ = json.Unmarshal(p.Metadata, &m.Metadata)
	return m
}

var errNoObject = errors.New("comm: the data of a message is a JSON object: pass a map or a struct")

// object writes data as a JSON object.
func object(data any) (json.RawMessage, error) {
	if data == nil {
		return json.RawMessage("{}"), nil
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("comm: writing the data of a message as JSON: %w", err)
	}
	if !bytes.HasPrefix(raw, []byte("{")) {
		return nil, fmt.Errorf("%w, not %T", errNoObject, data)
	}
	return raw, nil
}

// send sends a message of a kind.
func (c *Comm) send(kind string, m Message) error {
	host := process.currentHost()
	if host == nil {
		return ErrNotMain
	}
	data, err := object(m.Data)
	if err != nil {
		return err
	}
	p := Packet{Kind: kind, ID: c.id, Data: data}
	if kind == kindOpen {
		p.Target = c.target
	}
	if len(m.Metadata) > 0 {
		if p.Metadata, err = json.Marshal(m.Metadata); err != nil {
			return fmt.Errorf("comm: writing the metadata of a message as JSON: %w", err)
		}
	}
	for _, b := range m.Buffers {
		p.Buffers = append(p.Buffers, bytes.Clone(b))
	}
	return host.Send(p)
}
