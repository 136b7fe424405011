package mpruntime

import (
	"context"
	"sync/atomic"
	"time"

	"cuaderno/internal/shm"
)

// holders knows which process has how many permits of a bounded semaphore. What is
// changed is changed with a lock, which the next process takes over from one that
// was killed with it and then makes the count that of the table again: permits that
// nobody has are there to be taken.
type holders struct {
	region *shm.Region
	guard  *shm.Mutex
	count  shm.Semaphore
	most   uint32
}

// holder returns who has permits, and how many.
func (h *holders) holder(i int) (owner *atomic.Uint64, held *atomic.Uint32) {
	at := holdersAt + i*holderSize
	return h.region.Uint64(at), h.region.Uint32(at + 8)
}

// unowned is the number of permits of those who found no room in the table.
func (h *holders) unowned() *atomic.Uint32 { return h.region.Uint32(unownedAt) }

func (h *holders) lock() {
	// Without a context and a limit there is no error.
	died, _ := h.guard.Lock(context.Background(), time.Time{})
	if died != 0 {
		h.bury()
	}
}

func (h *holders) unlock() { h.guard.Unlock() }

// take takes a permit if there is one.
func (h *holders) take() bool {
	h.lock()
	defer h.unlock()
	if !h.count.TryAcquire() {
		return false
	}
	self, free := uint64(shm.Self()), -1
	for i := range maxHolders {
		owner, held := h.holder(i)
		if owner.Load() == self {
			held.Add(1)
			return true
		}
		if free < 0 && held.Load() == 0 {
			free = i
		}
	}
	if free < 0 {
		h.unowned().Add(1)
		return true
	}
	owner, held := h.holder(free)
	owner.Store(self)
	held.Store(1)
	return true
}

// give gives n permits, first those of this process, then those of others, and
// reports whether there were as many.
func (h *holders) give(n uint32) bool {
	h.lock()
	defer h.unlock()
	if !h.count.Release(n, h.most) {
		return false
	}
	self := uint64(shm.Self())
	for _, others := range []bool{false, true} {
		for i := range maxHolders {
			if owner, held := h.holder(i); (owner.Load() != self) == others {
				n -= lower(held, n)
			}
		}
	}
	lower(h.unowned(), n)
	return true
}

// lower takes n off a number, or all that there is, and returns how much.
func lower(held *atomic.Uint32, n uint32) uint32 {
	n = min(n, held.Load())
	held.Store(held.Load() - n)
	return n
}

// reclaim gives back what ended processes had.
func (h *holders) reclaim() {
	h.lock()
	defer h.unlock()
	h.bury()
}

// bury strikes off ended processes and makes the count what the others have left.
func (h *holders) bury() {
	left := h.most - min(h.most, h.unowned().Load())
	for i := range maxHolders {
		owner, held := h.holder(i)
		if held.Load() > 0 && !shm.Owner(owner.Load()).Alive() {
			held.Store(0)
		}
		left -= min(left, held.Load())
	}
	for uint32(h.count.Count()) > left && h.count.TryAcquire() {
	}
	if now := uint32(h.count.Count()); now < left {
		h.count.Release(left-now, h.most)
	}
}
