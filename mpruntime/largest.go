package mpruntime

import (
	"fmt"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/packet"
)

// largest returns how many bytes a message to or from a worker of a pool, a
// manager or a new process may have.
func (r *record) largest() int {
	if n := r.smaller.Load(); n > 0 {
		return int(n)
	}
	return min(packet.MaxBytes, frame.MaxPayload)
}

// checkSize returns why a message does not travel, an error that wraps
// [frame.ErrTooLong]: it is too large.
func checkSize(m codec.Message) error {
	if n := len(m.Bytes); n+trailer > here.largest() {
		return &explained{fmt.Sprintf("%v: it has %d bytes", packet.ErrTooLarge, n), frame.ErrTooLong}
	}
	return nil
}
