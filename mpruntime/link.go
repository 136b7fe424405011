package mpruntime

import (
	"context"
	"time"

	"cuaderno/internal/packet"
)

// A link is what carries the messages of a Conn: a socket of package packet
// between processes of one machine, or a stream. The methods are those of
// packet.Socket.
type link interface {
	Send(ctx context.Context, deadline time.Time, p packet.Packet) error
	TrySend(p packet.Packet) (sent bool, err error)
	Receive(ctx context.Context, deadline time.Time) (packet.Received, error)
	TryReceive() (r packet.Received, ok bool, err error)
	Poll(ctx context.Context, deadline time.Time) (ready bool, err error)
	Ready() (bool, error)
	Close() error
}
