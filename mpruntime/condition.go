package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// A Locker is a [Lock] or an [RLock].
type Locker interface {
	Lock() error
	TryLock() bool
	LockTimeout(d time.Duration) error
	LockContext(ctx context.Context) error
	Unlock() error

	held() *exclusion
}

func (x *exclusion) held() *exclusion { return x }

// A Condition lets processes that hold a lock wait until another says that
// something has changed (CPython: multiprocessing.Condition).
//
// Those that wait stand in a table in shared memory with the process they belong
// to. A notification that went to a process that was killed while it waited is
// taken over, within some 50 ms, by one that was waiting at the time.
type Condition struct {
	shared
	mutex Locker
}

// Layout of a condition, from sharedAt: how many waits there have been and how
// much of the table has been used, both changed under the lock, then the table.
const (
	ticketsAt     = sharedAt
	usedPlacesAt  = sharedAt + 8
	placesAt      = sharedAt + 64
	placeSize     = 32
	places        = 500
	conditionSize = placesAt - sharedAt + places*placeSize
)

// States of a place.
const (
	placeFree uint32 = iota
	placeWaiting
	placeNotified
)

// A place is where one goroutine waits.
type place struct {
	owner    *atomic.Uint64
	ticket   *atomic.Uint64 // the number of the wait
	notified *atomic.Uint64 // the last ticket when it was notified
	state    shm.Word
}

// NewCondition makes a condition of a lock, an [RLock] of its own by default.
func NewCondition(lock ...Locker) *Condition {
	c := &Condition{}
	switch len(lock) {
	case 0:
		c.mutex = NewRLock()
	case 1:
		c.mutex = lock[0]
	}
	if len(lock) > 1 || c.mutex == nil {
		c.shared = failedShared("condition", fmt.Errorf("of %d locks", len(lock)))
		return c
	}
	if err := c.mutex.held().Err(); err != nil {
		c.shared = shared{err: err}
		return c
	}
	c.shared = newShared("condition", markCondition, conditionSize)
	return c
}

// Lock takes the lock of the condition.
func (c *Condition) Lock() error {
	if err := c.Err(); err != nil {
		return err
	}
	return c.mutex.Lock()
}

// Unlock releases the lock of the condition.
func (c *Condition) Unlock() error {
	if err := c.Err(); err != nil {
		return err
	}
	return c.mutex.Unlock()
}

// Wait releases the lock, waits for a notification and takes the lock again. It
// is an error if this process does not hold the lock. When the cell is
// interrupted, Wait tries for a second to take the lock before it returns the
// error.
func (c *Condition) Wait() error { return c.wait(cellContext(), time.Time{}) }

// WaitTimeout is Wait that gives up after d with [ErrTimeout], again with the lock.
func (c *Condition) WaitTimeout(d time.Duration) error { return c.wait(cellContext(), deadline(d)) }

// WaitContext is Wait that also returns, with the context's cause, when ctx ends.
func (c *Condition) WaitContext(ctx context.Context) error {
	ctx, done := waitContext(ctx)
	defer done()
	return c.wait(ctx, time.Time{})
}

// WaitFor waits until ready, called with the lock held, returns true.
func (c *Condition) WaitFor(ready func() bool) error {
	return c.waitFor(ready, time.Time{})
}

// WaitForTimeout is WaitFor that gives up after d with [ErrTimeout].
func (c *Condition) WaitForTimeout(ready func() bool, d time.Duration) error {
	return c.waitFor(ready, deadline(d))
}

func (c *Condition) waitFor(ready func() bool, limit time.Time) error {
	if err := c.check(); err != nil {
		return err
	}
	for !ready() {
		if err := c.wait(cellContext(), limit); err != nil {
			if errors.Is(err, ErrTimeout) && ready() {
				return nil
			}
			return err
		}
	}
	return nil
}

// Notify wakes n of those that wait, 1 by default, the longest waiting first. It
// is an error if this process does not hold the lock.
func (c *Condition) Notify(n ...int) error {
	if len(n) == 0 {
		return c.notify(1)
	}
	return c.notify(n[0])
}

// NotifyAll wakes all that wait.
func (c *Condition) NotifyAll() error { return c.notify(math.MaxInt) }

func (c *Condition) notify(n int) error {
	if err := c.check(); err != nil {
		return err
	}
	for tickets := c.region.Uint64(ticketsAt).Load(); n > 0 && c.pass(tickets); n-- {
	}
	return nil
}

// check returns the error of a method that needs the lock.
func (c *Condition) check() error {
	if err := c.Err(); err != nil {
		return err
	}
	if !c.mutex.held().mutex.Mine() {
		return errors.New("mp: the lock of the condition is not held")
	}
	return nil
}

func (c *Condition) place(i int) place {
	at := placesAt + i*placeSize
	return place{c.region.Uint64(at), c.region.Uint64(at + 8), c.region.Uint64(at + 16), c.region.Word(at + 24)}
}

func (c *Condition) used() int {
	return min(int(c.region.Uint64(usedPlacesAt).Load()), places)
}

// pass notifies the longest waiting of those whose ticket is at most limit.
func (c *Condition) pass(limit uint64) bool {
	for {
		first, ticket := place{}, uint64(math.MaxUint64)
		for i := range c.used() {
			if p := c.place(i); p.state.Load() == placeWaiting && p.ticket.Load() <= min(limit, ticket) {
				first, ticket = p, p.ticket.Load()
			}
		}
		if first.owner == nil {
			return false
		}
		first.notified.Store(limit)
		if first.state.CompareAndSwap(placeWaiting, placeNotified) {
			first.state.WakeAll()
			return true
		}
	}
}

// enter takes a free place, or that of a process that has ended. The caller holds
// the lock.
func (c *Condition) enter() (place, error) {
	for i := range places {
		if c.place(i).state.Load() == placeFree {
			return c.occupy(i), nil
		}
	}
	for i := range places {
		if !shm.Owner(c.place(i).owner.Load()).Alive() {
			return c.occupy(i), nil
		}
	}
	return place{}, fmt.Errorf("mp: more than %d goroutines wait for a condition", places)
}

func (c *Condition) occupy(i int) place {
	p := c.place(i)
	p.owner.Store(uint64(shm.Self()))
	p.ticket.Store(c.region.Uint64(ticketsAt).Add(1))
	p.state.Store(placeWaiting)
	if c.used() <= i {
		c.region.Uint64(usedPlacesAt).Store(uint64(i + 1))
	}
	return p
}

func (c *Condition) wait(ctx context.Context, limit time.Time) error {
	if err := c.check(); err != nil {
		return err
	}
	p, err := c.enter()
	if err != nil {
		return err
	}
	mutex := c.mutex.held().mutex
	depth := mutex.Leave()
	err = c.await(ctx, p, limit)
	back := context.Background()
	if err != nil && !errors.Is(err, ErrTimeout) {
		var cancel context.CancelFunc
		back, cancel = context.WithTimeout(back, time.Second)
		defer cancel()
	} else if ctx.Err() == nil {
		back = ctx
	}
	died, lockErr := mutex.Return(back, depth)
	if died != 0 {
		warnOfDeath("lock", died)
	}
	if err == nil {
		err = lockErr
	}
	return err
}

// await waits for the notification of p and frees the place.
func (c *Condition) await(ctx context.Context, p place, limit time.Time) error {
	for p.state.Load() != placeNotified {
		before := time.Now()
		err := p.state.Wait(ctx, placeWaiting, limit)
		if err == nil && p.state.Load() == placeWaiting && time.Since(before) > 10*time.Millisecond && c.inherit(p) {
			return nil
		}
		if err == nil {
			continue
		}
		if p.state.CompareAndSwap(placeWaiting, placeFree) {
			return err
		}
		if !errors.Is(err, ErrTimeout) { // notified, and about to leave all the same
			notified := p.notified.Load()
			p.state.Store(placeFree)
			c.pass(notified)
			return err
		}
	}
	p.state.Store(placeFree)
	return nil
}

// inherit takes over, for p, a notification of a process that has ended and that
// p could have had. It reports whether p is notified; its place is free then.
func (c *Condition) inherit(p place) bool {
	ticket := p.ticket.Load()
	for i := range c.used() {
		q := c.place(i)
		if q.state.Load() != placeNotified || q.notified.Load() < ticket || shm.Owner(q.owner.Load()).Alive() {
			continue
		}
		notified := q.notified.Load()
		if !q.state.CompareAndSwap(placeNotified, placeFree) {
			continue
		}
		if p.state.CompareAndSwap(placeWaiting, placeFree) {
			return true
		}
		c.pass(notified)
		return false
	}
	return false
}

func (c *Condition) encodeHandle(e *codec.Encoder) error {
	if err := c.encode(e); err != nil {
		return err
	}
	kind := markLock
	if _, ok := c.mutex.(*RLock); ok {
		kind = markRLock
	}
	e.Uvarint(uint64(kind))
	return c.mutex.held().encode(e)
}

func (c *Condition) decodeHandle(d *codec.Decoder) (err error) {
	defer func() { c.discardAfter(err) }() // the lock has done so itself
	if c.shared, err = decodeShared(d, markCondition, conditionSize); err != nil {
		return err
	}
	kind, err := d.Uvarint()
	if err != nil {
		return err
	}
	if mark(kind) == markRLock {
		l := &RLock{}
		c.mutex, err = l, l.decodeHandle(d)
	} else {
		l := &Lock{}
		c.mutex, err = l, l.decodeHandle(d)
	}
	return err
}

func (c *Condition) discardHandle() {
	c.shared.discardHandle()
	if lock, ok := c.mutex.(discarder); ok {
		lock.discardHandle()
	}
}
