package mpruntime

import (
	"context"
	"sync"
	"time"

	"cuaderno/internal/packet"
)

// A mailbox holds one thing that a goroutine has fetched ahead for whoever wants
// it, and lets others wait for it without taking it.
type mailbox struct {
	ended <-chan struct{} // closed when nobody fetches or wants anything any more

	mu    sync.Mutex
	held  any           // nil for nothing
	full  chan struct{} // closed while something is held
	empty chan struct{} // has a token while nothing is
}

func newMailbox(ended <-chan struct{}) *mailbox {
	b := &mailbox{ended: ended, full: make(chan struct{}), empty: make(chan struct{}, 1)}
	b.empty <- struct{}{}
	return b
}

// put waits until nothing is held and then holds v. It is false after the end.
func (b *mailbox) put(v any) bool {
	select {
	case <-b.empty:
	case <-b.ended:
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held = v
	close(b.full)
	return true
}

// take returns what is held. It stays if keep says so.
func (b *mailbox) take(keep func(any) bool) (v any, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil {
		return nil, false
	}
	v = b.held
	if !keep(v) {
		b.held, b.full = nil, make(chan struct{})
		b.empty <- struct{}{}
	}
	return v, true
}

// filled returns a channel that is closed when something is held.
func (b *mailbox) filled() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.full
}

// await waits until something is held. Its errors are those of package packet.
func (b *mailbox) await(ctx context.Context, deadline time.Time) error {
	return packet.Await(ctx, deadline, b.filled(), b.ended)
}
