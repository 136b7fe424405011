package shm

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"time"
)

// ErrTimeout is returned when a deadline has passed.
var ErrTimeout = errors.New("mp: the time is up")

const (
	// slice is the longest wait after which a waiter looks up: at its context and
	// deadline, and at whom it waits for.
	slice = 50 * time.Millisecond
	// maxThreads is how many goroutines of a process may block a thread in one
	// Region; others poll. The runtime ends a process with 10 000 threads.
	maxThreads = 64
	pollEvery  = 2 * time.Millisecond
)

// A Word is 4 bytes of a Region that can be awaited.
type Word struct {
	region *Region
	value  *atomic.Uint32
}

// Word returns the word at offset off, a multiple of 4.
func (r *Region) Word(off int) Word { return Word{r, r.Uint32(off)} }

// Load returns the value.
func (w Word) Load() uint32 {
	v := w.value.Load()
	w.region.seen()
	runtime.KeepAlive(w.region)
	return v
}

// Store sets the value and wakes nobody.
func (w Word) Store(v uint32) {
	w.region.changing()
	w.value.Store(v)
	runtime.KeepAlive(w.region)
}

// Add adds delta and returns the new value. It wakes nobody.
func (w Word) Add(delta uint32) uint32 {
	w.region.changing()
	v := w.value.Add(delta)
	w.region.seen()
	runtime.KeepAlive(w.region)
	return v
}

// CompareAndSwap sets the value to v if it is old. It wakes nobody.
func (w Word) CompareAndSwap(old, v uint32) bool {
	w.region.changing()
	ok := w.value.CompareAndSwap(old, v)
	w.region.seen()
	runtime.KeepAlive(w.region)
	return ok
}

// Wait returns nil when the word is not old, when it was woken, when about 50 ms
// have passed, or for no reason: the caller looks again. It returns the cause of
// ctx when that has ended, and [ErrTimeout] after the deadline; the zero
// deadline never comes.
func (w Word) Wait(ctx context.Context, old uint32, deadline time.Time) error {
	d, err := patience(ctx, deadline)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(w.region)
	defer w.region.waiting.Add(-1)
	if w.region.waiting.Add(1) > maxThreads {
		if w.value.Load() == old {
			time.Sleep(min(d, pollEvery))
		}
		return nil
	}
	wait(w.value, old, d)
	return nil
}

// patience returns how long a wait may last before it looks up.
func patience(ctx context.Context, deadline time.Time) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if deadline.IsZero() {
		return slice, nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return 0, ErrTimeout
	}
	return min(left, slice), nil
}

// Wake wakes up to n waiters in whatever processes.
func (w Word) Wake(n int) {
	wake(w.value, min(n, math.MaxInt32))
	runtime.KeepAlive(w.region)
}

// WakeAll wakes all waiters.
func (w Word) WakeAll() { w.Wake(math.MaxInt32) }
