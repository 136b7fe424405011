package remote

import (
	"context"
	"errors"
	"slices"
	"sync"

	"cuaderno/internal/frame"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// An output is the lang.Output of one cell, in the helper.
type output struct {
	s      *server
	serial uint64
}

func (o *output) Stdout(p []byte) { o.s.queue.stream(kindStdout, o.serial, p) }
func (o *output) Stderr(p []byte) { o.s.queue.stream(kindStderr, o.serial, p) }

func (o *output) Display(b display.Bundle, id string) {
	o.s.queue.show(kindDisplay, shown{Serial: o.serial, Bundle: encodable(b), ID: id})
}

func (o *output) UpdateDisplay(b display.Bundle, id string) {
	o.s.queue.show(kindUpdate, shown{Serial: o.serial, Bundle: encodable(b), ID: id})
}

func (o *output) ClearOutput(wait bool) {
	o.s.queue.show(kindClear, shown{Serial: o.serial, Wait: wait})
}

func (o *output) Comm(m lang.CommMessage) {
	o.s.queue.tell(encodeComm(comm{o.serial, m}))
}

func (o *output) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	s := o.s
	reply := make(chan answer, 1)
	s.mu.Lock()
	s.asks++
	id := s.asks
	s.answers[id] = reply
	s.mu.Unlock()
	s.queue.send(kindAsk, encode(ask{id, o.serial, prompt, password}))
	select {
	case m := <-reply:
		return m.Line, namedError(m.Err)
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.answers, id)
		s.mu.Unlock()
		return "", context.Cause(ctx)
	}
}

// A queue sends messages in the order in which they were given to it, from a
// goroutine of its own: whoever prints does not wait for the kernel, until too
// much is waiting. Text that follows text of the same cell and stream joins it.
type queue struct {
	conn *frame.Conn

	mu      sync.Mutex
	changed *sync.Cond
	waiting []message
	size    int
	closed  bool
	done    chan struct{}
}

type message struct {
	kind    byte
	serial  uint64 // of a stream
	payload []byte
}

const (
	// maxWaiting is how many bytes of output may wait before a goroutine that prints
	// or displays does, and about how many go into one message.
	maxWaiting = 1 << 20
	// shownWeight is how many bytes a display counts for beside its own: it is more
	// work for the kernel than text.
	shownWeight = 8 << 10
)

func newQueue(conn *frame.Conn) *queue {
	q := &queue{conn: conn, done: make(chan struct{})}
	q.changed = sync.NewCond(&q.mu)
	go q.run()
	return q
}

func (q *queue) run() {
	defer close(q.done)
	for {
		batch := q.take()
		if len(batch) == 0 {
			return
		}
		for _, m := range batch {
			err := q.conn.Write(m.kind, m.payload)
			if err != nil && !errors.Is(err, frame.ErrTooLong) {
				q.abandon() // the kernel is gone: nobody listens
				break
			}
		}
	}
}

// take waits for messages and returns them; none after close.
func (q *queue) take() []message {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	batch := q.waiting
	q.waiting, q.size = nil, 0
	q.changed.Broadcast()
	return batch
}

func (q *queue) abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.waiting = true, nil
	q.changed.Broadcast()
}

func (q *queue) stream(kind byte, serial uint64, p []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size > maxWaiting && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return
	}
	q.size += len(p)
	for len(p) > 0 {
		piece := p[:min(len(p), maxWaiting)]
		p = p[len(piece):]
		if n := len(q.waiting); n > 0 && q.waiting[n-1].kind == kind && q.waiting[n-1].serial == serial && len(q.waiting[n-1].payload) < maxWaiting {
			q.waiting[n-1].payload = append(q.waiting[n-1].payload, piece...)
			continue
		}
		q.waiting = append(q.waiting, message{kind, serial, withSerial(serial, piece)})
	}
	q.changed.Broadcast()
}

// show sends a display when there is room for it.
func (q *queue) show(kind byte, m shown) { q.heavy(kind, encode(m)) }

// tell sends a message of a comm when there is room for it.
func (q *queue) tell(payload []byte) { q.heavy(kindComm, payload) }

// heavy queues what is more work for the kernel than its bytes tell.
func (q *queue) heavy(kind byte, payload []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.size > maxWaiting && !q.closed {
		q.changed.Wait()
	}
	if !q.closed {
		q.size += len(payload) + shownWeight
		q.waiting = append(q.waiting, message{kind: kind, payload: payload})
		q.changed.Broadcast()
	}
}

// send sends what does not wait for room.
func (q *queue) send(kind byte, payload []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.waiting = append(q.waiting, message{kind: kind, payload: slices.Clip(payload)})
		q.changed.Broadcast()
	}
}

// close sends what waits and stops the goroutine.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.changed.Broadcast()
	q.mu.Unlock()
	<-q.done
}
