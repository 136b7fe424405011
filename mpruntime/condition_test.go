//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// consume takes tokens until it gets the last, -1.
func consume(c *mp.Condition, tokens, taken *mp.Value[int]) {
	for {
		c.Lock()
		if c.WaitForTimeout(func() bool { return tokens.Get() != 0 }, generous) != nil {
			os.Exit(3)
		}
		if tokens.Get() < 0 {
			c.Unlock()
			return
		}
		tokens.Set(tokens.Get() - 1)
		taken.Set(taken.Get() + 1)
		c.Unlock()
	}
}

func TestCondition(t *testing.T) {
	for _, lock := range []mp.Locker{mp.NewLock(), mp.NewRLock()} {
		c, tokens, taken := mp.NewCondition(lock), mp.NewValue(0), mp.NewValue(0)
		if c.Notify() == nil || c.Wait() == nil {
			t.Error("a condition was used without its lock")
		}
		var all []*mp.Process
		for range 2 {
			p := mp.NewProcess(consume, c, tokens, taken)
			noError(t, p.Start())
			all = append(all, p)
		}
		for range 500 {
			noError(t, c.Lock())
			tokens.Set(tokens.Get() + 1)
			noError(t, c.Notify())
			noError(t, c.Unlock())
		}
		within(t, "consuming", func() {
			for {
				c.Lock()
				left := tokens.Get()
				if left == 0 {
					tokens.Set(-1)
					c.NotifyAll()
				}
				c.Unlock()
				if left == 0 {
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
		for _, p := range all {
			if code := join(t, p); code != 0 {
				t.Errorf("exit code %d", code)
			}
		}
		if taken.Get() != 500 {
			t.Errorf("%d of 500 tokens were taken", taken.Get())
		}
	}
}

func TestConditionTimeoutKeepsTheLock(t *testing.T) {
	l := mp.NewRLock()
	c := mp.NewCondition(l)
	for range 2 {
		noError(t, l.Lock())
	}
	if err := c.WaitTimeout(10 * time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		noError(t, l.Unlock())
	}
	if l.Unlock() == nil {
		t.Error("the lock came back deeper than it was")
	}
}

func waitForNotification(c *mp.Condition, waiting *mp.Semaphore) {
	c.Lock()
	waiting.Release() // the lock is free again when it waits
	c.Wait()
	c.Unlock()
}

// The killed waiter is the first in the row; what it is told must not be lost.
func TestConditionWithAKilledWaiter(t *testing.T) {
	inCell(t, context.Background())
	c, waiting := mp.NewCondition(), mp.NewSemaphore(0)
	start := func() *mp.Process {
		p := mp.NewProcess(waitForNotification, c, waiting)
		noError(t, p.Start())
		noError(t, waiting.AcquireTimeout(generous))
		noError(t, c.Lock()) // it waits now
		noError(t, c.Unlock())
		return p
	}
	first := start()
	second := start()
	noError(t, first.Kill())
	join(t, first)
	noError(t, c.Lock())
	noError(t, c.Notify())
	noError(t, c.Unlock())
	if code := join(t, second); code != 0 {
		t.Errorf("the second waiter ended with %d", code)
	}
}

func TestConditionIsInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	inCell(t, ctx)
	c := mp.NewCondition()
	noError(t, c.Lock())
	go cancel(interrupted)
	within(t, "Wait", func() {
		if err := c.Wait(); err != interrupted && err == nil {
			t.Errorf("got %v", err)
		}
	})
}
