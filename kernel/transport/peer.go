package transport

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"
)

// handshakeLimit is how long a peer may take for greeting and READY.
const handshakeLimit = 5 * time.Second

// readBuffer is the buffer of a connection.
const readBuffer = 16 << 10

// A peer is one connection. Its guard's goroutine reads; its outbox's writes.
type peer struct {
	ready // what it said of itself
	conn  net.Conn
	in    *bufio.Reader
	out   *outbox
	gone  chan struct{} // closed when the connection has been
	once  sync.Once
	why   error // of the end, when it was ours; guarded by once
}

func newPeer(c net.Conn, limit int64, eased, drained func()) *peer {
	return &peer{
		conn: c,
		in:   bufio.NewReaderSize(c, readBuffer),
		out:  newOutbox(c, limit, eased, drained),
		gone: make(chan struct{}),
	}
}

// shake exchanges greeting and READY. Both ends of a connection do the same.
func (p *peer) shake(self ready) error {
	if err := p.conn.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return err
	}
	if _, err := p.conn.Write(greeting()); err != nil {
		return err
	}
	if err := readGreeting(p.in); err != nil {
		return err
	}
	if _, err := p.conn.Write(self.command().pieces[0]); err != nil {
		return err
	}
	var err error
	if p.ready, err = readReady(p.in, self.kind); err != nil {
		return err
	}
	return p.conn.SetDeadline(time.Time{})
}

// send queues a packet. A peer for which too much waits is dropped.
func (p *peer) send(out packet) error {
	select {
	case <-p.gone:
		return net.ErrClosed
	default:
	}
	err := p.out.put(out)
	if errors.Is(err, errOverflow) {
		p.drop(err)
	}
	return err
}

// drop ends the connection; the first reason stays.
func (p *peer) drop(why error) {
	p.once.Do(func() {
		p.why = why
		close(p.gone)
		// What cannot be closed is closed already.
		_ = p.conn.Close()
	})
}

// Commands that a peer may send after its READY.
const (
	pingCommand = "PING"
	pongCommand = "PONG"
)

// pong answers PING, whose body is a time to live of two bytes and a context
// that the answer repeats.
func (p *peer) pong(c command) error {
	context := c.body[min(2, len(c.body)):]
	return unlessClosed(p.send(encodeCommand(pongCommand, context[:min(16, len(context))])))
}
