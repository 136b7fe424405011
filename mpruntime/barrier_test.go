//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// meet waits rounds times at a barrier.
func meet(b *mp.Barrier, rounds int, first *mp.Value[int]) {
	for range rounds {
		place, err := b.WaitTimeout(generous)
		if err != nil {
			os.Exit(3)
		}
		if place == 0 {
			first.Add(1)
		}
	}
}

func TestBarrier(t *testing.T) {
	actions := 0
	b, first := mp.NewBarrier(3, func() { actions++ }), mp.NewValue(0)
	if b.Parties() != 3 || b.NWaiting() != 0 || b.Broken() {
		t.Errorf("a new barrier: %d parties, %d waiting, broken %v", b.Parties(), b.NWaiting(), b.Broken())
	}
	within(t, "the barrier", func() {
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { meet(b, 50, first) })
		}
		all.Wait()
	})
	if actions != 50 || first.Get() != 50 {
		t.Errorf("%d actions and %d first places in 50 rounds", actions, first.Get())
	}
}

func TestBarrierBetweenProcesses(t *testing.T) {
	b, first := mp.NewBarrier(3), mp.NewValue(0)
	var all []*mp.Process
	for range 2 {
		p := mp.NewProcess(meet, b, 30, first)
		noError(t, p.Start())
		all = append(all, p)
	}
	within(t, "the barrier", func() { meet(b, 30, first) })
	for _, p := range all {
		if code := join(t, p); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	if first.Get() != 30 {
		t.Errorf("%d first places in 30 rounds", first.Get())
	}
}

func sayComplete() { fmt.Println("complete") }

func TestBarrierActionTravels(t *testing.T) {
	_, out, _ := inCell(t, context.Background())
	b := mp.NewBarrier(2, sayComplete)
	var all []*mp.Process
	for range 2 {
		p := mp.NewProcess(meet, b, 2, mp.NewValue(0))
		noError(t, p.Start())
		all = append(all, p)
	}
	for _, p := range all {
		if code := join(t, p); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	if got := out.String(); got != "complete\ncomplete\n" {
		t.Errorf("two rounds wrote %q", got)
	}
}

func TestBarrierBreaks(t *testing.T) {
	waitBroken := func(t *testing.T, b *mp.Barrier, breakIt func()) {
		t.Helper()
		result := make(chan error, 1)
		go func() {
			_, err := b.Wait()
			result <- err
		}()
		for b.NWaiting() == 0 {
			time.Sleep(time.Millisecond)
		}
		breakIt()
		within(t, "Wait", func() {
			if err := <-result; !errors.Is(err, mp.ErrBrokenBarrier) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("Abort", func(t *testing.T) {
		b := mp.NewBarrier(2)
		waitBroken(t, b, func() { noError(t, b.Abort()) })
		if _, err := b.Wait(); !errors.Is(err, mp.ErrBrokenBarrier) || !b.Broken() {
			t.Errorf("an aborted barrier: %v", err)
		}
		noError(t, b.Reset())
		if b.Broken() {
			t.Error("a reset barrier is broken")
		}
	})
	t.Run("Reset", func(t *testing.T) {
		b := mp.NewBarrier(2)
		waitBroken(t, b, func() { noError(t, b.Reset()) })
		if b.Broken() {
			t.Error("a reset barrier is broken")
		}
		within(t, "the next round", func() {
			var all sync.WaitGroup
			all.Go(func() { b.Wait() })
			if _, err := b.Wait(); err != nil {
				t.Error(err)
			}
			all.Wait()
		})
	})
	t.Run("timeout", func(t *testing.T) {
		b := mp.NewBarrier(3)
		waitBroken(t, b, func() {
			if _, err := b.WaitTimeout(time.Millisecond); !errors.Is(err, mp.ErrBrokenBarrier) {
				t.Errorf("got %v", err)
			}
		})
	})
	t.Run("panic of the action", func(t *testing.T) {
		b := mp.NewBarrier(2, func() { panic("ay") })
		waitBroken(t, b, func() {
			defer func() {
				if recover() != "ay" {
					t.Error("the panic was swallowed")
				}
			}()
			b.Wait()
		})
	})
	t.Run("killed", func(t *testing.T) {
		inCell(t, context.Background())
		b := mp.NewBarrier(3)
		p := mp.NewProcess(meet, b, 1, mp.NewValue(0))
		noError(t, p.Start())
		for b.NWaiting() == 0 {
			time.Sleep(time.Millisecond)
		}
		noError(t, p.Kill())
		join(t, p)
		within(t, "Wait", func() {
			if _, err := b.Wait(); !errors.Is(err, mp.ErrBrokenBarrier) {
				t.Errorf("got %v", err)
			}
		})
	})
}
