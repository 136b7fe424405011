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
//
// What stands beside the Mutex's word changes only while that is held, and is
// written by plain stores: the instructions that take and release the word order
// them, and an atomic store would cost as much as one of these.
type Reentrant struct {
	mutex     *Mutex
	goroutine *uint64 // 0 unless held
	depth     *uint64 // of use to the owner only
	caller    func() uint64
}

// Reentrant returns the reentrant mutex at offset off, a multiple of 8. caller says
// who calls, as [Goroutine] does; goroutines for which it says the same count as
// one. It never says 0.
func (r *Region) Reentrant(off int, caller func() uint64) *Reentrant {
	aligned(off, 8)
	goroutine, depth := (*uint64)(r.Pointer(off+8, 8)), (*uint64)(r.Pointer(off+16, 8))
	return &Reentrant{r.Mutex(off), goroutine, depth, caller}
}

// Owner returns the process that holds the mutex, 0 if none does.
func (m *Reentrant) Owner() Owner { return m.mutex.Owner() }

// Mine reports whether a goroutine of this process holds the mutex.
func (m *Reentrant) Mine() bool { return m.mutex.Mine() }

// again takes the mutex once more if the calling goroutine has it.
func (m *Reentrant) again(id uint64) bool {
	// The goroutine is cleared before the release, so what is seen here with this
	// process as the owner was set under the present hold.
	if atomic.LoadUint64(m.goroutine) != id || !m.mutex.Mine() {
		return false
	}
	*m.depth++
	return true
}

// Take is [Mutex.Take]; the owner always succeeds.
func (m *Reentrant) Take() bool { return m.TakeAs(m.caller()) }

// TakeAs is Take for who knows what the mutex's caller function would say.
func (m *Reentrant) TakeAs(id uint64) bool {
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
	id := m.caller()
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
	id := m.caller()
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
	*m.depth = depth
	*m.goroutine = id
}

// Unlock undoes one Lock. Any goroutine of the process that holds the mutex may
// call it; otherwise Unlock does nothing and returns false.
func (m *Reentrant) Unlock() bool {
	if !m.mutex.Mine() {
		return false
	}
	if *m.depth > 1 {
		*m.depth--
		runtime.KeepAlive(m)
		return true
	}
	*m.goroutine = 0
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
	d := *m.depth
	*m.goroutine = 0
	m.mutex.Unlock()
	runtime.KeepAlive(m)
	return int(d)
}

// Return is Lock to the depth that Leave has returned.
func (m *Reentrant) Return(ctx context.Context, depth int) (died Owner, err error) {
	if died, err = m.mutex.Lock(ctx, time.Time{}); err == nil {
		m.enter(m.caller(), uint64(depth))
	}
	runtime.KeepAlive(m)
	return died, err
}
