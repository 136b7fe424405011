package transport

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"sync"

	"github.com/go-zeromq/zmq4"
)

// inside is how many messages are inside zmq4, which has room for ten before
// its readers wait, and could not be stopped then.
const inside = 8

// A socket is a zmq4 socket behind a guard. zmq4 asks its transport for
// listeners and connections, and hands it the context of the socket, which
// leads it here.
type socket struct {
	guard    *guard
	zmq      zmq4.Socket
	dialling context.Context // bounds Dial, nil on the side that binds
	credits  chan struct{}   // holds a token for each message inside zmq4
	accepts  chan *conn
	hangUp   chan struct{} // closed when zmq4 has stopped accepting
	ended    chan struct{}
	once     sync.Once
	err      error // of closing; guarded by once

	mu    sync.Mutex
	conns map[string]*conn // by identity
	named uint32           // identities given by us
	held  held
}

type socketKey struct{}

func newSocket(kind Kind, identity string, limit int64, logger *slog.Logger) (*socket, error) {
	if err := registerSchemes(); err != nil {
		return nil, fmt.Errorf("registering transports: %w", err)
	}
	s := &socket{
		credits: make(chan struct{}, inside),
		accepts: make(chan *conn),
		hangUp:  make(chan struct{}),
		ended:   make(chan struct{}),
		conns:   map[string]*conn{},
	}
	s.guard = newGuard(ready{kind: kind, identity: identity}, s, limit, logger)
	ctx := context.WithValue(context.Background(), socketKey{}, s)
	options := []zmq4.Option{zmq4.WithLogger(zmqLogger(logger)), zmq4.WithDialerMaxRetries(0)}
	switch kind {
	case router:
		s.zmq = zmq4.NewRouter(ctx, options...)
	case Dealer:
		s.zmq = zmq4.NewDealer(ctx, options...)
	case Sub:
		s.zmq = zmq4.NewSub(ctx, options...)
	default:
		return nil, fmt.Errorf("no socket of kind %s is made here", kind)
	}
	return s, nil
}

func zmqLogger(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.With("part", "zmq4").Handler(), slog.LevelInfo)
}

func bindRouter(endpoint string, logger *slog.Logger) (*socket, error) {
	s, err := newSocket(router, "", overflow, logger)
	if err != nil {
		return nil, err
	}
	if err := s.zmq.Listen(scheme(endpoint)); err != nil {
		return nil, errors.Join(fmt.Errorf("binding %s to %s: %w", router, endpoint, err), s.Close())
	}
	return s, nil
}

func dial(ctx context.Context, kind Kind, endpoint, identity string, logger *slog.Logger) (*socket, error) {
	s, err := newSocket(kind, identity, 0, logger)
	if err != nil {
		return nil, err
	}
	s.dialling = ctx
	if kind == Sub {
		if err := s.zmq.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			return nil, errors.Join(fmt.Errorf("subscribing: %w", err), s.Close())
		}
	}
	if err := s.zmq.Dial(scheme(endpoint)); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting %s to %s: %w", kind, endpoint, err), s.Close())
	}
	return s, nil
}

// Recv implements Socket.
func (s *socket) Recv() ([][]byte, error) {
	for {
		msg, err := s.zmq.Recv()
		if err == nil {
			<-s.credits
		}
		select {
		case <-s.ended:
			return nil, ErrClosed
		default:
		}
		if err == nil {
			return msg.Frames, nil
		}
	}
}

// Send implements Socket. A ROUTER gives a message to its peer past zmq4, which
// learns of a peer a little later than we do, and loses what comes in between.
func (s *socket) Send(frames [][]byte) error {
	select {
	case <-s.ended:
		return ErrClosed
	default:
	}
	switch {
	case len(frames) == 0:
	case s.guard.self.kind == router:
		s.route(string(frames[0]), encode(frames[1:]))
	default:
		// The error is the peer's, which has been given up.
		_ = s.zmq.SendMulti(zmq4.NewMsgFrom(frames...))
	}
	return nil
}

// route queues a message for a peer. One that is not there may be about to come:
// a front end opens several connections at once, and what it sends by one may be
// answered by another.
func (s *socket) route(identity string, message packet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conns[identity]; c != nil {
		// The error is the peer's, and the end of it.
		_ = c.send(message)
		return
	}
	s.held.add(identity, message)
}

// Addr implements Socket.
func (s *socket) Addr() net.Addr { return s.zmq.Addr() }

// Close implements Socket.
func (s *socket) Close() error {
	s.once.Do(func() {
		close(s.ended)
		s.err = errors.Join(s.guard.close(), s.zmq.Close())
	})
	return s.err
}

// joined gives a peer to zmq4. On the side that dials zmq4 has it already.
func (s *socket) joined(p *peer) {
	if s.guard.self.kind != router {
		return
	}
	c := s.name(p)
	select {
	case s.accepts <- c:
	case <-p.gone:
	case <-s.guard.ending:
	}
}

// name makes the conn of a peer that connected, and drops the one that had its
// identity before (rule 48 of the protocol: a front end that reconnects).
func (s *socket) name(p *peer) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.identity == "" {
		s.named++
		p.identity = string(binary.BigEndian.AppendUint32([]byte{0}, s.named))
	}
	if old := s.conns[p.identity]; old != nil {
		old.drop(errors.New("somebody else has its identity"))
	}
	c := newConn(p)
	s.conns[p.identity] = c
	for _, message := range s.held.take(p.identity) {
		_ = p.send(message)
	}
	return c
}

func (s *socket) left(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conns[p.identity]; c != nil && c.peer == p {
		delete(s.conns, p.identity)
	}
}

// received passes a message to zmq4, when it has room for one.
func (s *socket) received(p *peer, frames [][]byte) error {
	s.mu.Lock()
	c := s.conns[p.identity]
	s.mu.Unlock()
	if c == nil || c.peer != p {
		return ErrClosed
	}
	select {
	case s.credits <- struct{}{}:
	case <-p.gone:
		return ErrClosed
	case <-s.guard.ending:
		return ErrClosed
	}
	select {
	case c.in <- encode(frames):
		return nil
	case <-p.gone:
	case <-s.guard.ending:
	}
	<-s.credits
	return ErrClosed
}

func (s *socket) obeyed(*peer, command) error { return nil }

func (s *socket) eased() {}
