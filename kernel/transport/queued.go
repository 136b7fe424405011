package transport

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// queued is a socket with a queue and a writer goroutine of its own: a peer
// that is slow to read delays other peers of the socket, for at most the stall
// time, but never the caller of Send.
type queued struct {
	receiver

	mu     sync.Mutex
	queue  [][][]byte
	closed bool
	wake   chan struct{}
	done   chan struct{} // closed when the writer has ended
}

func newQueued(l *link, z zmq4.Socket) *queued {
	q := &queued{
		receiver: receiver{zmq: z, ended: make(chan struct{})},
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
	}
	go q.write()
	return q
}

func (q *queued) Send(frames [][]byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	q.queue = append(q.queue, frames)
	q.signal()
	return nil
}

func (q *queued) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// write sends what is queued until the socket is closed and the queue empty.
func (q *queued) write() {
	defer close(q.done)
	for {
		q.mu.Lock()
		batch, closed := q.queue, q.closed
		q.queue = nil
		q.mu.Unlock()
		for _, frames := range batch {
			// The error is a peer's, which zmq4 has already given up.
			_ = q.zmq.Send(zmq4.NewMsgFrom(frames...))
		}
		if len(batch) > 0 {
			continue
		}
		if closed {
			return
		}
		<-q.wake
	}
}

func (q *queued) Close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	q.signal()
	q.mu.Unlock()
	limit := time.NewTimer(linger)
	defer limit.Stop()
	select {
	case <-q.done:
	case <-limit.C:
	}
	return q.end()
}

// receiver is the receiving half, and the end, of a zmq4 socket.
type receiver struct {
	zmq   zmq4.Socket
	ended chan struct{}
}

func (r *receiver) Recv() ([][]byte, error) {
	for {
		msg, err := r.zmq.Recv()
		select {
		case <-r.ended:
			return nil, ErrClosed
		default:
		}
		if err == nil && msg.Type != zmq4.CmdMsg {
			return msg.Frames, nil
		}
	}
}

func (r *receiver) Addr() net.Addr { return r.zmq.Addr() }

// end closes the zmq4 socket. zmq4's Close can wait for ever when a peer does
// not read while another connects, so it is not waited for longer than linger.
func (r *receiver) end() error {
	close(r.ended)
	closed := make(chan error, 1)
	go func() { closed <- r.zmq.Close() }()
	limit := time.NewTimer(linger)
	defer limit.Stop()
	select {
	case err := <-closed:
		if errors.Is(err, net.ErrClosed) {
			return nil // the peer had gone, and zmq4 closed its connection twice
		}
		return err
	case <-limit.C:
		return nil
	}
}
