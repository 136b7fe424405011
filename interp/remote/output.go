package remote

import (
	"context"
	"fmt"
	"runtime"
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

// newOutput returns the output of an execution. The kernel is told when nothing refers
// to it any more.
func (s *server) newOutput(serial uint64) *output {
	o := &output{s, serial}
	runtime.AddCleanup(o, func(serial uint64) { s.queue.send(kindSilent, withSerial(serial, nil)) }, serial)
	return o
}

func (o *output) Stdout(p []byte) { o.s.queue.stream(kindStdout, o.serial, p) }
func (o *output) Stderr(p []byte) { o.s.queue.stream(kindStderr, o.serial, p) }

func (o *output) Display(b display.Bundle, id string) {
	o.heavy(kindDisplay, "A display", encode(shown{Serial: o.serial, Bundle: encodable(b), ID: id}))
}

func (o *output) UpdateDisplay(b display.Bundle, id string) {
	o.heavy(kindUpdate, "The update of a display", encode(shown{Serial: o.serial, Bundle: encodable(b), ID: id}))
}

func (o *output) ClearOutput(wait bool) {
	o.s.queue.heavy(kindClear, encode(shown{Serial: o.serial, Wait: wait}))
}

func (o *output) Comm(m lang.CommMessage) {
	o.heavy(kindComm, "A message of a comm", encodeComm(comm{o.serial, m}))
}

// heavy sends a message when there is room for it, or says that none can hold what.
func (o *output) heavy(kind byte, what string, payload []byte) {
	if err := o.s.conn.CheckLength(payload); err != nil {
		o.Stderr([]byte(what + " was left out: " + tooLong(err).Value + "\n"))
		return
	}
	o.s.queue.heavy(kind, payload)
}

// tooLong is the error of what no message can hold.
func tooLong(err error) *lang.Error {
	text := "it is too large: " + err.Error()
	return &lang.Error{Name: lang.OutputLimit, Value: text, Traceback: []string{"\x1b[1;31m" + lang.OutputLimit + ":\x1b[0m " + text}}
}

// fitting returns a message about how something ended, or, when it is too long, one
// that says so.
func (s *server) fitting(end any, instead func(*lang.Error) any) []byte {
	payload := encode(end)
	if err := s.conn.CheckLength(payload); err != nil {
		return encode(instead(tooLong(err)))
	}
	return payload
}

func (o *output) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	s := o.s
	reply := make(chan answer, 1)
	s.mu.Lock()
	s.asks++
	id := s.asks
	s.mu.Unlock()
	question := encode(ask{id, o.serial, prompt, password})
	if err := s.conn.CheckLength(question); err != nil {
		return "", fmt.Errorf("asking with a prompt: %w", err)
	}
	s.mu.Lock()
	s.answers[id] = reply
	s.mu.Unlock()
	s.queue.send(kindAsk, question)
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
			if q.conn.Write(m.kind, m.payload) != nil { // who queues it has looked at its length
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

// heavy queues, when there is room for it, what is more work for the kernel than its
// bytes tell.
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
