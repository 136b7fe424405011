package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// A managedLock is a lock in a manager's server. Its owner is a client and a
// goroutine of it.
type managedLock struct {
	reentrant bool

	mu      sync.Mutex
	session *managerSession // of the owner, nil if nobody has the lock
	owner   uint64
	depth   int
	changed chan struct{} // closed when the lock is released
}

func newManagedLock(reentrant bool) *managedLock {
	return &managedLock{reentrant: reentrant, changed: make(chan struct{})}
}

// Acquire takes the lock; a negative limit is none.
func (l *managedLock) Acquire(ctx context.Context, s *managerSession, owner uint64, limit time.Duration) error {
	return l.take(ctx, s, owner, limit, 1)
}

func (l *managedLock) take(ctx context.Context, s *managerSession, owner uint64, limit time.Duration, depth int) error {
	var late <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l.mu.Lock()
		if l.session == nil || l.reentrant && l.session == s && l.owner == owner {
			l.session, l.owner = s, owner
			l.depth += depth
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-late:
			return ErrTimeout
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Release gives the lock back.
func (l *managedLock) Release(s *managerSession, owner uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(s, owner); err != nil {
		return err
	}
	if l.depth--; l.depth == 0 {
		l.free()
	}
	return nil
}

// check returns an error if the lock is not the caller's to release.
func (l *managedLock) check(s *managerSession, owner uint64) error {
	if l.session == nil || l.reentrant && (l.session != s || l.owner != owner) {
		return errNotHeld
	}
	return nil
}

func (l *managedLock) free() {
	l.session, l.depth = nil, 0
	close(l.changed)
	l.changed = make(chan struct{})
}

// sessionEnded implements sessionEnder.
func (l *managedLock) sessionEnded(s *managerSession) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == s {
		fmt.Fprintln(here.stderr(), "mp: a process ended while it held a manager's lock; the lock is released")
		l.free()
	}
}

// A managedCondition is a condition in a manager's server.
type managedCondition struct {
	*managedLock
	waiting []chan struct{} // under the lock's mu
}

// Wait waits for a notification; a negative limit is none. It returns with the
// lock, unless the client is gone.
func (c *managedCondition) Wait(ctx context.Context, s *managerSession, owner uint64, limit time.Duration) error {
	c.mu.Lock()
	if err := c.check(s, owner); err != nil {
		c.mu.Unlock()
		return err
	}
	depth := c.depth
	told := make(chan struct{})
	c.waiting = append(c.waiting, told)
	c.free()
	c.mu.Unlock()
	var late <-chan time.Time
	if limit >= 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		late = timer.C
	}
	var err error
	select {
	case <-told:
	case <-late:
		err = ErrTimeout
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		c.mu.Lock()
		if i := slices.Index(c.waiting, told); i >= 0 {
			c.waiting = slices.Delete(c.waiting, i, i+1)
		} else if errors.Is(err, errSessionOver) {
			c.wake(1) // it was for somebody who is gone
		} else {
			err = nil // told meanwhile
		}
		c.mu.Unlock()
	}
	if errors.Is(err, errSessionOver) {
		return err
	}
	over, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stop := context.AfterFunc(s.over, func() { cancel(errSessionOver) })
	defer stop()
	return errors.Join(err, c.take(over, s, owner, forever, depth))
}

func (c *managedCondition) wake(n int) {
	n = min(n, len(c.waiting))
	for _, told := range c.waiting[:n] {
		close(told)
	}
	c.waiting = slices.Delete(c.waiting, 0, n)
}

// Notify wakes n waiters, all if n is negative.
func (c *managedCondition) Notify(s *managerSession, owner uint64, n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.check(s, owner); err != nil {
		return err
	}
	if n < 0 {
		n = math.MaxInt
	}
	c.wake(n)
	return nil
}
