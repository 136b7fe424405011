// Package transport is the ZeroMQ sockets of the Jupyter protocol behind one
// small interface. It carries frames and knows nothing of their meaning.
//
// Whoever reaches a port can send anything to it, before any signature is
// looked at. So nothing reaches a socket but through a guard (guard.go), which
// speaks ZMTP 3 itself (rfc.zeromq.org/spec/37): it accepts, shakes hands
// (greeting.go), reads whole messages within bounds (frame.go), and gives each
// peer a queue and a writer of its own (outbox.go).
//
//	connection ─► guard ─► peer ─┬► conn, all that zmq4 sees of it ─► zmq4 ─► Socket.Recv
//	                             └► Publisher: subscriptions
//	connection ◄─ outbox of the peer ◄─ Publisher.Send, Socket.Send (of DEALER and SUB through zmq4)
//
// zmq4 is behind ROUTER, DEALER and SUB (socket.go, conn.go). The publisher,
// an XPUB, is ours (publisher.go): docs/rationale.md says why.
//
// The bounds: 5 s and 4 KiB for a handshake, 256 MiB and 1024 frames for a
// message, 512 connections a socket. 32 MiB may wait for a peer before Wait
// waits, and 64 MiB before the peer is dropped; a peer that accepts no byte for
// 3 s is dropped. A libzmq peer that was dropped connects again by itself.
package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
)

// ErrClosed is what a socket answers after Close.
var ErrClosed = errors.New("socket closed")

// A Socket carries multipart messages. Its methods may be called from any
// goroutine.
type Socket interface {
	// Recv returns the next message. Its only error is ErrClosed: what a peer
	// does wrong costs that peer its connection and nothing else.
	Recv() ([][]byte, error)
	// Send queues a message, which belongs to the socket from then on. It does
	// not wait for a peer. A ROUTER holds a message for a peer that is not there
	// for up to 5 s, and 1 MiB in all, since the peer may be about to come.
	Send(frames [][]byte) error
	// Close lets what was sent leave, for as long as peers take it but at most
	// three seconds, and closes.
	Close() error
	// Addr is where a bound socket listens: the port is known here when 0 was
	// asked for.
	Addr() net.Addr
}

// A Kind is a type of ZeroMQ socket.
type Kind string

// The kinds that a kernel binds, and those that are dialled.
const (
	router Kind = "ROUTER"
	xpub   Kind = "XPUB"
	Dealer Kind = "DEALER"
	Sub    Kind = "SUB" // subscribed to everything
)

// accepts reports whether a socket of kind k talks to a peer of kind other.
func (k Kind) accepts(other Kind) bool {
	switch k {
	case router:
		return other == "REQ" || other == Dealer || other == router
	case xpub:
		return other == Sub || other == "XSUB"
	case Dealer:
		return other == "REP" || other == Dealer || other == router
	case Sub:
		return other == "PUB" || other == xpub
	}
	return false
}

// Bind returns a ROUTER that listens at endpoint: tcp://ip:port or ipc://path.
// The first frame of a message is the identity of the peer that it comes from
// or goes to. Of two peers with the same identity the newer one stays.
func Bind(endpoint string, logger *slog.Logger) (Socket, error) {
	return bindRouter(endpoint, logger)
}

// Dial returns a socket connected to endpoint, for the front end's side. The
// identity is what a ROUTER will know it by; it may be empty. It tries for two
// seconds to connect, and for five to shake hands, and gives up when ctx ends, which
// means nothing to the socket afterwards.
func Dial(ctx context.Context, kind Kind, endpoint, identity string, logger *slog.Logger) (Socket, error) {
	return dial(ctx, kind, endpoint, identity, logger)
}
