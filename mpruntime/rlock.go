package mpruntime

import (
	"context"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// An RLock is a lock that the goroutine that holds it may take again, and then
// releases as often (CPython: multiprocessing.RLock). The owner is a goroutine of
// a process, and the statements of all cells of a notebook count as one goroutine; all goroutines of that process may release it, because what one cell
// has locked another may have to unlock (CPython: the owner only). For a process
// that ends while it holds the lock see [Lock].
type RLock struct{ exclusion }

// NewRLock makes a lock that nobody holds.
func NewRLock() *RLock {
	l := &RLock{exclusion{shared: newShared("lock", markRLock, shm.ReentrantSize), what: "lock"}}
	l.attach()
	return l
}

func (l *RLock) attach() {
	if l.region != nil {
		l.mutex = l.region.Reentrant(sharedAt, goroutine)
	}
}

// Lock takes the lock, waiting as long as need be; its owner does not wait. See
// [Lock.Lock].
func (l *RLock) Lock() error { return l.lock(context.Background()) }

// LockContext is Lock that also returns, with the context's cause, when ctx ends.
func (l *RLock) LockContext(ctx context.Context) error { return l.lock(ctx) }

// LockTimeout is Lock that gives up after d; see [Lock.LockTimeout].
func (l *RLock) LockTimeout(d time.Duration) error { return l.lockTimeout(d) }

// TryLock takes the lock if that is possible without waiting.
func (l *RLock) TryLock() bool { return l.tryLock() }

// Unlock undoes one Lock. It is an error if this process does not hold the lock.
func (l *RLock) Unlock() error { return l.unlock() }

func (l *RLock) encodeHandle(e *codec.Encoder) error { return l.encode(e) }

func (l *RLock) decodeHandle(d *codec.Decoder) (err error) {
	l.what = "lock"
	if l.shared, err = decodeShared(d, markRLock, shm.ReentrantSize); err == nil {
		l.attach()
	}
	return err
}
