//go:build linux

package faults_test

import (
	"errors"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// A guard is something that one process at a time can hold.
type guard interface {
	Err() error
	LockTimeout(d time.Duration) error
	Unlock() error
}

// permit is a semaphore as a guard.
type permit struct{ *mp.BoundedSemaphore }

func (p permit) LockTimeout(d time.Duration) error { return p.AcquireTimeout(d) }
func (p permit) Unlock() error                     { return p.Release() }

// count makes equal numbers unequal for as long as it holds the guard.
func count(g guard, pair *mp.RawArray[int], ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		if err := g.LockTimeout(limit); err != nil && !errors.Is(err, mp.ErrOwnerDied) {
			panic(err)
		}
		pair.Set(0, pair.At(0)+1)
		pair.Set(1, pair.At(0))
		must(g.Unlock())
	}
}

// countValue is count with Update, which holds the lock of the value.
func countValue(v *mp.Value[int], ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		v.Update(func(n int) int { return n + 1 })
	}
}

func TestFaultHolderKilled(t *testing.T) {
	for name, makeGuard := range map[string]func() guard{
		"Lock":             func() guard { return mp.NewLock() },
		"RLock":            func() guard { return mp.NewRLock() },
		"BoundedSemaphore": func() guard { return permit{mp.NewBoundedSemaphore()} },
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
				g, pair := makeGuard(), mp.NewRawArray[int](2)
				hears, tells := mp.NewOneWayPipe()
				defer hears.Close()
				killed := start(t, count, g, pair, tells)
				other := start(t, count, g, pair, tells)
				ok(t, tells.Close())
				receive(t, hears)
				receive(t, hears)
				m.pass()
				ok(t, killed.Kill())
				join(t, killed)
				before := pair.At(0)
				eventually(t, "the other process goes on", func() bool { return pair.At(0) > before+10 })
				ok(t, other.Kill())
				join(t, other)
				if err := g.LockTimeout(limit); err != nil && !errors.Is(err, mp.ErrOwnerDied) {
					t.Fatal(err)
				}
				if d := pair.At(0) - pair.At(1); d != 0 && d != 1 {
					t.Errorf("two were in there at once: %v", pair)
				}
				ok(t, g.Unlock())
				ok(t, g.LockTimeout(limit))
				ok(t, g.Unlock())
			})
		})
	}
}

func TestFaultOwnerOfAValueKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
		v := mp.NewValue(0)
		p, hears := startTelling(t, countValue, v)
		defer hears.Close()
		receive(t, hears)
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		before := v.Get()
		within(t, "Add", func() {
			if got := v.Add(1); got != before+1 {
				t.Errorf("%d after %d", got, before)
			}
		})
	})
}

// waitAndNotify waits for its turn and gives it to another.
func waitAndNotify(c *mp.Condition, ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		must(c.Lock())
		must(c.Notify())
		if err := c.WaitTimeout(time.Millisecond); err != nil && !errors.Is(err, mp.ErrTimeout) {
			panic(err)
		}
		must(c.Unlock())
	}
}

func TestFaultUserOfAConditionKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
		c := mp.NewCondition()
		p, hears := startTelling(t, waitAndNotify, c)
		defer hears.Close()
		receive(t, hears)
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		within(t, "the condition", func() {
			// Twice: the one that waits is woken by the one that comes.
			waiting, woken := make(chan error, 1), make(chan error, 1)
			go func() {
				if err := c.Lock(); err != nil {
					waiting <- err
					return
				}
				waiting <- nil
				woken <- errors.Join(c.WaitTimeout(limit), c.Unlock())
			}()
			if err := <-waiting; err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(c.Lock(), c.NotifyAll(), c.Unlock(), <-woken); err != nil {
				t.Error(err)
			}
		})
	})
}
