package kernel

import "sync"

// A queue is that of a shell or of a desk: without bound, first in first out. It
// may be used from any goroutine.
type queue struct {
	mu     sync.Mutex
	filled sync.Cond
	items  []*request
	pushed uint64
	closed bool
}

func newQueue() *queue {
	q := &queue{}
	q.filled.L = &q.mu
	return q
}

// push adds r and numbers it. It is false when the queue is closed.
func (q *queue) push(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.pushed++
	r.number = q.pushed
	q.items = append(q.items, r)
	q.filled.Signal()
	return true
}

// pop waits for a request; ok is false when the queue is closed and empty.
func (q *queue) pop() (r *request, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		if q.closed {
			return nil, false
		}
		q.filled.Wait()
	}
	r, q.items[0] = q.items[0], nil
	q.items = q.items[1:]
	return r, true
}

// last is the number of the newest request.
func (q *queue) last() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pushed
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.filled.Broadcast()
}
