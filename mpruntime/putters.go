package mpruntime

import (
	"sync/atomic"

	"cuaderno/internal/shm"
)

// A row of a queue's shared memory says how many items a process has counted in
// and not sent: those that it is about to send, and those in its buffer. They are
// counted out when it turns out to have been killed. A process keeps its row as
// long as it lives; one that finds none free is not accounted for.
type row struct {
	pending *atomic.Uint32 // nil if there is none
}

const (
	rowCount  = 128
	rowSize   = 64 // a cache line
	pendingAt = 8  // behind the owner

	reclaiming = 1 << 31 // in an owner: it is counting out the row of one that has ended
)

func (q *queue) owner(i int) *atomic.Uint64   { return q.region.Uint64(rowsAt + i*rowSize) }
func (q *queue) pending(i int) *atomic.Uint32 { return q.region.Uint32(rowsAt + i*rowSize + pendingAt) }

// hold adds n to the row of this process.
func (q *queue) hold(n int) {
	q.claiming.Do(q.claim)
	if q.row.pending != nil {
		q.row.pending.Add(uint32(n))
	}
}

// claim finds the row of this process.
func (q *queue) claim() {
	self := uint64(shm.Self())
	for i := range rowCount {
		if q.owner(i).Load() == self {
			q.row.pending = q.pending(i)
			return
		}
	}
	for range 2 {
		for i := range rowCount {
			if owner := q.owner(i); owner.Load() == 0 && owner.CompareAndSwap(0, self) {
				q.row.pending = q.pending(i)
				return
			}
		}
		q.reclaim(true)
	}
}

// reclaim counts out what processes that have ended had not sent, and frees their
// rows; all says to look also for those that had sent everything.
func (q *queue) reclaim(all bool) {
	self := uint64(shm.Self())
	for i := range rowCount {
		owner := q.owner(i)
		o := owner.Load()
		if o == 0 || o == self || !all && q.pending(i).Load() == 0 ||
			shm.Owner(o&^reclaiming).Alive() || !owner.CompareAndSwap(o, self|reclaiming) {
			continue
		}
		n := int(q.pending(i).Swap(0))
		owner.Store(0)
		q.discount(n)
	}
}

// unsent returns the number of items that living processes have counted in and not
// sent.
func (q *queue) unsent() (n int) {
	q.reclaim(false)
	for i := range rowCount {
		n += int(q.pending(i).Load())
	}
	return n
}
