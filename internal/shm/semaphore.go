package shm

import (
	"context"
	"time"
)

// SemaphoreSize is how many bytes of a Region a Semaphore takes.
const SemaphoreSize = 8

// A Semaphore is a count of permits. Nobody owns a permit: one that a process had
// when it was killed is gone.
type Semaphore struct {
	count   Word
	waiting Word // a killed waiter stays in it, at the cost of needless wake-ups
}

// Semaphore returns the semaphore at offset off, a multiple of 4. It starts
// with no permit.
func (r *Region) Semaphore(off int) Semaphore { return Semaphore{r.Word(off), r.Word(off + 4)} }

// Count returns the number of permits.
func (s Semaphore) Count() int { return int(s.count.Load()) }

// TryAcquire takes a permit if there is one.
func (s Semaphore) TryAcquire() bool {
	for {
		n := s.count.Load()
		if n == 0 {
			return false
		}
		if s.count.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// Acquire takes a permit, or returns an error as [Word.Wait] does.
func (s Semaphore) Acquire(ctx context.Context, deadline time.Time) error {
	if s.TryAcquire() {
		return nil
	}
	s.waiting.Add(1)
	defer s.waiting.Add(^uint32(0))
	for !s.TryAcquire() {
		if err := s.count.Wait(ctx, 0, deadline); err != nil {
			return err
		}
	}
	return nil
}

// Await waits until there is a permit, which it does not take, or returns an error
// as [Word.Wait] does.
func (s Semaphore) Await(ctx context.Context, deadline time.Time) error {
	s.waiting.Add(1)
	defer s.waiting.Add(^uint32(0))
	for s.count.Load() == 0 {
		if err := s.count.Wait(ctx, 0, deadline); err != nil {
			return err
		}
	}
	return nil
}

// Release adds n permits. It adds none and returns false if there would be more
// than most.
func (s Semaphore) Release(n, most uint32) bool {
	for {
		now := s.count.Load()
		if n > most || now > most-n {
			return false
		}
		if s.count.CompareAndSwap(now, now+n) {
			break
		}
	}
	if s.waiting.Load() > 0 {
		s.count.Wake(int(n))
	}
	return true
}
