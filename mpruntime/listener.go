package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"sync"
	"time"

	"cuaderno/internal/codec"
)

// maxHandshakes is how many callers of a Listener may authenticate at once.
const maxHandshakes = 128

// A Listener waits for connections from other processes, also on other machines
// (CPython: multiprocessing.connection.Listener).
type Listener struct {
	listener net.Listener
	key      []byte
	accepted *mailbox
	ctx      context.Context
	cancel   context.CancelFunc
	group    sync.WaitGroup
}

type accepted struct {
	conn *Conn
	err  error
}

// Listen listens on "tcp" at an address like "127.0.0.1:0", where port 0 means any
// free one, or on "unix" at the name of a file that does not exist yet, or that a
// process which was killed has left. It goes with Close or the end of the process. Who
// connects must have the same key, and each end has the other prove that before
// anything else; what follows is not encrypted. Without a key (nil) everybody is
// welcome.
func Listen(network, address string, key []byte) (*Listener, error) {
	nl, err := here.listen(network, address)
	if err != nil {
		return nil, err
	}
	l := &Listener{listener: nl, key: append([]byte(nil), key...)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.accepted = newMailbox(l.ctx.Done())
	l.group.Go(l.listen)
	return l, nil
}

func checkNetwork(network string) error {
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
		return nil
	}
	return fmt.Errorf("mp: the network is tcp or unix, not %q", network)
}

// listen takes callers until Close.
func (l *Listener) listen() {
	callers(l.ctx, l.listener, l.key, func(raw net.Conn, err error) {
		a := accepted{err: err}
		if err == nil {
			a.conn = streamConn(raw)
		}
		l.deliver(a)
	})
}

func (l *Listener) deliver(a accepted) {
	if !l.accepted.put(a) && a.conn != nil {
		_ = a.conn.Close() // nobody wants it
	}
}

// streamConn is a Conn over an authenticated connection.
func streamConn(raw net.Conn) *Conn {
	return &Conn{socket: newStream(raw), sends: true, receives: true}
}

// Addr returns the address that the Listener listens at, which [Dial] takes.
func (l *Listener) Addr() string { return l.listener.Addr().String() }

// Accept waits for a connection and returns it. A caller who has another key is an
// [ErrAuth]; the Listener goes on.
func (l *Listener) Accept() (*Conn, error) { return l.AcceptContext(context.Background()) }

// AcceptContext is Accept that also returns, with the context's cause, when ctx
// ends.
func (l *Listener) AcceptContext(ctx context.Context) (*Conn, error) {
	ctx, done := waitContext(ctx)
	defer done()
	for {
		if err := l.accepted.await(ctx, time.Time{}); err != nil {
			return nil, pipeError("accepting a connection", err)
		}
		if v, ok := l.accepted.take(func(any) bool { return false }); ok {
			a := v.(accepted)
			return a.conn, a.err
		}
	}
}

// source implements Waitable: a Listener is ready when Accept would not wait.
func (l *Listener) source() (source, error) { return source{done: l.accepted.filled()}, nil }

// Close stops listening. Connections that were accepted go on.
func (l *Listener) Close() error {
	l.cancel()
	err := l.listener.Close()
	l.group.Wait()
	if v, ok := l.accepted.take(func(any) bool { return false }); ok {
		if a := v.(accepted); a.conn != nil {
			_ = a.conn.Close() // nobody wants it
		}
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return errorf("mp: closing a listener: %w", err)
	}
	return nil
}

// A Listener is a handle only to say why it is none.
func (l *Listener) encodeHandle(*codec.Encoder) error {
	return codec.Refuse(reflect.TypeFor[*Listener](), "it belongs to the process that listens: pass on the connections that it accepts")
}

func (l *Listener) decodeHandle(*codec.Decoder) error {
	return errors.New("mp: a Listener is made by mp.Listen")
}

// Dial connects to a Listener and returns the connection, whose messages are those
// of a pipe, except that objects which belong to one machine, such as pipes and
// locks, cannot be sent.
func Dial(network, address string, key []byte) (*Conn, error) {
	return DialContext(context.Background(), network, address, key)
}

// DialContext is Dial that also returns, with the context's cause, when ctx ends.
func DialContext(ctx context.Context, network, address string, key []byte) (*Conn, error) {
	raw, err := dialRaw(ctx, network, address, key)
	if err != nil {
		return nil, err
	}
	return streamConn(raw), nil
}

func dialRaw(ctx context.Context, network, address string, key []byte) (net.Conn, error) {
	if err := checkNetwork(network); err != nil {
		return nil, err
	}
	ctx, done := waitContext(ctx)
	defer done()
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, network, address)
	if err == nil {
		stop := context.AfterFunc(ctx, func() { raw.Close() })
		err = introduce(raw, key)
		stop()
		if err != nil {
			raw.Close()
		}
	} else {
		err = errorf("mp: connecting to %s: %w", address, err)
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return raw, err
}
