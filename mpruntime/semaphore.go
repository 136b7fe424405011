package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// A Semaphore is a number of permits that processes take and give (CPython:
// multiprocessing.Semaphore). Any process may give a permit that another has
// taken; so nobody owns one, and what a process had when it was killed is gone.
type Semaphore struct{ permits }

// A BoundedSemaphore is a Semaphore that never has more permits than it began
// with (CPython: multiprocessing.BoundedSemaphore). So a permit is of the process
// that took it until it is given back, and those of a process that has ended, of
// whatever cause, are given back within some 50 ms when others wait for them.
type BoundedSemaphore struct{ permits }

// maxPermits is CPython's SEM_VALUE_MAX.
const maxPermits = math.MaxInt32

// NewSemaphore makes a semaphore with n permits, 1 by default.
func NewSemaphore(n ...int) *Semaphore { return &Semaphore{newPermits(n, false)} }

// NewBoundedSemaphore makes a semaphore with n permits, 1 by default, which is also
// the most that it can have.
func NewBoundedSemaphore(n ...int) *BoundedSemaphore {
	return &BoundedSemaphore{newPermits(n, true)}
}

// Acquire takes a permit, waiting as long as need be. After an error, that of an
// interrupt, it has none.
func (s *Semaphore) Acquire() error { return s.acquire(context.Background()) }

// AcquireContext is Acquire that also returns, with the context's cause, when ctx
// ends.
func (s *Semaphore) AcquireContext(ctx context.Context) error { return s.acquire(ctx) }

// AcquireTimeout is Acquire that gives up after d with [ErrTimeout].
func (s *Semaphore) AcquireTimeout(d time.Duration) error { return s.acquireTimeout(d) }

// TryAcquire takes a permit if there is one.
func (s *Semaphore) TryAcquire() bool { return s.tryAcquire() }

// Release gives n permits, 1 by default.
func (s *Semaphore) Release(n ...int) error { return s.release(n) }

// Value returns how many permits there are at the moment (CPython: get_value).
func (s *Semaphore) Value() int { return s.value() }

// Acquire takes a permit; see [Semaphore.Acquire].
func (s *BoundedSemaphore) Acquire() error { return s.acquire(context.Background()) }

// AcquireContext is Acquire that also returns, with the context's cause, when ctx
// ends.
func (s *BoundedSemaphore) AcquireContext(ctx context.Context) error { return s.acquire(ctx) }

// AcquireTimeout is Acquire that gives up after d with [ErrTimeout].
func (s *BoundedSemaphore) AcquireTimeout(d time.Duration) error { return s.acquireTimeout(d) }

// TryAcquire takes a permit if there is one.
func (s *BoundedSemaphore) TryAcquire() bool { return s.tryAcquire() }

// Release gives n permits, 1 by default. It is an error, and gives none, if there
// would be more than in the beginning.
func (s *BoundedSemaphore) Release(n ...int) error { return s.release(n) }

// Value returns how many permits there are at the moment (CPython: get_value).
func (s *BoundedSemaphore) Value() int { return s.value() }

// Layout of a semaphore, from sharedAt.
const (
	permitsAt      = sharedAt
	mostPermitsAt  = permitsAt + shm.SemaphoreSize
	boundedAt      = mostPermitsAt + 4
	permitsGuardAt = boundedAt + 4
	unownedAt      = permitsGuardAt + shm.MutexSize
	holdersAt      = sharedAt + 64
	holderSize     = 16
	maxHolders     = 120
	permitsSize    = holdersAt - sharedAt + maxHolders*holderSize
)

// reclaimEvery is how long a process waits before it looks for permits of the dead.
const reclaimEvery = 50 * time.Millisecond

// permits is what all semaphores do.
type permits struct {
	shared
	count   shm.Semaphore
	most    uint32
	holders *holders // of a bounded one
}

// checkPermits checks the arguments of NewSemaphore.
func checkPermits(n []int) error {
	switch {
	case len(n) > 1:
		return fmt.Errorf("it takes one number of permits, not %d", len(n))
	case len(n) == 1 && (n[0] < 0 || n[0] > maxPermits):
		return fmt.Errorf("the number of permits must be 0 or more, and at most %d, not %d", maxPermits, n[0])
	}
	return nil
}

func newPermits(n []int, bounded bool) (p permits) {
	first := 1
	if len(n) > 0 {
		first = n[0]
	}
	if err := checkPermits(n); err != nil {
		p.shared = failedShared("semaphore", err)
		return p
	}
	if p.shared = newShared("semaphore", markSemaphore, permitsSize); p.err != nil {
		return p
	}
	most := uint32(maxPermits)
	if bounded {
		most = uint32(first)
		p.region.Uint32(boundedAt).Store(1)
	}
	p.region.Uint32(mostPermitsAt).Store(most)
	p.attach()
	p.count.Release(uint32(first), most)
	return p
}

func (p *permits) attach() {
	p.count, p.most = p.region.Semaphore(permitsAt), p.region.Uint32(mostPermitsAt).Load()
	if p.region.Uint32(boundedAt).Load() != 0 {
		p.holders = &holders{p.region, p.region.Mutex(permitsGuardAt), p.count, p.most}
	}
}

// take takes a permit if there is one.
func (p *permits) take() bool {
	if p.holders != nil {
		return p.holders.take()
	}
	return p.count.TryAcquire()
}

// await takes a permit, also from processes that have ended.
func (p *permits) await(ctx context.Context, limit time.Time) error {
	if p.holders == nil {
		return p.count.Acquire(ctx, limit)
	}
	for {
		next := limit
		if soon := deadline(reclaimEvery); limit.IsZero() || soon.Before(limit) {
			next = soon
		}
		err := p.count.Await(ctx, next)
		switch {
		case err == nil:
			if p.holders.take() {
				return nil
			}
		case !errors.Is(err, ErrTimeout) || next.Equal(limit):
			return err
		default:
			p.holders.reclaim()
		}
	}
}

func (p *permits) acquire(ctx context.Context) error {
	if err := p.Err(); err != nil {
		return err
	}
	if p.take() {
		return nil
	}
	ctx, done := waitContext(ctx)
	defer done()
	return p.await(ctx, time.Time{})
}

func (p *permits) acquireTimeout(d time.Duration) error {
	if err := p.Err(); err != nil {
		return err
	}
	if p.take() {
		return nil
	}
	return p.await(cellContext(), deadline(d))
}

func (p *permits) tryAcquire() bool {
	if err := p.Err(); err != nil {
		fail(err)
		return false
	}
	return p.take()
}

func (p *permits) release(n []int) error {
	if err := p.Err(); err != nil {
		return err
	}
	count := 1
	if len(n) > 0 {
		count = n[0]
	}
	switch {
	case len(n) > 1:
		return fmt.Errorf("mp: Release takes one number of permits, not %d", len(n))
	case count < 1:
		return fmt.Errorf("mp: the number of permits to release must be at least 1, not %d", count)
	}
	released := count <= maxPermits
	switch {
	case !released:
	case p.holders != nil:
		released = p.holders.give(uint32(count))
	default:
		released = p.count.Release(uint32(count), p.most)
	}
	if !released {
		return errors.New("mp: a semaphore was released too many times")
	}
	return nil
}

func (p *permits) value() int {
	if err := p.Err(); err != nil {
		fail(err)
		return 0
	}
	return p.count.Count()
}

func (p *permits) encodeHandle(e *codec.Encoder) error { return p.encode(e) }

func (p *permits) decodeHandle(d *codec.Decoder) (err error) {
	if p.shared, err = decodeShared(d, markSemaphore, permitsSize); err == nil {
		p.attach()
	}
	return err
}
