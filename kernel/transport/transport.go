// Package transport is the ZeroMQ sockets of the Jupyter protocol behind one
// small interface. It carries frames and knows nothing of their meaning.
//
// Only this package imports zmq4. What it adds to zmq4 v0.17.0:
//   - one write(2) per message, and a time limit for each, after which the peer
//     is disconnected (conn.go);
//   - one writer goroutine per ROUTER, so that Send never waits for a peer
//     (queued.go);
//   - back-pressure and a lingering Close for PUB, whose queue zmq4 neither
//     bounds nor drains (publisher.go);
//   - errors and ZMTP commands of a peer never reach the reader.
package transport

import (
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/go-zeromq/zmq4"
)

// ErrClosed is what a Socket answers after Close.
var ErrClosed = errors.New("socket closed")

// linger bounds how long Close waits for what was sent to leave.
const linger = time.Second

// A Socket carries multipart messages. Its methods may be called from any
// goroutine.
type Socket interface {
	// Recv returns the next message. Its only error is ErrClosed: what a peer
	// does wrong costs that peer its connection and nothing else.
	Recv() ([][]byte, error)
	// Send queues a message, which belongs to the socket from then on. On a
	// PUB socket it waits while much is queued already; on others it does not
	// wait.
	Send(frames [][]byte) error
	// Close lets what was sent leave, for at most about a second, and closes.
	Close() error
	// Addr is where a bound socket listens: the port is known here when 0 was
	// asked for.
	Addr() net.Addr
}

// A Kind is a type of ZeroMQ socket.
type Kind string

// The kinds that a kernel binds, and those that a front end dials.
const (
	Router Kind = "ROUTER"
	Pub    Kind = "PUB"
	Dealer Kind = "DEALER"
	Sub    Kind = "SUB" // subscribed to everything
)

// Bind returns a socket that listens at endpoint: tcp://ip:port or ipc://path.
func Bind(kind Kind, endpoint string, logger *slog.Logger) (Socket, error) {
	if err := removeStale(endpoint); err != nil {
		return nil, err
	}
	l, z, err := open(kind, "", logger)
	if err != nil {
		return nil, err
	}
	if err := z.Listen(scheme(endpoint)); err != nil {
		return nil, errors.Join(fmt.Errorf("binding %s to %s: %w", kind, endpoint, err), z.Close())
	}
	if kind == Pub {
		return newPublisher(l, z), nil
	}
	return newQueued(l, z), nil
}

// Dial returns a socket connected to endpoint, for the front end's side. The
// identity is what a ROUTER will know it by; it may be empty.
func Dial(kind Kind, endpoint, identity string, logger *slog.Logger) (Socket, error) {
	l, z, err := open(kind, identity, logger)
	if err != nil {
		return nil, err
	}
	if kind == Sub {
		if err := z.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			return nil, errors.Join(fmt.Errorf("subscribing: %w", err), z.Close())
		}
	}
	if err := z.Dial(scheme(endpoint)); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting %s to %s: %w", kind, endpoint, err), z.Close())
	}
	return newQueued(l, z), nil
}

func open(kind Kind, identity string, logger *slog.Logger) (*link, zmq4.Socket, error) {
	if err := registerSchemes(); err != nil {
		return nil, nil, fmt.Errorf("registering transports: %w", err)
	}
	l := newLink()
	options := []zmq4.Option{zmq4.WithLogger(zmqLogger(logger))}
	if identity != "" {
		options = append(options, zmq4.WithID(zmq4.SocketIdentity(identity)))
	}
	switch kind {
	case Router:
		return l, zmq4.NewRouter(l.ctx, options...), nil
	case Pub:
		return l, zmq4.NewPub(l.ctx, options...), nil
	case Dealer:
		return l, zmq4.NewDealer(l.ctx, options...), nil
	case Sub:
		return l, zmq4.NewSub(l.ctx, options...), nil
	}
	return nil, nil, fmt.Errorf("unknown socket kind %q", kind)
}

func zmqLogger(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.With("part", "zmq4").Handler(), slog.LevelInfo)
}

// removeStale removes a socket file that a killed kernel left behind, since
// binding would fail on it. A file that somebody listens on is left alone.
func removeStale(endpoint string) error {
	path, ok := strings.CutPrefix(endpoint, "ipc://")
	if !ok {
		return nil
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("binding %s: somebody listens there", endpoint), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing stale socket: %w", err)
	}
	return nil
}
