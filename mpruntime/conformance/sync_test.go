//go:build unix

package conformance_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func TestLock(t *testing.T) {
	conform(t, "_TestLock.test_lock", func(t *testing.T) {
		l := mp.NewLock()
		ok(t, l.Lock())
		equal(t, "locking again", l.TryLock(), false)
		ok(t, l.Unlock())
		refused(t, "unlocking what is not locked", l.Unlock())
	})
	conform(t, "_TestLock.test_rlock", func(t *testing.T) {
		l := mp.NewRLock()
		for range 3 {
			ok(t, l.Lock())
		}
		for range 3 {
			ok(t, l.Unlock())
		}
		refused(t, "unlocking what is not locked", l.Unlock())
	})
	conform(t, "_TestLock.test_lock_context", func(t *testing.T) {
		l := mp.NewLock()
		func() {
			ok(t, l.Lock())
			defer l.Unlock()
		}()
		equal(t, "free again", l.TryLock(), true)
		ok(t, l.Unlock())
	})
}

// semaphore is what both kinds have in common.
type semaphore interface {
	Acquire() error
	TryAcquire() bool
	AcquireTimeout(d time.Duration) error
	Release(n ...int) error
	Value() int
}

func twoPermits(t *testing.T, s semaphore) {
	t.Helper()
	equal(t, "value", s.Value(), 2)
	ok(t, s.Acquire())
	equal(t, "value", s.Value(), 1)
	ok(t, s.Acquire())
	equal(t, "value", s.Value(), 0)
	equal(t, "a third", s.TryAcquire(), false)
	equal(t, "value", s.Value(), 0)
	ok(t, s.Release())
	equal(t, "value", s.Value(), 1)
	ok(t, s.Release())
	equal(t, "value", s.Value(), 2)
}

func TestSemaphore(t *testing.T) {
	conform(t, "_TestSemaphore.test_semaphore", func(t *testing.T) {
		s := mp.NewSemaphore(2)
		twoPermits(t, s)
		ok(t, s.Release())
		equal(t, "value", s.Value(), 3)
		ok(t, s.Release())
		equal(t, "value", s.Value(), 4)
	})
	conform(t, "_TestSemaphore.test_bounded_semaphore", func(t *testing.T) {
		s := mp.NewBoundedSemaphore(2)
		twoPermits(t, s)
		refused(t, "one release too many", s.Release())
		equal(t, "value", s.Value(), 2)
	})
	conform(t, "_TestSemaphore.test_timeout", func(t *testing.T) {
		s := mp.NewSemaphore(0)
		equal(t, "without waiting", s.TryAcquire(), false)
		is(t, s.AcquireTimeout(0), mp.ErrTimeout)
		is(t, s.AcquireTimeout(short), mp.ErrTimeout)
	})
	conform(t, "SemLockTests.test_semlock_subclass", func(t *testing.T) {
		type gate struct {
			*mp.Semaphore
			name string
		}
		g := gate{mp.NewSemaphore(0), "gate"}
		ends(t, daemon(t, func(g gate) { panicOn(g.Release()) }, g))
		ok(t, g.AcquireTimeout(generous))
	})
}

// sleeper waits once for a condition, d if that is not 0.
func sleeper(c *mp.Condition, sleeping, woken *mp.Semaphore, d time.Duration) {
	panicOn(c.Lock())
	panicOn(sleeping.Release())
	if d > 0 {
		if err := c.WaitTimeout(d); !errors.Is(err, mp.ErrTimeout) {
			panicOn(err)
		}
	} else {
		panicOn(c.Wait())
	}
	panicOn(woken.Release())
	panicOn(c.Unlock())
}

// sleepers are n processes and n goroutines in sleeper.
func sleepers(t *testing.T, n int, c *mp.Condition, sleeping, woken *mp.Semaphore, d time.Duration) (join func()) {
	t.Helper()
	var all []*mp.Process
	var group sync.WaitGroup
	for range n {
		all = append(all, daemon(t, sleeper, c, sleeping, woken, d))
		group.Go(func() { sleeper(c, sleeping, woken, d) })
	}
	for range 2 * n {
		ok(t, sleeping.AcquireTimeout(generous))
	}
	return func() {
		t.Helper()
		ends(t, all...)
		group.Wait()
	}
}

func notify(t *testing.T, c *mp.Condition, n ...int) {
	t.Helper()
	ok(t, c.Lock())
	ok(t, c.Notify(n...))
	ok(t, c.Unlock())
}

func TestCondition(t *testing.T) {
	conform(t, "_TestCondition.test_notify", func(t *testing.T) {
		c, sleeping, woken := mp.NewCondition(), mp.NewSemaphore(0), mp.NewSemaphore(0)
		join := sleepers(t, 1, c, sleeping, woken, 0)
		stays(t, "nobody is awake", func() bool { return woken.Value() == 0 })
		notify(t, c)
		eventually(t, "one is awake", func() bool { return woken.Value() == 1 })
		stays(t, "one is awake", func() bool { return woken.Value() == 1 })
		notify(t, c)
		eventually(t, "both are awake", func() bool { return woken.Value() == 2 })
		join()
	})
	conform(t, "_TestCondition.test_notify_all", func(t *testing.T) {
		c, sleeping, woken := mp.NewCondition(), mp.NewSemaphore(0), mp.NewSemaphore(0)
		join := sleepers(t, 2, c, sleeping, woken, short)
		for range 4 {
			ok(t, woken.AcquireTimeout(generous)) // their time is over
		}
		join()
		join = sleepers(t, 2, c, sleeping, woken, 0)
		stays(t, "nobody is awake", func() bool { return woken.Value() == 0 })
		ok(t, c.Lock())
		ok(t, c.NotifyAll())
		ok(t, c.Unlock())
		eventually(t, "all are awake", func() bool { return woken.Value() == 4 })
		join()
	})
	conform(t, "_TestCondition.test_notify_n", func(t *testing.T) {
		c, sleeping, woken := mp.NewCondition(), mp.NewSemaphore(0), mp.NewSemaphore(0)
		join := sleepers(t, 3, c, sleeping, woken, 0)
		stays(t, "nobody is awake", func() bool { return woken.Value() == 0 })
		notify(t, c, 2)
		eventually(t, "two are awake", func() bool { return woken.Value() == 2 })
		stays(t, "two are awake", func() bool { return woken.Value() == 2 })
		notify(t, c, 4)
		eventually(t, "all are awake", func() bool { return woken.Value() == 6 })
		notify(t, c, 3)
		stays(t, "all are awake", func() bool { return woken.Value() == 6 })
		join()
	})
	conform(t, "_TestCondition.test_timeout", func(t *testing.T) {
		c := mp.NewCondition()
		ok(t, c.Lock())
		is(t, c.WaitTimeout(short), mp.ErrTimeout)
		ok(t, c.Unlock())
	})
	conform(t, "_TestCondition.test_waitfor", func(t *testing.T) {
		c, state := mp.NewCondition(), mp.NewValue(-1)
		p := daemon(t, func(c *mp.Condition, state *mp.Value[int]) {
			panicOn(c.Lock())
			state.Set(0)
			panicOn(c.Notify())
			panicOn(c.WaitFor(func() bool { return state.Get() == 4 }))
			panicOn(c.Unlock())
		}, c, state)
		ok(t, c.Lock())
		ok(t, c.WaitFor(func() bool { return state.Get() == 0 }))
		ok(t, c.Unlock())
		for range 4 {
			ok(t, c.Lock())
			state.Set(state.Get() + 1)
			ok(t, c.Notify())
			ok(t, c.Unlock())
		}
		ends(t, p)
	})
	conform(t, "_TestCondition.test_waitfor_timeout", func(t *testing.T) {
		c, state, ready := mp.NewCondition(), mp.NewValue(0), mp.NewSemaphore(0)
		p := daemon(t, func(c *mp.Condition, state *mp.Value[int], ready *mp.Semaphore) {
			panicOn(ready.Release())
			panicOn(c.Lock())
			if err := c.WaitForTimeout(func() bool { return state.Get() == 4 }, 5*short); !errors.Is(err, mp.ErrTimeout) {
				panic(err)
			}
			panicOn(c.Unlock())
		}, c, state, ready)
		ok(t, ready.AcquireTimeout(generous))
		for range 3 {
			ok(t, c.Lock())
			state.Set(state.Get() + 1)
			ok(t, c.Notify())
			ok(t, c.Unlock())
		}
		ends(t, p)
	})
	conform(t, "_TestCondition.test_wait_result", func(t *testing.T) {
		c := mp.NewCondition()
		ok(t, c.Lock())
		is(t, c.WaitTimeout(0), mp.ErrTimeout)
		is(t, c.WaitTimeout(short), mp.ErrTimeout)
		p := run(t, func(c *mp.Condition) {
			panicOn(c.Lock())
			panicOn(c.Notify())
			panicOn(c.Unlock())
		}, c)
		ok(t, c.WaitTimeout(generous))
		ends(t, p)
		ok(t, c.Unlock())

		out, _ := captured(t)
		ready := mp.NewSemaphore(0)
		p = run(t, func(c *mp.Condition, ready *mp.Semaphore) {
			panicOn(c.Lock())
			panicOn(ready.Release())
			fmt.Println(errors.Is(c.Wait(), mp.ErrInterrupted))
		}, c, ready)
		ok(t, ready.AcquireTimeout(generous))
		ok(t, syscall.Kill(p.PID(), syscall.SIGINT))
		equal(t, "exit code", join(t, p), 1)
		equal(t, "the wait was interrupted", out(), "true\n")
	})
}

func TestEvent(t *testing.T) {
	conform(t, "_TestEvent.test_event", func(t *testing.T) {
		e := mp.NewEvent()
		equal(t, "at first", e.IsSet(), false)
		is(t, e.WaitTimeout(0), mp.ErrTimeout)
		is(t, e.WaitTimeout(short), mp.ErrTimeout)
		e.Set()
		equal(t, "after Set", e.IsSet(), true)
		ok(t, e.Wait())
		ok(t, e.WaitTimeout(short))
		e.Clear()
		p := daemon(t, func(e *mp.Event) { e.Set() }, e)
		ok(t, e.WaitTimeout(generous))
		ends(t, p)
	})
	conform(t, "_TestEvent.test_repr", func(t *testing.T) {
		var e any = mp.NewEvent()
		describe := func() string { return e.(interface{ String() string }).String() }
		if s := describe(); !strings.Contains(s, "unset") {
			t.Error(s)
		}
		e.(*mp.Event).Set()
		if s := describe(); strings.Contains(s, "unset") || !strings.Contains(s, "set") {
			t.Error(s)
		}
		e.(*mp.Event).Clear()
		if s := describe(); !strings.Contains(s, "unset") {
			t.Error(s)
		}
	})
}

// parties is how many meet at the barriers.
const parties = 5

// together calls f in this process and in parties − 1 others.
func together(t *testing.T, f any, args ...any) {
	t.Helper()
	var all []*mp.Process
	for range parties - 1 {
		all = append(all, daemon(t, f, args...))
	}
	values := make([]reflect.Value, len(args))
	for i, arg := range args {
		values[i] = reflect.ValueOf(arg)
	}
	func() {
		defer func() {
			if v := recover(); v != nil {
				t.Errorf("in this process: %v", v)
			}
		}()
		reflect.ValueOf(f).Call(values)
	}()
	ends(t, all...)
}

func lockstep(b *mp.Barrier, before, after *mp.Value[int], passes int) {
	for i := range passes {
		before.Add(1)
		if after.Get() != i*parties {
			panic("somebody is ahead")
		}
		try(b.Wait())
		after.Add(1)
		if before.Get() != (i+1)*parties {
			panic("somebody is behind")
		}
		try(b.Wait())
	}
	if b.NWaiting() != 0 || b.Broken() {
		panic("the barrier is not as at first")
	}
}

// counters makes n counters.
func counters(n int) []*mp.Value[int] {
	all := make([]*mp.Value[int], n)
	for i := range all {
		all[i] = mp.NewValue(0)
	}
	return all
}

func TestBarrier(t *testing.T) {
	for method, passes := range map[string]int{"_TestBarrier.test_barrier": 1, "_TestBarrier.test_barrier_10": 10} {
		conform(t, method, func(t *testing.T) {
			together(t, lockstep, mp.NewBarrier(parties), mp.NewValue(0), mp.NewValue(0), passes)
		})
	}
	conform(t, "_TestBarrier.test_wait_return", func(t *testing.T) {
		seen := mp.NewArray[int](parties)
		together(t, func(b *mp.Barrier, seen *mp.Array[int]) { seen.Add(try(b.Wait()), 1) }, mp.NewBarrier(parties), seen)
		for i, n := range seen.Slice() {
			if n != 1 {
				t.Errorf("place %d was given %d times", i, n)
			}
		}
	})
	conform(t, "_TestBarrier.test_action", func(t *testing.T) {
		var calls int
		own := mp.NewBarrier(1, func() { calls++ })
		try(own.Wait())
		try(own.Wait())
		equal(t, "calls of the action", calls, 2)

		out, _ := captured(t)
		b := mp.NewBarrier(parties, func() { fmt.Println("acted") })
		var all []*mp.Process
		for range parties {
			all = append(all, daemon(t, func(b *mp.Barrier) { try(b.Wait()) }, b))
		}
		ends(t, all...)
		equal(t, "what the action of one of the processes wrote", out(), "acted\n")
	})
	conform(t, "_TestBarrier.test_abort", func(t *testing.T) {
		b, passed, broken := mp.NewBarrier(parties), mp.NewValue(0), mp.NewValue(0)
		together(t, abort, b, passed, broken)
		equal(t, "passed", passed.Get(), 0)
		equal(t, "met a broken barrier", broken.Get(), parties-1)
		equal(t, "broken", b.Broken(), true)
	})
	conform(t, "_TestBarrier.test_reset", func(t *testing.T) {
		n := counters(3)
		together(t, func(b *mp.Barrier, passed, broken, again *mp.Value[int]) {
			if try(b.Wait()) == parties/2 {
				for b.NWaiting() < parties-1 {
					time.Sleep(time.Millisecond)
				}
				panicOn(b.Reset())
			} else if _, err := b.Wait(); err == nil {
				passed.Add(1)
			} else if errors.Is(err, mp.ErrBrokenBarrier) {
				broken.Add(1)
			}
			try(b.Wait())
			again.Add(1)
		}, mp.NewBarrier(parties), n[0], n[1], n[2])
		equal(t, "passed", n[0].Get(), 0)
		equal(t, "freed by the reset", n[1].Get(), parties-1)
		equal(t, "passed after it", n[2].Get(), parties)
	})
	conform(t, "_TestBarrier.test_abort_and_reset", func(t *testing.T) {
		n := counters(3)
		together(t, func(b, other *mp.Barrier, passed, broken, again *mp.Value[int]) {
			abort(b, passed, broken)
			if try(other.Wait()) == parties/2 {
				panicOn(b.Reset())
			}
			try(other.Wait())
			try(b.Wait())
			again.Add(1)
		}, mp.NewBarrier(parties), mp.NewBarrier(parties), n[0], n[1], n[2])
		equal(t, "passed", n[0].Get(), 0)
		equal(t, "met a broken barrier", n[1].Get(), parties-1)
		equal(t, "passed after the reset", n[2].Get(), parties)
	})
	conform(t, "_TestBarrier.test_timeout", func(t *testing.T) {
		broken := mp.NewValue(0)
		together(t, func(b *mp.Barrier, broken *mp.Value[int]) {
			if try(b.Wait()) == parties/2 {
				for broken.Get() < parties-1 { // one is late
					time.Sleep(time.Millisecond)
				}
			}
			if _, err := b.WaitTimeout(2 * short); errors.Is(err, mp.ErrBrokenBarrier) || errors.Is(err, mp.ErrTimeout) {
				broken.Add(1)
			}
		}, mp.NewBarrier(parties), broken)
		equal(t, "met a broken barrier", broken.Get(), parties)
	})
	conform(t, "_TestBarrier.test_single_thread", func(t *testing.T) {
		b := mp.NewBarrier(1)
		for range 2 {
			if place, err := b.Wait(); place != 0 || err != nil {
				t.Errorf("place %d, %v", place, err)
			}
		}
	})
	conform(t, "_TestBarrier.test_thousand", func(t *testing.T) {
		passes := 200
		if testing.Short() {
			passes = 20
		}
		r, w := mp.NewOneWayPipe()
		b := mp.NewBarrier(parties)
		var all []*mp.Process
		for range parties {
			all = append(all, run(t, func(b *mp.Barrier, passes int, w *mp.Conn) {
				for i := range passes {
					try(b.Wait())
					panicOn(w.Send(i))
				}
			}, b, passes, w))
		}
		for i := range passes {
			for range parties {
				if got := receive[int](t, r); got != i {
					t.Fatalf("a process is at %d while the first is at %d", got, i)
				}
			}
		}
		ends(t, all...)
	})
}

// abort passes the barrier once; then one party aborts it.
func abort(b *mp.Barrier, passed, broken *mp.Value[int]) {
	place, err := b.Wait()
	if err == nil && place == parties/2 {
		panicOn(b.Abort())
		return
	}
	if err == nil {
		_, err = b.Wait()
	}
	if errors.Is(err, mp.ErrBrokenBarrier) {
		broken.Add(1)
	} else {
		panicOn(err)
		passed.Add(1)
	}
}
