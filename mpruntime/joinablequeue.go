package mpruntime

import (
	"context"
	"errors"
	"math"
	"time"

	"cuaderno/internal/codec"
)

// A JoinableQueue is a [Queue] that knows which items have been dealt with
// (CPython: multiprocessing.JoinableQueue): for each item that it got, a consumer
// calls TaskDone when it is done. A consumer that is killed in between leaves its
// item undone for ever.
type JoinableQueue struct{ queue }

// NewJoinableQueue makes a queue for at most max items, for any number without max
// or if it is not positive.
func NewJoinableQueue(max ...int) *JoinableQueue {
	q := &JoinableQueue{}
	q.make("joinable queue", true, max)
	return q
}

func (q *JoinableQueue) encodeHandle(e *codec.Encoder) error { return q.encode(e) }
func (q *JoinableQueue) decodeHandle(d *codec.Decoder) error {
	return q.decode(d, "joinable queue", true)
}

var errTaskDone = errors.New("mp: TaskDone was called more often than items were put")

// TaskDone says that an item has been dealt with. It is an error to call it more
// often than items were put.
func (q *JoinableQueue) TaskDone() error {
	if err := q.usable(); err != nil {
		return err
	}
	if !q.finished(1) {
		return errTaskDone
	}
	return nil
}

// Join waits until all items that were put are done.
func (q *JoinableQueue) Join() error { return q.join(context.Background(), time.Time{}) }

// JoinContext is Join that also returns, with the context's cause, when ctx ends.
func (q *JoinableQueue) JoinContext(ctx context.Context) error { return q.join(ctx, time.Time{}) }

// JoinTimeout is Join that gives up after d with [ErrTimeout].
func (q *JoinableQueue) JoinTimeout(d time.Duration) error {
	return q.join(context.Background(), deadline(d))
}

func (q *JoinableQueue) join(ctx context.Context, limit time.Time) error {
	if err := q.usable(); err != nil {
		return err
	}
	ctx, done := waitContext(ctx)
	defer done()
	q.joining.Add(1)
	defer q.joining.Add(^uint32(0))
	for {
		n := q.unfinished.Load()
		if n == 0 {
			return nil
		}
		if err := q.unfinished.Wait(ctx, n, limit); err != nil {
			return err
		}
		if err := q.usable(); err != nil {
			return err
		}
		q.reclaim(false)
	}
}

// finished counts n items done and reports whether so many were not.
func (q *queue) finished(n int) bool {
	left, whole := subtract(q.unfinished, n)
	if left == 0 && q.joining.Load() > 0 {
		q.unfinished.Wake(math.MaxInt32)
	}
	return whole
}
