package remote

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"cuaderno/interp/lang"
)

// A comm is a message of a comm. Buffers do not pass through JSON, which would
// cost seconds for the arrays of a plot:
//
//	[8 bytes: serial][4 bytes: length of the head][head: JSON][buffers, one after the other]
type comm struct {
	serial  uint64
	message lang.CommMessage
}

// A commHead is a message without its buffers.
type commHead struct {
	lang.CommMessage
	Sizes []int `json:"sizes,omitempty"` // of the buffers
}

var errComm = errors.New("a comm message that is cut off")

func encodeComm(m comm) []byte {
	head := commHead{CommMessage: m.message}
	head.Buffers = nil
	size := 0
	for _, b := range m.message.Buffers {
		head.Sizes = append(head.Sizes, len(b))
		size += len(b)
	}
	raw := encode(head)
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, 12+len(raw)+size), m.serial)
	payload = append(binary.BigEndian.AppendUint32(payload, uint32(len(raw))), raw...)
	for _, b := range m.message.Buffers {
		payload = append(payload, b...)
	}
	return payload
}

// decodeComm reads what encodeComm wrote. The buffers share the memory of payload.
func decodeComm(payload []byte) (comm, error) {
	if len(payload) < 12 {
		return comm{}, errComm
	}
	n := uint64(binary.BigEndian.Uint32(payload[8:]))
	rest := payload[12:]
	if n > uint64(len(rest)) {
		return comm{}, errComm
	}
	var head commHead
	if err := json.Unmarshal(rest[:n], &head); err != nil {
		return comm{}, fmt.Errorf("reading a comm message: %w", err)
	}
	rest = rest[n:]
	m := comm{binary.BigEndian.Uint64(payload), head.CommMessage}
	for _, size := range head.Sizes {
		if size < 0 || size > len(rest) {
			return comm{}, errComm
		}
		m.message.Buffers = append(m.message.Buffers, rest[:size:size])
		rest = rest[size:]
	}
	return m, nil
}
