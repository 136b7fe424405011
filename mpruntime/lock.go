package mpruntime

import (
	"context"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// A Lock is held by at most one goroutine of all processes that have it (CPython:
// multiprocessing.Lock). It is not re-entrant, and anybody may release it.
//
// A process that ends while it holds the lock, of whatever cause, does not block
// the others: within some 50 ms one of them takes it over.
type Lock struct{ exclusion }

// NewLock makes a lock that nobody holds.
func NewLock() *Lock {
	l := &Lock{exclusion{shared: newShared("lock", markLock, shm.MutexSize), what: "lock"}}
	l.attach()
	return l
}

func (l *Lock) attach() {
	if l.region != nil {
		l.mutex = l.region.Mutex(sharedAt)
	}
}

// Lock takes the lock, waiting as long as need be (CPython: acquire). After an
// error, that of an interrupt, it has not been taken. Taking it from a process that
// has ended writes a line to the cell's stderr.
func (l *Lock) Lock() error { return l.lock(context.Background()) }

// LockContext is Lock that also returns, with the context's cause, when ctx ends.
func (l *Lock) LockContext(ctx context.Context) error { return l.lock(ctx) }

// LockTimeout is Lock that gives up after d with [ErrTimeout]. When it returns
// [ErrOwnerDied] it has taken the lock from a process that has ended: what the
// lock protects may be half done.
func (l *Lock) LockTimeout(d time.Duration) error { return l.lockTimeout(d) }

// TryLock takes the lock if that is possible without waiting.
func (l *Lock) TryLock() bool { return l.tryLock() }

// Unlock releases the lock (CPython: release). It is an error if nobody holds it.
func (l *Lock) Unlock() error { return l.unlock() }

func (l *Lock) encodeHandle(e *codec.Encoder) error { return l.encode(e) }

func (l *Lock) decodeHandle(d *codec.Decoder) (err error) {
	l.what = "lock"
	if l.shared, err = decodeShared(d, markLock, shm.MutexSize); err == nil {
		l.attach()
	}
	return err
}

// mutex is a lock of package shm.
type mutex interface {
	Take() bool
	TryLock() (ok bool, died shm.Owner)
	Lock(ctx context.Context, deadline time.Time) (died shm.Owner, err error)
	Unlock() bool
	Owner() shm.Owner
	Mine() bool
	Leave() (depth int)
	Return(ctx context.Context, depth int) (died shm.Owner, err error)
}

// exclusion is what all locks do.
type exclusion struct {
	shared
	what  string
	mutex mutex // nil if the making failed
}

func (x *exclusion) lock(ctx context.Context) error {
	if x.mutex == nil {
		return x.Err()
	}
	if x.mutex.Take() {
		return nil
	}
	ctx, done := waitContext(ctx)
	defer done()
	died, err := x.mutex.Lock(ctx, time.Time{})
	if err == nil && died != 0 {
		warnOfDeath(x.what, died)
	}
	return err
}

func (x *exclusion) lockTimeout(d time.Duration) error {
	if x.mutex == nil {
		return x.Err()
	}
	if x.mutex.Take() {
		return nil
	}
	died, err := x.mutex.Lock(cellContext(), deadline(d))
	if err == nil && died != 0 {
		return ErrOwnerDied
	}
	return err
}

func (x *exclusion) tryLock() bool {
	if x.mutex == nil {
		fail(x.Err())
		return false
	}
	ok, died := x.mutex.TryLock()
	if died != 0 {
		warnOfDeath(x.what, died)
	}
	return ok
}

func (x *exclusion) unlock() error {
	if x.mutex == nil {
		return x.Err()
	}
	if !x.mutex.Unlock() {
		return errNotHeld
	}
	return nil
}
