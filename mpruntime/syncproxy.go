package mpruntime

import (
	"context"
	"errors"
	"time"
)

// forever is the limit of a wait that has none.
const forever time.Duration = -1

// A LockProxy stands for a lock in a manager. A lock that was taken by a process
// which has ended is released, with a warning.
type LockProxy struct{ remote }

// Lock makes a lock, which any process may unlock.
func (m *Manager) Lock() *LockProxy { return &LockProxy{m.make("lock")} }

// RLock makes a lock that its owner, a goroutine of a process, may lock again.
func (m *Manager) RLock() *LockProxy { return &LockProxy{m.make("rlock")} }

// Lock takes the lock; it waits until nobody has it.
func (l *LockProxy) Lock() error { return l.LockContext(context.Background()) }

// LockContext is Lock that also returns, with the context's cause, when ctx ends.
func (l *LockProxy) LockContext(ctx context.Context) error { return l.acquire(ctx, forever) }

// LockTimeout is Lock that gives up after d, with [ErrTimeout].
func (l *LockProxy) LockTimeout(d time.Duration) error {
	return l.acquire(context.Background(), max(d, 0))
}

// TryLock takes the lock if nobody has it.
func (l *LockProxy) TryLock() bool {
	err := l.LockTimeout(0)
	if err != nil && !errors.Is(err, ErrTimeout) {
		fail(err)
	}
	return err == nil
}

func (l *LockProxy) acquire(ctx context.Context, limit time.Duration) error {
	_, err := l.call(ctx, "Acquire", goroutine(), limit)
	return err
}

// Unlock releases the lock.
func (l *LockProxy) Unlock() error { return l.do("Release", goroutine()) }

// A ConditionProxy stands for a condition in a manager, with a lock of its own,
// which is one of [Manager.RLock].
type ConditionProxy struct{ LockProxy }

// Condition makes a condition.
func (m *Manager) Condition() *ConditionProxy {
	return &ConditionProxy{LockProxy{m.make("condition")}}
}

// Wait releases the lock, which the caller has, waits for a notification, and takes
// the lock again.
func (c *ConditionProxy) Wait() error { return c.wait(context.Background(), forever) }

// WaitContext is Wait that also returns, with the context's cause and the lock,
// when ctx ends.
func (c *ConditionProxy) WaitContext(ctx context.Context) error { return c.wait(ctx, forever) }

// WaitTimeout is Wait that gives up after d, with [ErrTimeout] and the lock.
func (c *ConditionProxy) WaitTimeout(d time.Duration) error {
	return c.wait(context.Background(), max(d, 0))
}

func (c *ConditionProxy) wait(ctx context.Context, limit time.Duration) error {
	_, err := c.call(ctx, "Wait", goroutine(), limit)
	return err
}

// WaitFor waits until ready is true. It is called here, with the lock.
func (c *ConditionProxy) WaitFor(ready func() bool) error {
	for !ready() {
		if err := c.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// Notify wakes up to n of those that wait, by default one. The caller has the lock.
func (c *ConditionProxy) Notify(n ...int) error {
	count := 1
	if len(n) > 0 {
		count = n[0]
	}
	return c.do("Notify", goroutine(), count)
}

// NotifyAll wakes all that wait. The caller has the lock.
func (c *ConditionProxy) NotifyAll() error { return c.do("Notify", goroutine(), -1) }

// A SemaphoreProxy stands for a semaphore in a manager. Its methods are those of
// [Semaphore].
type SemaphoreProxy struct{ remote }

// Semaphore makes a semaphore with n permits, by default one.
func (m *Manager) Semaphore(n ...int) *SemaphoreProxy {
	return &SemaphoreProxy{m.make("semaphore", countOrOne(n)...)}
}

// BoundedSemaphore makes a semaphore that never has more than its n permits.
func (m *Manager) BoundedSemaphore(n ...int) *SemaphoreProxy {
	return &SemaphoreProxy{m.make("bounded semaphore", countOrOne(n)...)}
}

func countOrOne(n []int) []any {
	if len(n) == 0 {
		return []any{1}
	}
	return anys(n)
}

// Acquire takes a permit; it waits for one.
func (s *SemaphoreProxy) Acquire() error { return s.AcquireContext(context.Background()) }

// AcquireContext is Acquire that also returns, with the context's cause, when ctx
// ends.
func (s *SemaphoreProxy) AcquireContext(ctx context.Context) error {
	_, err := s.call(ctx, "AcquireContext")
	return err
}

// AcquireTimeout is Acquire that gives up after d, with [ErrTimeout].
func (s *SemaphoreProxy) AcquireTimeout(d time.Duration) error { return s.do("AcquireTimeout", d) }

// TryAcquire takes a permit if there is one.
func (s *SemaphoreProxy) TryAcquire() bool { return s.seeBool("TryAcquire") }

// Release gives permits back, by default one.
func (s *SemaphoreProxy) Release(n ...int) error { return s.do("Release", anys(n)...) }

// Value returns the number of permits.
func (s *SemaphoreProxy) Value() int { return s.seeInt("Value") }

// An EventProxy stands for an event in a manager. Its methods are those of [Event].
type EventProxy struct{ remote }

// Event makes an event.
func (m *Manager) Event() *EventProxy { return &EventProxy{m.make("event")} }

// Set sets the event and wakes all that wait for it.
func (e *EventProxy) Set() error { return e.do("Set") }

// Clear unsets the event.
func (e *EventProxy) Clear() error { return e.do("Clear") }

// IsSet reports whether the event is set.
func (e *EventProxy) IsSet() bool { return e.seeBool("IsSet") }

// Wait waits until the event is set.
func (e *EventProxy) Wait() error { return e.WaitContext(context.Background()) }

// WaitContext is Wait that also returns, with the context's cause, when ctx ends.
func (e *EventProxy) WaitContext(ctx context.Context) error {
	_, err := e.call(ctx, "WaitContext")
	return err
}

// WaitTimeout is Wait that gives up after d, with [ErrTimeout].
func (e *EventProxy) WaitTimeout(d time.Duration) error { return e.do("WaitTimeout", d) }

// A BarrierProxy stands for a barrier in a manager. Its methods are those of
// [Barrier].
type BarrierProxy struct{ remote }

// Barrier makes a barrier for n.
func (m *Manager) Barrier(n int) *BarrierProxy { return &BarrierProxy{m.make("barrier", n)} }

// Wait waits until as many wait as the barrier is for, and returns a different
// number from 0 on to each of them.
func (b *BarrierProxy) Wait() (place int, err error) { return b.WaitContext(context.Background()) }

// WaitContext is Wait that also returns, with the context's cause, when ctx ends.
// The barrier is broken then.
func (b *BarrierProxy) WaitContext(ctx context.Context) (place int, err error) {
	results, err := b.call(ctx, "WaitContext")
	if err == nil {
		place, _ = results[0].(int)
	}
	return place, err
}

// WaitTimeout is Wait that gives up after d, with [ErrBrokenBarrier] for all.
func (b *BarrierProxy) WaitTimeout(d time.Duration) (place int, err error) {
	v, err := b.get("WaitTimeout", d)
	place, _ = v.(int)
	return place, err
}

// Abort breaks the barrier.
func (b *BarrierProxy) Abort() error { return b.do("Abort") }

// Reset makes the barrier as new; those that wait get [ErrBrokenBarrier].
func (b *BarrierProxy) Reset() error { return b.do("Reset") }

// Parties returns how many the barrier is for.
func (b *BarrierProxy) Parties() int { return b.seeInt("Parties") }

// NWaiting returns how many wait.
func (b *BarrierProxy) NWaiting() int { return b.seeInt("NWaiting") }

// Broken reports whether the barrier is broken.
func (b *BarrierProxy) Broken() bool { return b.seeBool("Broken") }
