package transport

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	ztransport "github.com/go-zeromq/zmq4/transport"
)

// registerSchemes makes zmq4 use our connections. zmq4 keeps transports in a
// table of the process, so this happens once in a process.
var registerSchemes = sync.OnceValue(func() error {
	for _, network := range [][2]string{{"tcp", "tcp"}, {"ipc", "unix"}} {
		t := guarded{ztransport.New(network[1]), network[1]}
		if err := zmq4.RegisterTransport(scheme(network[0]), t); err != nil {
			return err
		}
	}
	return nil
})

func scheme(endpoint string) string { return "guarded-" + endpoint }

// guarded is a zmq4 transport.
type guarded struct {
	ztransport.Transport
	network string
}

// Listen has the guard of a socket listen.
func (t guarded) Listen(ctx context.Context, address string) (net.Listener, error) {
	s := ctx.Value(socketKey{}).(*socket)
	if err := s.guard.listen(ctx, t.network, address); err != nil {
		return nil, err
	}
	return listener{s}, nil
}

// A listener gives zmq4 the peers that a guard lets through.
type listener struct{ *socket }

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepts:
		return c, nil
	case <-l.hangUp:
		return nil, net.ErrClosed
	}
}

func (l listener) Addr() net.Addr { return l.guard.listener.Addr() }

// Close ends Accept. It is called once, when zmq4 has noted that it ends: it
// would try again and again otherwise.
func (l listener) Close() error {
	close(l.hangUp)
	return nil
}

// Dial connects, for which it tries for some time, and shakes hands. ctx is that of
// the socket.
func (t guarded) Dial(ctx context.Context, d ztransport.Dialer, address string) (net.Conn, error) {
	s := ctx.Value(socketKey{}).(*socket)
	ctx = s.dialling
	raw, err := t.connect(ctx, d, address)
	if err != nil {
		return nil, err
	}
	p := newPeer(raw, s.guard.limit, s.eased, s.guard.release)
	stop := context.AfterFunc(ctx, func() { p.drop(context.Cause(ctx)) })
	err = p.shake(s.guard.self)
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		p.drop(err)
		return nil, err
	}
	return s.dialled(p), nil
}

func (t guarded) connect(ctx context.Context, d ztransport.Dialer, address string) (net.Conn, error) {
	const patience, pause = 2 * time.Second, 20 * time.Millisecond
	for begun := time.Now(); ; {
		raw, err := t.Transport.Dial(ctx, d, address)
		if err == nil || time.Since(begun) > patience {
			return raw, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// dialled serves the peer that was dialled.
func (s *socket) dialled(p *peer) *conn {
	s.mu.Lock()
	c := newConn(p)
	s.conns[p.identity] = c
	s.mu.Unlock()
	s.guard.mu.Lock()
	s.guard.peers[p] = true
	s.guard.mu.Unlock()
	s.guard.work.Go(func() { s.guard.serve(p) })
	return c
}
