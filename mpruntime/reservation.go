package mpruntime

import (
	"context"
	"errors"
	"time"

	"cuaderno/internal/shm"
)

// reserve counts an item in that will be put.
func (q *queue) reserve(ctx context.Context, limit time.Time, wait bool) error {
	if !q.tryReserve() {
		q.reclaim(false) // before anybody is told that the queue is full
		if !q.tryReserve() {
			if !wait {
				return ErrFull
			}
			if err := q.awaitSlot(ctx, limit); err != nil {
				return err
			}
		}
	}
	if q.joinable {
		q.unfinished.Add(1)
	}
	return nil
}

func (q *queue) tryReserve() bool {
	q.hold(1) // first, because a process that is killed in between has not counted it
	if q.max == 0 {
		q.items.Add(1)
		return true
	}
	for {
		n := q.items.Load()
		if int(n) >= q.max {
			q.hold(-1)
			return false
		}
		if q.items.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// quietLooks is after how many waits without any change, of some 50 ms, a queue
// that is empty and counts as full is believed to be empty.
const quietLooks = 4

func (q *queue) awaitSlot(ctx context.Context, limit time.Time) error {
	ctx, done := waitContext(ctx)
	defer done()
	q.waiting.Add(1)
	defer q.waiting.Add(^uint32(0))
	quiet := 0
	for !q.tryReserve() {
		if err := q.usable(); err != nil {
			return err
		}
		n := q.items.Load()
		if int(n) < q.max {
			continue
		}
		if err := q.items.Wait(ctx, n, limit); err != nil {
			if errors.Is(err, ErrTimeout) {
				return ErrFull
			}
			return err
		}
		// A process may have been killed between taking an item and counting it.
		if q.reclaim(false); q.items.Load() == n && q.nothing() {
			quiet++
		} else {
			quiet = 0
		}
		if quiet == quietLooks {
			q.items.CompareAndSwap(n, 0)
		}
	}
	return nil
}

// cancel takes back n items that were reserved and will not be sent.
func (q *queue) cancel(n int) {
	q.hold(-n)
	q.discount(n)
}

// discount counts n items out that have not been sent.
func (q *queue) discount(n int) {
	if n == 0 {
		return
	}
	q.taken(n)
	if q.joinable {
		q.finished(n)
	}
}

// taken counts n items out.
func (q *queue) taken(n int) {
	subtract(q.items, n)
	if q.waiting.Load() > 0 {
		q.items.Wake(n)
	}
}

// subtract subtracts n, but not below 0, and returns what is left.
func subtract(w shm.Word, n int) (left int, whole bool) {
	for {
		now := w.Load()
		left := max(int(now)-n, 0)
		if w.CompareAndSwap(now, uint32(left)) {
			return left, int(now) >= n
		}
	}
}
