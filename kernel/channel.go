package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// A channel is one of the sockets that receive.
type channel struct {
	name string
	sock transport.Socket
}

// A request is a message that arrived on a channel.
type request struct {
	*wire.Message
	from     *channel
	received time.Time
	handle   func(*Kernel, context.Context, *request) // nil for an unknown type
	shell    *shell                                   // nil for what no shell handles
	number   uint64                                   // its place in the queue
	replied  bool
	// unreadable is why only the header can be read; nil when all can.
	unreadable error
	// after, when set, is called when the request's idle has been published.
	after func()
}

// echo answers heartbeats with the bytes that came (rule 44).
func (k *Kernel) echo() {
	for {
		frames, err := k.heartbeat.sock.Recv()
		if err != nil {
			return
		}
		if k.heartbeat.sock.Send(frames) != nil {
			return
		}
	}
}

// reply answers r on the channel it came by, with its identities (rule 13).
func (k *Kernel) reply(r *request, content any) { k.replyWith(r, content, nil) }

// replyWith is reply with metadata.
func (k *Kernel) replyWith(r *request, content, metadata any) {
	t, ok := r.Header.Type.Reply()
	if !ok {
		return
	}
	r.replied = true
	m, err := wire.NewMessage(t, k.id, r.RawHeader, content)
	if err == nil && metadata != nil {
		m.Metadata, err = json.Marshal(metadata)
	}
	if err != nil {
		k.log.Error("a reply was not sent", "type", t, "error", err)
		return
	}
	m.Identities = r.Identities
	k.send(r.from, m)
}

func (k *Kernel) send(ch *channel, m *wire.Message) {
	frames, err := k.codec.Encode(m)
	if err == nil {
		err = ch.sock.Send(frames)
	}
	if err != nil && !errors.Is(err, transport.ErrClosed) {
		k.log.Warn("a message was not sent", "channel", ch.name, "type", m.Header.Type, "error", err)
	}
}
