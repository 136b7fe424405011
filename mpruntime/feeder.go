package mpruntime

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/packet"
)

// feed sends an item, or leaves it to the feeder.
func (q *queue) feed(m codec.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	if q.backlog.len() == 0 {
		sent, err := q.out.TrySend(packetOf(m))
		if err != nil {
			return pipeError("putting an item", err)
		}
		if sent {
			q.hold(-1)
			m.Close()
			return nil
		}
	}
	q.append(m)
	return nil
}

func packetOf(m codec.Message) packet.Packet {
	return packet.Packet{Kind: packetValue, Bytes: m.Bytes, Files: m.Files}
}

// append adds an item to the buffer; q.mu is held.
func (q *queue) append(m codec.Message) {
	q.backlog.push(m)
	if q.feeding == nil {
		ctx, stop := context.WithCancel(context.Background())
		q.feeding, q.stop = make(chan struct{}), stop
		here.feeders.add(q)
		go q.feeder(ctx, q.feeding)
	}
}

// retryEvery is how soon the feeder tries again when the process has too many files
// open for an item.
const retryEvery = 20 * time.Millisecond

// feeder sends the buffer. It ends when the buffer is empty, by stop, or when
// nobody can receive any more. [feeders.end] waits for it.
func (q *queue) feeder(ctx context.Context, ended chan struct{}) {
	defer close(ended)
	for {
		q.mu.Lock()
		m, ok := q.backlog.first()
		if !ok || ctx.Err() != nil {
			q.feederEnds()
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
		err := q.out.Send(ctx, time.Time{}, packetOf(m))
		if err != nil && ctx.Err() != nil {
			continue
		}
		if packet.IsTransient(err) {
			select {
			case <-ctx.Done():
			case <-time.After(retryEvery):
			}
			continue
		}
		q.mu.Lock()
		q.backlog.pop()
		m.Close()
		if err == nil {
			q.hold(-1)
		} else { // the queue can take nothing more
			q.drop(1)
		}
		q.mu.Unlock()
	}
}

// feederEnds makes room for the next feeder; q.mu is held.
func (q *queue) feederEnds() {
	q.stop()
	q.feeding, q.stop = nil, nil
	if q.backlog.len() == 0 {
		here.feeders.remove(q)
		if q.closed {
			_ = q.out.Close() // Close has returned
		}
	}
}

// drop gives up the buffer and n items more; q.mu is held.
func (q *queue) drop(n int) {
	for {
		m, ok := q.backlog.first()
		if !ok {
			break
		}
		m.Close()
		q.backlog.pop()
		n++
	}
	q.cancel(n)
}

// backlog is a buffer of messages.
type backlog struct {
	messages []codec.Message
	head     int
}

func (b *backlog) len() int { return len(b.messages) - b.head }

func (b *backlog) push(m codec.Message) { b.messages = append(b.messages, m) }

func (b *backlog) first() (codec.Message, bool) {
	if b.len() == 0 {
		return codec.Message{}, false
	}
	return b.messages[b.head], true
}

func (b *backlog) pop() {
	b.messages[b.head] = codec.Message{}
	b.head++
	if 2*b.head >= len(b.messages) {
		b.messages = slices.Delete(b.messages, 0, b.head)
		b.head = 0
	}
}

// feeders are the queues with something in their buffers. They are referred to
// from here until it is sent.
type feeders struct {
	mu     sync.Mutex
	queues map[*queue]bool
}

func (f *feeders) add(q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.queues == nil {
		f.queues = map[*queue]bool{}
	}
	f.queues[q] = true
}

func (f *feeders) remove(q *queue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.queues, q)
}

// end leaves all buffers to the other processes, as the last act of this one. What
// does not go at once is waited for until ctx ends.
func (f *feeders) end(ctx context.Context) {
	f.mu.Lock()
	queues := slices.Collect(maps.Keys(f.queues))
	f.mu.Unlock()
	for _, q := range queues {
		if q.flush() {
			continue
		}
		q.mu.Lock()
		feeding := q.feeding
		q.mu.Unlock()
		if feeding != nil {
			select {
			case <-feeding:
			case <-ctx.Done():
				return
			}
		}
	}
}
