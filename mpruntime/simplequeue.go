package mpruntime

import (
	"time"

	"cuaderno/internal/codec"
)

// A SimpleQueue is a pipe with one direction that any number of processes may put
// into and get from (CPython: multiprocessing.SimpleQueue). There is no buffer in
// the process: Put waits while the pipe is full.
type SimpleQueue struct {
	r, w *Conn
}

// NewSimpleQueue makes a queue.
func NewSimpleQueue() *SimpleQueue {
	r, w := NewOneWayPipe()
	return &SimpleQueue{r, w}
}

// Err returns why the queue could not be made, nil if it was.
func (q *SimpleQueue) Err() error {
	if q == nil {
		return errUnmade
	}
	return q.r.Err()
}

func (q *SimpleQueue) encodeHandle(e *codec.Encoder) error {
	if err := q.Err(); err != nil {
		return err
	}
	if err := q.r.encodeHandle(e); err != nil {
		return err
	}
	return q.w.encodeHandle(e)
}

func (q *SimpleQueue) decodeHandle(d *codec.Decoder) error {
	q.r, q.w = &Conn{}, &Conn{}
	if err := q.r.decodeHandle(d); err != nil {
		return err
	}
	err := q.w.decodeHandle(d)
	if err != nil {
		_ = q.r.Close() // nobody has used it
	}
	return err
}

// Put puts a copy of v into the queue.
func (q *SimpleQueue) Put(v any) error {
	if err := q.Err(); err != nil {
		return err
	}
	return q.w.Send(v)
}

// Get takes the next item and waits for one.
func (q *SimpleQueue) Get() (any, error) {
	if err := q.Err(); err != nil {
		return nil, err
	}
	return q.r.Recv()
}

// GetTimeout is Get that gives up after d with [ErrEmpty].
func (q *SimpleQueue) GetTimeout(d time.Duration) (any, error) {
	if err := q.Err(); err != nil {
		return nil, err
	}
	v, err := q.r.RecvTimeout(d)
	if err == ErrTimeout { //nolint:errorlint // an error of this package, as it is
		err = ErrEmpty
	}
	return v, err
}

// GetInto is Get into the variable that to points to; see [Conn.RecvInto].
func (q *SimpleQueue) GetInto(to any) error {
	if err := q.Err(); err != nil {
		return err
	}
	return q.r.RecvInto(to)
}

// Empty reports whether there is nothing to get.
func (q *SimpleQueue) Empty() bool {
	if err := q.Err(); err != nil {
		fail(err)
		return true
	}
	return !q.r.Poll(0)
}

// Close ends the use of the queue in this process. What was put can still be got
// by others.
func (q *SimpleQueue) Close() error {
	if err := q.Err(); err != nil {
		return err
	}
	err := q.r.Close()
	if other := q.w.Close(); err == nil {
		err = other
	}
	return err
}
