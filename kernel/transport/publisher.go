package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
)

// A Publisher is an XPUB socket that tells each subscriber that it is one. Its
// methods may be called from any goroutine.
type Publisher struct {
	guard   *guard
	welcome func(topic []byte) [][]byte

	mu          sync.Mutex
	room        sync.Cond // signalled when Wait may have come to its end
	subscribers map[*peer]topics
	closed      bool
}

// topics are what one peer has subscribed to: prefixes of first frames.
type topics map[string]bool

// Bounds of what one peer may subscribe to, in all.
const (
	maxTopics = 1024
	maxTopic  = 4 << 10 // bytes
)

// Publish returns a publisher that listens at endpoint: tcp://ip:port or
// ipc://path. The message that welcome returns is the first that a subscription
// brings, and goes to that subscriber only (JEP 65). welcome may be nil, and
// must not use the publisher.
func Publish(endpoint string, welcome func(topic []byte) [][]byte, logger *slog.Logger) (*Publisher, error) {
	network, address, err := splitEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	p := &Publisher{welcome: welcome, subscribers: map[*peer]topics{}}
	p.room.L = &p.mu
	p.guard = newGuard(ready{kind: xpub}, p, overflow, logger)
	if err := p.guard.listen(context.Background(), network, address); err != nil {
		return nil, fmt.Errorf("binding %s to %s: %w", xpub, endpoint, err)
	}
	return p, nil
}

// Send queues a message, which belongs to the publisher from then on, for
// whoever has subscribed to a prefix of its first frame. It does not wait.
func (p *Publisher) Send(frames [][]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	var encoded packet
	for peer, topics := range p.subscribers {
		if !topics.match(frames) {
			continue
		}
		if encoded.size == 0 {
			encoded = encode(frames)
		}
		// The error is the peer's, and the end of it.
		_ = peer.send(encoded)
	}
	return nil
}

func (t topics) match(frames [][]byte) bool {
	if t[""] {
		return true
	}
	for topic := range t {
		if len(frames) > 0 && bytes.HasPrefix(frames[0], []byte(topic)) {
			return true
		}
	}
	return false
}

// Wait waits until less than 32 MiB wait for each subscriber, which a
// subscriber that does not read cannot delay for long, or until ctx ends.
func (p *Publisher) Wait(ctx context.Context) { p.await(ctx, budget) }

// Flush waits until nothing waits for a subscriber, or until ctx ends.
func (p *Publisher) Flush(ctx context.Context) { p.await(ctx, 1) }

// await waits until fewer than n bytes wait for each subscriber.
func (p *Publisher) await(ctx context.Context, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.anyHas(n) {
		return
	}
	defer context.AfterFunc(ctx, p.eased)()
	for p.anyHas(n) && ctx.Err() == nil {
		p.room.Wait()
	}
}

// anyHas reports whether n bytes wait for a subscriber.
func (p *Publisher) anyHas(n int64) bool {
	for peer := range p.subscribers {
		if peer.out.waiting.Load() >= n {
			return true
		}
	}
	return false
}

// Close lets subscribers read what was sent, for as long as they take it but at
// most three seconds, and closes.
func (p *Publisher) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.mu.Unlock()
	return p.guard.close()
}

// Addr is where the publisher listens.
func (p *Publisher) Addr() net.Addr { return p.guard.listener.Addr() }

func (p *Publisher) eased() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.room.Broadcast()
}

func (p *Publisher) joined(who *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscribers[who] = topics{}
}

func (p *Publisher) left(who *peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subscribers, who)
	p.room.Broadcast()
}

// received takes a subscription in the form of a message (ZMTP 3.0). What else
// a subscriber sends is dropped.
func (p *Publisher) received(who *peer, frames [][]byte) error {
	if len(frames) != 1 || len(frames[0]) == 0 {
		return nil
	}
	switch topic := frames[0][1:]; frames[0][0] {
	case 0:
		p.unsubscribe(who, topic)
	case 1:
		return p.subscribe(who, topic)
	}
	return nil
}

// obeyed takes a subscription in the form of a command (ZMTP 3.1).
func (p *Publisher) obeyed(who *peer, c command) error {
	switch {
	case c.is("SUBSCRIBE"):
		return p.subscribe(who, c.body)
	case c.is("CANCEL"), c.is("UNSUBSCRIBE"):
		p.unsubscribe(who, c.body)
	}
	return nil
}

var errTopics = errors.New("too many subscriptions, or too long a topic")

func (p *Publisher) subscribe(who *peer, topic []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(topic) > maxTopic || len(p.subscribers[who]) >= maxTopics {
		return errTopics
	}
	if p.welcome != nil {
		if frames := p.welcome(topic); frames != nil {
			if err := who.send(encode(frames)); err != nil {
				return err
			}
		}
	}
	p.subscribers[who][string(topic)] = true
	return nil
}

func (p *Publisher) unsubscribe(who *peer, topic []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.subscribers[who], string(topic))
}
