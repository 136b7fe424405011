// Package frame carries messages between two processes of one installation
// over a byte stream, such as one end of a socketpair.
//
// A message on the wire is
//
//	[4 bytes: length of the payload, big-endian][1 byte: kind][payload]
//
// Kinds belong to the protocol that uses the connection, except [KindGreeting].
// Before anything else both ends call [Conn.Greet]: ends of different protocol
// versions or builds refuse each other with a sentence, so that whatever
// follows may rely on both programs having been built from the same tree.
//
// A Conn trusts its peer to be a program of ours but not to be healthy: a
// length beyond the limit is an error, and memory is taken only for bytes that
// have arrived.
package frame

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxPayload is the default limit, in bytes, of one message's payload.
const MaxPayload = 1 << 30

const (
	headerSize = 5
	// smallPayload is the largest payload that is copied next to its header;
	// above it a gathering write is cheaper than the copy.
	smallPayload = 64 << 10
	// readChunk is the memory that a length alone may claim.
	readChunk = 64 << 10
)

// ErrTooLong is wrapped by the errors of Read and Write about a payload that
// exceeds the limit.
var ErrTooLong = errors.New("message too long")

// Conn is a connection that carries messages. Write and Close may be called
// from any goroutine; Read and Greet belong to one goroutine at a time.
type Conn struct {
	rwc   io.ReadWriteCloser
	in    *bufio.Reader
	limit atomic.Int64
	files *files // nil where the stream carries none

	write    sync.Mutex // one message at a time
	out      []byte     // header and small payload
	writeErr error      // after a failed write the stream has no known position

	closing  sync.Once
	closeErr error
}

// New returns a connection over rwc, which it owns from now on.
func New(rwc io.ReadWriteCloser) *Conn {
	c := &Conn{rwc: rwc}
	var in io.Reader = rwc
	if socket, ok := rwc.(*net.UnixConn); ok {
		c.files = &files{socket: socket}
		in = c.files
	}
	c.in = bufio.NewReaderSize(in, 8<<10)
	c.limit.Store(MaxPayload)
	return c
}

// SetLimit changes the largest payload, in bytes, that Read and Write accept.
// It must not exceed 4 GiB − 1, the largest length that the header can hold.
func (c *Conn) SetLimit(n int64) { c.limit.Store(min(n, 1<<32-1)) }

// Write sends one message, in one system call as far as the system takes it
// whole. The payload is not retained. After an error other than [ErrTooLong]
// every later Write returns that error, since half a message may have left; a
// deadline that passes before anything has left is none of these.
func (c *Conn) Write(kind byte, payload []byte) error {
	if err := c.CheckLength(payload); err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	return c.writeMessage(kind, payload)
}

// CheckLength returns the error of Write about a payload that exceeds the limit, for
// who has something else to say then.
func (c *Conn) CheckLength(payload []byte) error {
	if limit := c.limit.Load(); int64(len(payload)) > limit {
		return fmt.Errorf("writing a message of %d bytes (limit %d): %w", len(payload), limit, ErrTooLong)
	}
	return nil
}

// writeMessage is Write under its lock.
func (c *Conn) writeMessage(kind byte, payload []byte) error {
	if c.writeErr != nil {
		return c.writeErr
	}
	c.out = binary.BigEndian.AppendUint32(c.out[:0], uint32(len(payload)))
	c.out = append(c.out, kind)
	var n int64
	var err error
	if len(payload) <= smallPayload {
		c.out = append(c.out, payload...)
		var k int
		k, err = c.rwc.Write(c.out)
		n = int64(k)
	} else {
		parts := net.Buffers{c.out, payload}
		n, err = parts.WriteTo(c.rwc)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("writing a message: %w", err)
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.writeErr = err
	}
	return err
}

// WriteErr returns the error that every later Write returns, nil if there is none.
func (c *Conn) WriteErr() error {
	c.write.Lock()
	defer c.write.Unlock()
	return c.writeErr
}

// Read returns the next message; the payload is the caller's. It returns
// io.EOF, unwrapped, when the other end closed between two messages, and an
// error that wraps io.ErrUnexpectedEOF when it did so within one.
func (c *Conn) Read() (kind byte, payload []byte, err error) {
	for {
		kind, payload, err = c.read(c.limit.Load())
		if err != nil || kind != kindFiles {
			return kind, payload, err
		}
		if err := c.files.arrive(payload); err != nil {
			return 0, nil, err
		}
	}
}

func (c *Conn) read(limit int64) (kind byte, payload []byte, err error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(c.in, header[:]); err != nil {
		if err == io.EOF {
			return 0, nil, io.EOF
		}
		return 0, nil, fmt.Errorf("reading a message header: %w", err)
	}
	n := int64(binary.BigEndian.Uint32(header[:4]))
	if n > limit {
		return 0, nil, fmt.Errorf("reading a message of %d bytes (limit %d): %w", n, limit, ErrTooLong)
	}
	payload = make([]byte, 0, min(n, readChunk))
	for int64(len(payload)) < n {
		have := len(payload)
		step := int(min(n-int64(have), int64(max(have, readChunk))))
		payload = slices.Grow(payload, step)[:have+step]
		if _, err := io.ReadFull(c.in, payload[have:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, nil, fmt.Errorf("reading a message of %d bytes: %w", n, err)
		}
	}
	return header[4], payload, nil
}

// Close closes the stream; a blocked Read or Write of this end returns an
// error. Later calls return what the first one did.
func (c *Conn) Close() error {
	c.closing.Do(func() { c.closeErr = c.rwc.Close() })
	return c.closeErr
}
