package transport

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"time"
)

// A conn is all that zmq4 sees of a peer: a connection whose handshake always
// succeeds, on which whole messages within bounds arrive and no commands, which
// ends between messages only, and whose Write does not wait. zmq4 reads it in
// one goroutine and writes it in one at a time.
type conn struct {
	*peer
	in chan packet // whole messages

	current packet // what Read has still to return

	greeting int          // bytes of zmq4's greeting still to come
	gathered bytes.Buffer // the message that zmq4 is writing
	frame    int          // where in gathered its current frame starts
	command  bool         // gathered is a command
}

func newConn(p *peer) *conn {
	c := &conn{peer: p, in: make(chan packet), greeting: greetingSize}
	c.current.add(greeting())
	c.current.add(ready{kind: p.kind, identity: p.identity}.command().pieces[0])
	return c
}

// Read returns bytes of the messages that deliver was given.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.current.pieces) == 0 {
		select {
		case c.current = <-c.in:
		case <-c.gone:
			return 0, io.EOF
		}
	}
	n := copy(b, c.current.pieces[0])
	if c.current.pieces[0] = c.current.pieces[0][n:]; len(c.current.pieces[0]) == 0 {
		c.current.pieces = c.current.pieces[1:]
	}
	return n, nil
}

// Write takes b, and queues what was gathered when b ends a message. zmq4's own
// greeting and commands go nowhere: the guard has sent its own.
func (c *conn) Write(b []byte) (int, error) {
	size := len(b)
	skipped := min(len(b), c.greeting)
	c.greeting -= skipped
	c.gathered.Write(b[skipped:])
	for {
		flags, size, ok := parseFrame(c.gathered.Bytes()[c.frame:])
		if !ok {
			break
		}
		c.frame += size
		c.command = flags&flagCommand != 0
		if flags&flagMore == 0 {
			if err := c.flush(); err != nil {
				return 0, err
			}
		}
	}
	return size, nil
}

func (c *conn) flush() error {
	message, rest := c.gathered.Bytes()[:c.frame:c.frame], c.gathered.Bytes()[c.frame:]
	c.frame, c.gathered = 0, bytes.Buffer{}
	c.gathered.Write(rest)
	if c.command {
		return nil
	}
	var out packet
	out.add(message)
	return c.send(out)
}

// parseFrame looks at the ZMTP frame that b starts with: its flags, and its
// size with the head. ok is false while bytes are missing.
func parseFrame(b []byte) (flags byte, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	head, body := 2, uint64(b[1])
	if b[0]&flagLong != 0 {
		if head = 9; len(b) < head {
			return 0, 0, false
		}
		body = binary.BigEndian.Uint64(b[1:9])
	}
	if uint64(len(b)-head) < body {
		return 0, 0, false
	}
	return b[0], head + int(body), true
}

// Close drops the peer.
func (c *conn) Close() error {
	c.drop(ErrClosed)
	return nil
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline implements net.Conn; the guard sets deadlines of its own.
func (c *conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
