package shm

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// ReentrantSize is how many bytes of a Region a Reentrant takes.
const ReentrantSize = 24

// A Reentrant is a mutex that its owner, a goroutine of a process, may take
// several times.
type Reentrant struct {
	mutex     *Mutex
	goroutine *atomic.Uint64 // 0 unless held
	depth     *atomic.Uint64 // of use to the owner only
}

// Reentrant returns the reentrant mutex at offset off, a multiple of 8.
func (r *Region) Reentrant(off int) *Reentrant {
	return &Reentrant{r.Mutex(off), r.Uint64(off + 8), r.Uint64(off + 16)}
}

// Owner returns the process that holds the mutex, 0 if none does.
func (m *Reentrant) Owner() Owner { return m.mutex.Owner() }

// Mine reports whether a goroutine of this process holds the mutex.
func (m *Reentrant) Mine() bool { return m.mutex.Mine() }

// Depth returns how often the owner holds the mutex.
func (m *Reentrant) Depth() int {
	d := m.depth.Load()
	runtime.KeepAlive(m)
	return int(d)
}

// again takes the mutex once more if the calling goroutine has it.
func (m *Reentrant) again(id uint64) bool {
	// The goroutine is cleared before the release, so what is seen here with this
	// process as the owner was set under the present hold.
	if m.goroutine.Load() != id || !m.mutex.Mine() {
		return false
	}
	m.depth.Store(m.depth.Load() + 1)
	return true
}

// Take is [Mutex.Take]; the owner always succeeds.
func (m *Reentrant) Take() bool {
	id := uint64(goroutineID())
	ok := m.mutex.Take()
	if ok {
		m.enter(id, 1)
	} else {
		ok = m.again(id)
	}
	runtime.KeepAlive(m)
	return ok
}

// TryLock is [Mutex.TryLock]; the owner always succeeds.
func (m *Reentrant) TryLock() (ok bool, died Owner) {
	id := uint64(goroutineID())
	if m.again(id) {
		return true, 0
	}
	if ok, died = m.mutex.TryLock(); ok {
		m.enter(id, 1)
	}
	runtime.KeepAlive(m)
	return ok, died
}

// Lock is [Mutex.Lock]; the owner always succeeds, at once.
func (m *Reentrant) Lock(ctx context.Context, deadline time.Time) (died Owner, err error) {
	id := uint64(goroutineID())
	if m.again(id) {
		return 0, nil
	}
	if died, err = m.mutex.Lock(ctx, deadline); err == nil {
		m.enter(id, 1)
	}
	runtime.KeepAlive(m)
	return died, err
}

// enter notes the calling goroutine as the owner.
func (m *Reentrant) enter(id, depth uint64) {
	m.depth.Store(depth)
	m.goroutine.Store(id)
}

// Unlock undoes one Lock. Any goroutine of the process that holds the mutex may
// call it; otherwise Unlock does nothing and returns false.
func (m *Reentrant) Unlock() bool {
	if !m.mutex.Mine() {
		return false
	}
	if d := m.depth.Load(); d > 1 {
		m.depth.Store(d - 1)
		runtime.KeepAlive(m)
		return true
	}
	m.goroutine.Store(0)
	ok := m.mutex.Unlock()
	runtime.KeepAlive(m)
	return ok
}

// Leave releases the mutex whatever its depth, which it returns: 0 if this
// process does not hold it. Return takes it again to that depth.
func (m *Reentrant) Leave() (depth int) {
	if !m.mutex.Mine() {
		return 0
	}
	d := m.depth.Load()
	m.goroutine.Store(0)
	m.mutex.Unlock()
	runtime.KeepAlive(m)
	return int(d)
}

// Return is Lock to the depth that Leave has returned.
func (m *Reentrant) Return(ctx context.Context, depth int) (died Owner, err error) {
	if died, err = m.mutex.Lock(ctx, time.Time{}); err == nil {
		m.enter(uint64(goroutineID()), uint64(depth))
	}
	runtime.KeepAlive(m)
	return died, err
}
