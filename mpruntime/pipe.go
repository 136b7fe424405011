package mpruntime

import (
	"cuaderno/internal/packet"
)

// NewPipe makes a pipe and returns its two ends, each of which sends to the other
// (CPython: Pipe()).
func NewPipe() (a, b *Conn) { return newPipe(true) }

// NewOneWayPipe makes a pipe and returns the end that receives and the end that
// sends (CPython: Pipe(duplex=False)).
//
// r.Recv returns io.EOF only when no process has w open: whoever has given w to a
// child closes its own.
func NewOneWayPipe() (r, w *Conn) { return newPipe(false) }

func newPipe(duplex bool) (a, b *Conn) {
	x, y, err := packet.Pair(&here.buffers)
	if err != nil {
		err = note(errorf("mp: making the pipe: %w", err))
		return &Conn{err: err}, &Conn{err: err}
	}
	return &Conn{socket: x, receives: true, sends: duplex}, &Conn{socket: y, receives: duplex, sends: true}
}
