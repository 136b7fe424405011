package transport

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
	ztransport "github.com/go-zeromq/zmq4/transport"
)

// stall is how long a peer may take to accept a write before it is
// disconnected. A libzmq peer reconnects by itself.
const stall = 3 * time.Second

// A link is what one socket and its connections share. zmq4 hands the context
// of the socket to Listen and Dial, and so the link to each connection.
type link struct {
	ctx   context.Context
	mark  atomic.Uint64 // the newest mark that a connection came to
	moved chan struct{} // receives after mark has changed
}

// reached notes that everything sent before a mark has been written.
func (l *link) reached(n uint64) {
	for {
		old := l.mark.Load()
		if n <= old {
			return
		}
		if l.mark.CompareAndSwap(old, n) {
			break
		}
	}
	select {
	case l.moved <- struct{}{}:
	default:
	}
}

type linkKey struct{}

func newLink() *link {
	l := &link{moved: make(chan struct{}, 1)}
	l.ctx = context.WithValue(context.Background(), linkKey{}, l)
	return l
}

// A mark is a message that a publisher sends through zmq4's queue to its own
// connections, which drop it and report its number to the link. It is a prefix
// of random bytes, so that nothing that a program sends is taken for it, and a
// number.
const markPrefix = "cuaderno-mark\x00\x8d\x1f\xd3\x07\xb2\x64\xe9\x5a\x11\xc6\x90\x3e\x7b\xf4\x28"

func newMark(n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte(markPrefix), n)
}

// parseMark returns the number of the mark that a message is, if it is one.
func parseMark(message []byte) (n uint64, ok bool) {
	const head = 2
	if len(message) != head+len(markPrefix)+8 || string(message[head:][:len(markPrefix)]) != markPrefix {
		return 0, false
	}
	return binary.BigEndian.Uint64(message[head+len(markPrefix):]), true
}

// registerSchemes makes zmq4 use our connections. zmq4 keeps transports in a
// table of the process, so this happens once in a process.
var registerSchemes = sync.OnceValue(func() error {
	for name, network := range map[string]string{"tcp": "tcp", "ipc": "unix"} {
		t := framed{ztransport.New(network)}
		if err := zmq4.RegisterTransport(schemePrefix+name, t); err != nil {
			return err
		}
	}
	return nil
})

const schemePrefix = "framed-"

func scheme(endpoint string) string { return schemePrefix + endpoint }

// framed is a zmq4 transport whose connections write whole messages.
type framed struct{ ztransport.Transport }

func (f framed) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := f.Transport.Listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, link: ctx.Value(linkKey{}).(*link)}, nil
}

func (f framed) Dial(ctx context.Context, d ztransport.Dialer, addr string) (net.Conn, error) {
	c, err := f.Transport.Dial(ctx, d, addr)
	if err != nil {
		return nil, err
	}
	return newConn(c, ctx.Value(linkKey{}).(*link)), nil
}

type listener struct {
	net.Listener
	link *link
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(c, l.link), nil
}

// greetingSize is the length of the ZMTP 3 greeting, which comes before the
// first frame (rfc.zeromq.org/spec:23).
const greetingSize = 64

// A conn gathers what zmq4 writes in small pieces and passes it on message by
// message. zmq4 writes to a connection from one goroutine at a time.
type conn struct {
	net.Conn
	link     *link
	in       *bufio.Reader
	greeting int          // bytes of the greeting still to be written
	out      bytes.Buffer // the message being gathered
	frame    int          // where in out its current frame starts
}

func newConn(c net.Conn, l *link) *conn {
	return &conn{Conn: c, link: l, in: bufio.NewReaderSize(c, readBuffer), greeting: greetingSize}
}

// readBuffer saves zmq4, which reads each head and body by itself, most of its
// system calls.
const readBuffer = 16 << 10

func (c *conn) Read(p []byte) (int, error) { return c.in.Read(p) }

// Write takes p, and writes everything gathered when p ends a message.
func (c *conn) Write(p []byte) (int, error) {
	if c.greeting > 0 {
		c.greeting -= min(len(p), c.greeting)
		return len(p), c.flush(p)
	}
	c.out.Write(p)
	for {
		last, size, ok := parseFrame(c.out.Bytes()[c.frame:])
		if !ok {
			return len(p), nil
		}
		c.frame += size
		if !last {
			continue
		}
		if n, ok := parseMark(c.out.Bytes()); ok {
			c.link.reached(n)
			c.reset()
			return len(p), nil
		}
		err := c.flush(c.out.Bytes())
		c.reset()
		return len(p), err
	}
}

// keepBuffer is how large a buffer may be to be used again.
const keepBuffer = 1 << 20

func (c *conn) reset() {
	c.frame = 0
	if c.out.Cap() > keepBuffer {
		c.out = bytes.Buffer{}
		return
	}
	c.out.Reset()
}

// flush writes b. A peer that does not take it in time is disconnected; the
// error is then not a timeout, after which zmq4 would go on using the
// connection in the middle of a frame.
func (c *conn) flush(b []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(stall)); err != nil {
		return err
	}
	if _, err := c.Conn.Write(b); err != nil {
		return fmt.Errorf("%w: %w", net.ErrClosed, errors.Join(err, c.Close()))
	}
	return nil
}

// parseFrame looks at the ZMTP frame that b starts with: whether it is the last
// of its message, and its size with the head. ok is false while bytes are
// missing.
func parseFrame(b []byte) (last bool, size int, ok bool) {
	const more, long = 1, 2
	if len(b) < 2 {
		return false, 0, false
	}
	head, body := 2, uint64(b[1])
	if b[0]&long != 0 {
		if head = 9; len(b) < head {
			return false, 0, false
		}
		body = binary.BigEndian.Uint64(b[1:9])
	}
	if uint64(len(b)-head) < body {
		return false, 0, false
	}
	return b[0]&more == 0, head + int(body), true
}
