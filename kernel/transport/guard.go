package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// maxPeers is how many connections a socket holds.
	maxPeers = 512
	// closing bounds how long a guard takes to close.
	closing = 3 * time.Second
)

// An owner is the socket behind a guard. Its methods are called by the
// goroutine of the peer: joined first, then received and obeyed, left last.
type owner interface {
	joined(p *peer)
	received(p *peer, frames [][]byte) error
	// obeyed takes commands other than PING.
	obeyed(p *peer, c command) error
	left(p *peer)
	// eased says that there is room for somebody again, or that nothing waits.
	eased()
}

// A guard stands between the network and a socket: its peers have shaken hands,
// and what it passes on is whole messages within bounds.
type guard struct {
	self   ready
	owner  owner
	log    *slog.Logger
	limit  int64         // of the peers' outboxes
	ending chan struct{} // closed when close begins
	work   sync.WaitGroup
	// releasing says that memory will be given back soon.
	releasing atomic.Bool

	mu       sync.Mutex
	listener net.Listener // nil on the side that dials
	peers    map[*peer]bool
	shaking  []*peer // those of peers whose handshake goes on, oldest first
	refused  bool    // somebody was, and that has been logged
}

func newGuard(self ready, o owner, limit int64, logger *slog.Logger) *guard {
	return &guard{self: self, owner: o, log: logger, limit: limit, ending: make(chan struct{}), peers: map[*peer]bool{}}
}

// listen begins to accept at an address of a network.
func (g *guard) listen(ctx context.Context, network, address string) error {
	if err := removeStale(network, address); err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, network, address)
	if err != nil {
		return err
	}
	g.listener = l
	g.work.Go(g.accept)
	return nil
}

// accept takes connections until close. Where none can be had, because
// descriptors have run out, it waits; whoever is connected is served meanwhile.
func (g *guard) accept() {
	const shortest, longest = 5 * time.Millisecond, time.Second
	wait := time.Duration(0)
	for {
		c, err := g.listener.Accept()
		switch {
		case err == nil:
			wait = 0
			g.take(c)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		case wait == 0:
			g.log.Warn("nobody can connect for the moment", "error", err)
		}
		wait = min(max(2*wait, shortest), longest)
		select {
		case <-time.After(wait):
		case <-g.ending:
		}
	}
}

// take serves a connection in a goroutine of its own. When there are too many,
// the one that has been shaking hands the longest goes; connections that have
// are not given up for others.
func (g *guard) take(c net.Conn) {
	p := newPeer(c, g.limit, g.owner.eased, g.release)
	g.mu.Lock()
	defer g.mu.Unlock()
	full := len(g.peers) >= maxPeers
	if full && len(g.shaking) == 0 && !g.refused {
		g.refused = true
		g.log.Warn("connections are refused", "connections", maxPeers)
	}
	if g.isEnding() || full && len(g.shaking) == 0 {
		p.drop(ErrClosed)
		return
	}
	if full {
		g.shaking[0].drop(fmt.Errorf("there are %d connections", maxPeers))
		g.shaking = g.shaking[1:]
	}
	g.peers[p] = true
	g.shaking = append(g.shaking, p)
	g.work.Go(func() {
		if err := p.shake(g.self); err != nil {
			g.log.Info("a connection was refused", "error", err)
			p.drop(err)
		}
		g.serve(p)
	})
}

// shaken notes that the handshake of p is over. It is false when the peer is not
// to be served.
func (g *guard) shaken(p *peer) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.shaking {
		if other == p {
			g.shaking = append(g.shaking[:i], g.shaking[i+1:]...)
			break
		}
	}
	select {
	case <-p.gone:
		return false
	default:
		return !g.isEnding()
	}
}

func (g *guard) isEnding() bool {
	select {
	case <-g.ending:
		return true
	default:
		return false
	}
}

// serve reads what a peer sends until it is gone.
func (g *guard) serve(p *peer) {
	if g.shaken(p) {
		var writer sync.WaitGroup
		writer.Go(func() {
			if err := p.out.run(p.gone); err != nil {
				p.drop(err)
			}
		})
		g.owner.joined(p)
		p.drop(g.read(p))
		g.owner.left(p)
		writer.Wait()
		if errors.Is(p.why, errStalled) {
			g.log.Warn("a peer that does not read was disconnected", "error", p.why)
			p.out.discard()
			g.release()
		} else {
			g.log.Debug("a peer has gone", "error", p.why)
		}
	}
	p.drop(ErrClosed)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.peers, p)
	g.refused = g.refused && len(g.peers) >= maxPeers
}

// release gives memory back to the system that a peer held for long, once a
// second at most: what was garbage of a flood would otherwise stay for minutes.
func (g *guard) release() {
	if g.releasing.Swap(true) {
		return
	}
	g.work.Go(func() {
		select {
		case <-time.After(time.Second):
			g.releasing.Store(false)
			debug.FreeOSMemory()
		case <-g.ending:
		}
	})
}

// read passes on what a peer sends. When the guard closes it reads on without
// doing so: a connection that is closed with bytes unread takes with it what is
// on its way to the peer.
func (g *guard) read(p *peer) error {
	obey := func(c command) error {
		switch {
		case g.isEnding():
			return nil
		case c.is(pingCommand):
			return p.pong(c)
		}
		return unlessClosed(g.owner.obeyed(p, c))
	}
	for {
		frames, err := readMessage(p.in, obey)
		if err == nil && !g.isEnding() {
			err = unlessClosed(g.owner.received(p, frames))
		}
		if err != nil {
			return err
		}
	}
}

func unlessClosed(err error) error {
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// close stops accepting, lets peers read what was sent, and waits for the end of
// all goroutines.
func (g *guard) close() error {
	g.mu.Lock()
	close(g.ending)
	var err error
	if g.listener != nil {
		err = g.listener.Close()
	}
	for _, p := range g.shaking {
		p.drop(ErrClosed)
	}
	for p := range g.peers {
		p.out.finish()
	}
	g.mu.Unlock()
	limit := time.AfterFunc(closing, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for p := range g.peers {
			p.drop(errStalled)
		}
	})
	defer limit.Stop()
	g.work.Wait()
	return err
}

// splitEndpoint takes an endpoint of ZeroMQ apart, as package net wants it.
func splitEndpoint(endpoint string) (network, address string, err error) {
	scheme, address, _ := strings.Cut(endpoint, "://")
	switch scheme {
	case "tcp":
		return "tcp", address, nil
	case "ipc":
		return "unix", address, nil
	}
	return "", "", fmt.Errorf("endpoint %s: neither tcp:// nor ipc://", endpoint)
}

// removeStale removes a socket file that a killed kernel left behind, since
// binding would fail on it. A file that somebody listens on is left alone.
func removeStale(network, path string) error {
	if network != "unix" {
		return nil
	}
	conn, err := net.Dial(network, path)
	if err == nil {
		return errors.Join(fmt.Errorf("somebody listens at %s", path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing a stale socket file: %w", err)
	}
	return nil
}
