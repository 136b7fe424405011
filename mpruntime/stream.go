package mpruntime

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"sync"
	"syscall"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/packet"
)

// A stream is a link over a network connection, whose messages are frames. A
// goroutine, which ends with the connection, reads one message ahead. Memory is
// taken only for bytes that have arrived.
type stream struct {
	raw     net.Conn
	conn    *frame.Conn
	box     *mailbox
	ended   chan struct{} // closed by Close
	turn    chan struct{} // is received by who sends, to whom the write deadline belongs
	closing sync.Once

	mu      sync.Mutex
	reading bool // the goroutine runs: since somebody wants to receive
}

// arrival is a message or the end of a stream.
type arrival struct {
	message packet.Packet
	err     error
}

// errFiles is why a message is not sent over a stream.
var errFiles error = &explained{"mp: sending: the value holds a pipe, a queue, a lock, shared memory or an open file, which belong to one machine: use a manager's", ErrNotCopyable}

// newStream returns a link over an authenticated connection, which it owns.
func newStream(raw net.Conn) *stream {
	s := &stream{raw: raw, conn: frame.New(plainConn{raw}), ended: make(chan struct{}), turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	s.box = newMailbox(s.ended)
	s.conn.SetLimit(packet.MaxBytes)
	return s
}

// wanted starts to read.
func (s *stream) wanted() *mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reading {
		s.reading = true
		go s.read()
	}
	return s.box
}

// passable returns the connection as long as nothing was read from it, nil
// afterwards.
func (s *stream) passable() syscall.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.raw.(syscall.Conn)
	if s.reading || !ok {
		return nil
	}
	return c
}

// decodeStream reads a connection that another process has passed on.
func decodeStream(d *codec.Decoder) (*stream, error) {
	f, err := d.Descriptor()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := net.FileConn(f)
	if err != nil {
		return nil, errorf("mp: decoding a connection: %w", err)
	}
	return newStream(raw), nil
}

// streamSymbols name types only. A function means something to processes that
// have the same code, which the other end of a network connection may not.
type streamSymbols struct{ codec.Symbols }

var errStreamFunction = errors.New("a function belongs to the programs of one machine")

func (streamSymbols) FunctionName(reflect.Value) (string, []reflect.Value, error) {
	return "", nil, errStreamFunction
}

func (streamSymbols) Captures(string) ([]reflect.Type, error) { return nil, errStreamFunction }

func (streamSymbols) FunctionNamed(string, []reflect.Value) (reflect.Value, error) {
	return reflect.Value{}, errStreamFunction
}

// streamDomain is the Domain of network connections.
func (r *record) streamDomain() *codec.Domain {
	d := r.domain()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.streamed == nil {
		r.streamed = &codec.Domain{Handles: d.Handles, Errors: d.Errors, Types: d.Types, Own: d.Own}
		if d.Symbols != nil {
			r.streamed.Symbols = streamSymbols{d.Symbols}
		}
	}
	return r.streamed
}

// plainConn hides that a connection is a Unix socket, which carries files.
type plainConn struct{ io.ReadWriteCloser }

func (s *stream) read() {
	for {
		kind, payload, err := s.conn.Read()
		if err == nil && kind > packet.MaxKind {
			err = errors.New("mp: receiving: the other end is no mp connection")
		}
		if !s.box.put(arrival{packet.Packet{Kind: kind, Bytes: payload}, err}) || err != nil {
			return
		}
	}
}

// Send implements link. One that is interrupted may have sent half a message: the
// connection cannot be used to send any more.
func (s *stream) Send(ctx context.Context, deadline time.Time, p packet.Packet) error {
	if len(p.Files) > 0 {
		return errFiles
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := packet.Await(ctx, deadline, s.turn, s.ended); err != nil {
		return err
	}
	defer func() { s.turn <- struct{}{} }()
	if s.conn.WriteErr() != nil { // half a message has left
		return packet.ErrBroken
	}
	if !deadline.IsZero() {
		_ = s.raw.SetWriteDeadline(deadline) // a closed connection says so when written to
	}
	late := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = s.raw.SetWriteDeadline(time.Unix(1, 0))
		close(late)
	})
	err := s.conn.Write(p.Kind, p.Bytes)
	ended := !stop()
	if ended {
		<-late // its deadline is not for the next
	}
	if ended || !deadline.IsZero() {
		_ = s.raw.SetWriteDeadline(time.Time{})
	}
	if errors.Is(err, frame.ErrTooLong) {
		return packet.ErrTooLarge
	}
	switch {
	case err == nil:
		return nil
	case ended && errors.Is(err, os.ErrDeadlineExceeded):
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return packet.ErrTimeout
	case errors.Is(err, net.ErrClosed):
		return os.ErrClosed
	}
	return packet.ErrBroken
}

// TrySend implements link: whether a Send would wait is not known.
func (s *stream) TrySend(packet.Packet) (bool, error) { return false, nil }

// Receive implements link.
func (s *stream) Receive(ctx context.Context, deadline time.Time) (packet.Received, error) {
	for {
		if err := s.wanted().await(ctx, deadline); err != nil {
			return packet.Received{}, err
		}
		if r, ok, err := s.TryReceive(); ok || err != nil {
			return r, err
		}
	}
}

// TryReceive implements link.
func (s *stream) TryReceive() (packet.Received, bool, error) {
	select {
	case <-s.ended:
		return packet.Received{}, false, os.ErrClosed
	default:
	}
	v, ok := s.wanted().take(func(v any) bool { return v.(arrival).err != nil })
	a, _ := v.(arrival)
	if a.err == nil {
		return packet.Received{Packet: a.message}, ok, nil
	}
	if errors.Is(a.err, io.EOF) || errors.Is(a.err, io.ErrUnexpectedEOF) || isReset(a.err) {
		return packet.Received{}, true, io.EOF // half a message is none
	}
	return packet.Received{}, true, a.err
}

// Poll implements link.
func (s *stream) Poll(ctx context.Context, deadline time.Time) (bool, error) {
	err := s.wanted().await(ctx, deadline)
	return err == nil, err
}

// Ready implements link.
func (s *stream) Ready() (bool, error) {
	select {
	case <-s.ended:
		return false, os.ErrClosed
	case <-s.wanted().filled():
		return true, nil
	default:
		return false, nil
	}
}

// Close implements link.
func (s *stream) Close() error {
	s.closing.Do(func() { close(s.ended) })
	return s.conn.Close()
}
