package shm

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"
)

// MutexSize is how many bytes of a Region a Mutex takes.
const MutexSize = 8

// waiters, in a Mutex's word, says that somebody may wait in a futex.
const waiters = 1 << 31

// spins is how often a Lock looks at the word before it blocks: a few
// microseconds, longer than the sections that the objects of mp are held for.
const spins = 60

// A Mutex is a lock whose word is its owner, taken in one instruction, so that
// there is no moment at which a killed process leaves a lock without a name.
type Mutex struct {
	region *Region
	word   *atomic.Uint64
	self   uint64
	looked atomic.Int64 // when TryLock last looked whether the owner lives, in Unix nanoseconds
}

// Mutex returns the mutex at offset off, a multiple of 8.
func (r *Region) Mutex(off int) *Mutex {
	return &Mutex{region: r, word: r.Uint64(off), self: uint64(Self())}
}

// Owner returns the process that holds the mutex, 0 if none does.
func (m *Mutex) Owner() Owner {
	o := Owner(m.word.Load() &^ waiters)
	runtime.KeepAlive(m.region)
	return o
}

// Mine reports whether this process holds the mutex.
func (m *Mutex) Mine() bool {
	mine := m.word.Load()&^waiters == m.self
	runtime.KeepAlive(m.region)
	return mine
}

// Take takes the mutex if nobody holds it and does no more: the first thing to try.
func (m *Mutex) Take() bool {
	ok := m.word.CompareAndSwap(0, m.self)
	m.region.seen()
	return ok
}

// TryLock takes the mutex if nobody holds it. died is the owner that it was taken
// from because it had died, which is noticed within some 10 ms.
func (m *Mutex) TryLock() (ok bool, died Owner) {
	defer m.region.seen()
	if m.word.CompareAndSwap(0, m.self) {
		return true, 0
	}
	word := m.word.Load()
	if word&^waiters == m.self {
		return false, 0
	}
	now, last := time.Now().UnixNano(), m.looked.Load()
	if now-last < int64(10*time.Millisecond) || !m.looked.CompareAndSwap(last, now) {
		return false, 0
	}
	return m.inherit(word)
}

// Lock takes the mutex, from a dead owner if need be, which it then returns. It
// returns an error, and has not taken the mutex, as [Word.Wait] does.
func (m *Mutex) Lock(ctx context.Context, deadline time.Time) (died Owner, err error) {
	if m.word.CompareAndSwap(0, m.self) {
		m.region.seen()
		return 0, nil
	}
	return m.lock(ctx, deadline)
}

func (m *Mutex) lock(ctx context.Context, deadline time.Time) (died Owner, err error) {
	defer m.region.seen()
	if m.spin() {
		return 0, nil
	}
	half := Word{m.region, low(m.word)}
	// Who has waited may not be the only one: it takes the mutex with the bit
	// set, and its Unlock wakes the next.
	var suspect uint64
	for {
		word := m.word.Load()
		switch {
		case word&^waiters == 0:
			if m.word.CompareAndSwap(word, m.self|waiters) {
				return 0, nil
			}
			continue
		case word&waiters == 0:
			if !m.word.CompareAndSwap(word, word|waiters) {
				continue
			}
			word |= waiters
		}
		if word == suspect { // it has held the mutex for a whole wait
			if ok, died := m.inherit(word); ok {
				return died, nil
			}
		}
		suspect = word
		if err := half.Wait(ctx, uint32(word), deadline); err != nil {
			return 0, err
		}
	}
}

// spin tries for as long as a short section lasts, at growing distances.
func (m *Mutex) spin() bool {
	if runtime.GOMAXPROCS(0) == 1 {
		return false
	}
	pause := 1
	for range spins {
		if m.word.Load() == 0 && m.word.CompareAndSwap(0, m.self) {
			return true
		}
		for range pause {
			_ = m.looked.Load() // a load that the compiler leaves in place
		}
		pause = min(2*pause, 128)
	}
	return false
}

// inherit takes the mutex from the owner in word if that has died.
func (m *Mutex) inherit(word uint64) (ok bool, died Owner) {
	owner := Owner(word &^ waiters)
	if owner == 0 || owner.Alive() {
		return false, 0
	}
	if !m.word.CompareAndSwap(word, m.self|waiters) {
		return false, 0
	}
	return true, owner
}

// Unlock releases the mutex, whoever holds it, and reports whether anybody did.
func (m *Mutex) Unlock() bool {
	m.region.changing()
	word := m.word.Swap(0)
	if word&waiters != 0 {
		wake(low(m.word), 1)
	}
	runtime.KeepAlive(m.region)
	return word&^waiters != 0
}

// Leave is Unlock if this process holds the mutex; it returns the depth, 1, or 0 if
// it does not.
func (m *Mutex) Leave() (depth int) {
	if !m.Mine() {
		return 0
	}
	m.Unlock()
	return 1
}

// Return is Lock, for what Leave has released.
func (m *Mutex) Return(ctx context.Context, _ int) (died Owner, err error) {
	return m.Lock(ctx, time.Time{})
}
