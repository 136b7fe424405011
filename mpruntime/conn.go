package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"syscall"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/packet"
)

// A Conn is one end of a pipe between processes (CPython:
// multiprocessing.connection.Connection). Messages are values, or bytes as such;
// they keep their order and their limits, and one that is larger than the pipe
// travels beside it, up to 1 GiB.
//
// A Conn may be used from any goroutine and by several processes: each message goes
// to one receiver. It travels as an argument, in globals, in values and through
// other pipes; the receiver then has the same end, a copy of its own, and the pipe
// ends when every copy is closed. Ends that nobody refers to any more, and those of
// a process that has ended, are closed.
//
// Every call that waits returns the cause when the cell is interrupted; one that
// did has lost no message.
type Conn struct {
	socket          link
	sends, receives bool
	err             error // of the making
}

// What a packet of a pipe holds.
const (
	packetValue byte = iota // a message of the codec
	packetBytes             // what SendBytes was given
	packetLook              // nothing, but a reason to look elsewhere (queue.go)
)

var (
	errReceivesOnly = errors.New("mp: sending on an end that only receives: mp.NewOneWayPipe returns the receiving end first")
	errSendsOnly    = errors.New("mp: receiving on an end that only sends: mp.NewOneWayPipe returns the receiving end first")
)

// Err returns why the pipe could not be made, nil if it was.
func (c *Conn) Err() error {
	if c == nil || c.err == nil && c.socket == nil {
		return errUnmade
	}
	return c.err
}

func (c *Conn) canSend() error {
	if c == nil || c.socket == nil {
		return c.Err()
	}
	if !c.sends {
		return errReceivesOnly
	}
	return nil
}

func (c *Conn) canReceive() error {
	if c == nil || c.socket == nil {
		return c.Err()
	}
	if !c.receives {
		return errSendsOnly
	}
	return nil
}

// Send sends a copy of v. It waits while the pipe is full, and returns
// [ErrBrokenPipe] when nobody has the other end open. Errors about v wrap
// [ErrNotCopyable].
func (c *Conn) Send(v any) error { return c.SendContext(context.Background(), v) }

// SendContext is Send that also returns, with the context's cause, when ctx ends.
func (c *Conn) SendContext(ctx context.Context, v any) error {
	if err := c.canSend(); err != nil {
		return err
	}
	e, err := encodeBriefly(c.domain(), v, "the value sent")
	if err != nil {
		return err
	}
	defer e.Release()
	m := e.Message()
	return c.send(ctx, packet.Packet{Kind: packetValue, Bytes: m.Bytes, Files: m.Files})
}

// SendBytes sends b as it is, without the description that a value has. RecvBytes
// receives it, and Recv, as a []byte.
func (c *Conn) SendBytes(b []byte) error {
	if err := c.canSend(); err != nil {
		return err
	}
	return c.send(context.Background(), packet.Packet{Kind: packetBytes, Bytes: b})
}

func (c *Conn) send(ctx context.Context, p packet.Packet) error {
	if len(p.Bytes) <= packet.Small { // a large one may wait for memory that a receiver is about to give back
		if sent, err := c.socket.TrySend(p); sent || err != nil {
			return pipeError("sending", err)
		}
	}
	ctx, done := waitContext(ctx)
	defer done()
	return pipeError("sending", c.socket.Send(ctx, time.Time{}, p))
}

// Recv returns the next message, with the type that the sender gave it. It waits
// for one, and returns io.EOF when every copy of the other end is closed, the
// receiver's own included, and all messages are received.
func (c *Conn) Recv() (any, error) { return c.recv(context.Background(), time.Time{}) }

// RecvContext is Recv that also returns, with the context's cause, when ctx ends.
func (c *Conn) RecvContext(ctx context.Context) (any, error) { return c.recv(ctx, time.Time{}) }

// RecvTimeout is Recv that gives up after d, with [ErrTimeout].
func (c *Conn) RecvTimeout(d time.Duration) (any, error) {
	return c.recv(context.Background(), deadline(d))
}

// RecvInto receives into the variable that to points to, which must have the type
// of the message, or an interface type that it implements. Numbers are converted
// if that loses nothing. When the type is another one, the message is received all
// the same, and lost.
func (c *Conn) RecvInto(to any) error {
	v, err := c.Recv()
	if err != nil {
		return err
	}
	return assign(to, v)
}

func (c *Conn) recv(ctx context.Context, limit time.Time) (any, error) {
	r, err := c.receive(ctx, limit)
	if err != nil {
		return nil, err
	}
	return decodeReceived(&r, c.domain())
}

// domain returns what the messages of the Conn know.
func (c *Conn) domain() *codec.Domain {
	if _, isStream := c.socket.(*stream); isStream {
		return here.streamDomain()
	}
	return here.domain()
}

// decodeReceived returns the value of a message and releases it.
func decodeReceived(r *packet.Received, domain *codec.Domain) (any, error) {
	if r.Kind == packetBytes {
		return r.Take(), nil
	}
	m := codec.Message{Bytes: r.Bytes, Files: r.Files}
	if !r.IsOwn() {
		defer r.Release()
		return decodeWith(domain, m)
	}
	v, kept, err := decodeKeeping(domain, m)
	if kept {
		r.Take()
	} else {
		r.Release()
	}
	return v, err
}

// RecvBytes returns the next message, which was sent with SendBytes or is a []byte
// or a string. Another one is received all the same, and lost.
func (c *Conn) RecvBytes() ([]byte, error) {
	v, err := c.Recv()
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, fmt.Errorf("mp: receiving bytes: the message is of type %s: receive it with Recv", typeName(v))
}

// RecvBytesInto is RecvBytes into buf, and returns the number of bytes. When they
// are more than buf has, the error is a [BufferTooShortError], which holds them.
func (c *Conn) RecvBytesInto(buf []byte) (int, error) {
	b, err := c.RecvBytes()
	if err != nil {
		return 0, err
	}
	if len(b) > len(buf) {
		return 0, &BufferTooShortError{Data: b}
	}
	return copy(buf, b), nil
}

// BufferTooShortError is returned by RecvBytesInto (CPython: BufferTooShort).
type BufferTooShortError struct {
	Data []byte // the whole message
}

func (e *BufferTooShortError) Error() string {
	return fmt.Sprintf("mp: the buffer is too short for a message of %d bytes, which is in the error's Data", len(e.Data))
}

func (c *Conn) receive(ctx context.Context, limit time.Time) (packet.Received, error) {
	if err := c.canReceive(); err != nil {
		return packet.Received{}, err
	}
	if ctx.Done() == nil {
		r, err := c.socket.Receive(cellContext(), limit)
		return r, pipeError("receiving", err)
	}
	if r, ok, err := c.socket.TryReceive(); ok || err != nil {
		return r, pipeError("receiving", err)
	}
	ctx, done := waitContext(ctx)
	defer done()
	r, err := c.socket.Receive(ctx, limit)
	return r, pipeError("receiving", err)
}

// Poll reports whether Recv would return at once, with a message or because the
// other end is closed. It waits for that, no longer than d, and for ever if d is
// negative; an interrupt of the cell ends it. It receives nothing. After Close the
// cell fails with [ErrClosed].
func (c *Conn) Poll(d time.Duration) bool {
	if err := c.canReceive(); err != nil {
		fail(err)
		return false
	}
	ready, err := c.socket.Ready()
	if ready || err == nil && d == 0 {
		return ready
	}
	var limit time.Time
	if d > 0 {
		limit = deadline(d)
	}
	if err == nil {
		ready, err = c.socket.Poll(cellContext(), limit)
	}
	if errors.Is(err, os.ErrClosed) {
		fail(ErrClosed)
	}
	return ready && err == nil
}

// Close closes this copy of the end. What was sent can still be received. Later
// calls, and those that wait, return [ErrClosed]; a second Close is no error.
func (c *Conn) Close() error {
	if err := c.Err(); err != nil {
		return err
	}
	if err := c.socket.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return errorf("mp: closing a pipe: %w", err)
	}
	return nil
}

// What the first number of a Conn on its way says.
const (
	connSends    = 1
	connReceives = 2
	connStream   = 4 // it is a network connection
)

func (c *Conn) encodeHandle(e *codec.Encoder) error {
	if err := c.Err(); err != nil {
		return err
	}
	var can uint64
	if c.sends {
		can |= connSends
	}
	if c.receives {
		can |= connReceives
	}
	var socket syscall.Conn
	switch link := c.socket.(type) {
	case *packet.Socket:
		socket = link
	case *stream:
		can |= connStream
		if socket = link.passable(); socket == nil {
			return codec.Refuse(reflect.TypeFor[*Conn](), "a network connection can be passed on before anything is received from it: what it has read ahead stays here")
		}
	}
	e.Uvarint(can)
	if err := e.Descriptor(socket); err != nil {
		return pipeError("passing on a pipe", err)
	}
	return nil
}

func (c *Conn) decodeHandle(d *codec.Decoder) error {
	can, err := d.Uvarint()
	if err != nil {
		return err
	}
	if can&connStream != 0 {
		c.socket, err = decodeStream(d)
	} else {
		c.socket, err = decodeSocket(d)
	}
	if err != nil {
		return err
	}
	c.sends, c.receives = can&connSends != 0, can&connReceives != 0
	return nil
}

func decodeSocket(d *codec.Decoder) (*packet.Socket, error) {
	f, err := d.Descriptor()
	if err != nil {
		return nil, err
	}
	s, err := packet.Open(f, &here.buffers)
	if err != nil {
		return nil, errorf("mp: decoding a value: %w", err)
	}
	return s, nil
}

// pipeError turns an error of package packet into one of this package.
func pipeError(doing string, err error) error {
	switch {
	case err == nil, err == io.EOF: //nolint:errorlint // a wrapped one is another error
		return err
	case errors.Is(err, packet.ErrBroken):
		return ErrBrokenPipe
	case errors.Is(err, packet.ErrTimeout):
		return ErrTimeout
	case errors.Is(err, os.ErrClosed):
		return ErrClosed
	case errors.Is(err, packet.ErrTooLarge), errors.Is(err, packet.ErrFilesLost):
		return errorf("mp: %s: %w", doing, err)
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errorf("mp: %s: %w", doing, err)
	}
	return err // the cause of a context
}
