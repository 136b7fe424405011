//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// locker is what a test needs of any lock.
type locker interface {
	Lock() error
	TryLock() bool
	LockTimeout(time.Duration) error
	LockContext(context.Context) error
	Unlock() error
}

// within fails the test if f does not return.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(generous):
		t.Fatalf("%s does not end", what)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holdLock takes a lock, says so, and waits to be killed.
func holdLock(l *mp.Lock, r *mp.RLock, v *mp.Value[int], held *mp.Event) {
	switch {
	case l != nil:
		l.Lock()
	case r != nil:
		r.Lock()
	default:
		v.Lock()
	}
	held.Set()
	time.Sleep(time.Hour)
}

func TestLockOfAKilledProcess(t *testing.T) {
	for _, kind := range []string{"Lock", "RLock", "Value"} {
		t.Run(kind, func(t *testing.T) {
			_, _, stderr := inCell(t, context.Background())
			var l *mp.Lock
			var r *mp.RLock
			var v *mp.Value[int]
			var any locker
			switch kind {
			case "Lock":
				l = mp.NewLock()
				any = l
			case "RLock":
				r = mp.NewRLock()
				any = r
			default:
				v = mp.NewValue(1)
				any = v
			}
			kill := func() {
				t.Helper()
				held := mp.NewEvent()
				p := mp.NewProcess(holdLock, l, r, v, held)
				noError(t, p.Start())
				noError(t, held.WaitTimeout(generous))
				if err := any.LockTimeout(60 * time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
					t.Fatalf("locked what another process holds: %v", err)
				}
				noError(t, p.Kill())
				join(t, p)
			}
			kill()
			if err := any.LockTimeout(generous); !errors.Is(err, mp.ErrOwnerDied) {
				t.Fatalf("LockTimeout: %v, want ErrOwnerDied", err)
			}
			noError(t, any.Unlock())
			kill()
			within(t, "Lock", func() { noError(t, any.Lock()) })
			if line := stderr.line(t, 0); !strings.Contains(line, "ended while it held") {
				t.Errorf("the cell was told %q", line)
			}
			noError(t, any.Unlock())
			if err := any.Unlock(); err == nil {
				t.Error("released what nobody holds")
			}
		})
	}
}

func TestLockIsInterrupted(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	inCell(t, ctx)
	l := mp.NewLock()
	noError(t, l.Lock())
	result := make(chan error, 1)
	go func() { result <- l.Lock() }()
	cancel(interrupted)
	within(t, "Lock", func() {
		if err := <-result; err != interrupted {
			t.Errorf("got %v", err)
		}
	})
	own, stop := context.WithCancel(context.Background())
	testHost.cell.Store(nil)
	stop()
	if err := l.LockContext(own); !errors.Is(err, context.Canceled) {
		t.Errorf("LockContext: %v", err)
	}
	if l.TryLock() {
		t.Error("TryLock took what is held")
	}
}

func TestRLockIsReentrant(t *testing.T) {
	l := mp.NewRLock()
	for range 3 {
		noError(t, l.Lock())
	}
	if !l.TryLock() {
		t.Error("the owner may not enter")
	}
	within(t, "the other goroutine", func() {
		if l.TryLock() {
			t.Error("another goroutine entered")
		}
	})
	for range 4 {
		noError(t, l.Unlock())
	}
	if err := l.Unlock(); err == nil {
		t.Error("released too often")
	}
}

// Anybody may release a Lock (CPython: the same).
func unlock(l *mp.Lock) {
	if err := l.Unlock(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func TestLockReleasedByAnother(t *testing.T) {
	l := mp.NewLock()
	noError(t, l.Lock())
	p := mp.NewProcess(unlock, l)
	noError(t, p.Start())
	if code := join(t, p); code != 0 || !l.TryLock() {
		t.Errorf("exit code %d, and the lock is still held", code)
	}
}

func TestUnmadeObjects(t *testing.T) {
	c, _, _ := inCell(t, context.Background())
	var l mp.Lock
	var s mp.Semaphore
	var e mp.Event
	var v mp.Value[int]
	for what, err := range map[string]error{
		"Lock": l.Lock(), "Unlock": l.Unlock(), "Acquire": s.Acquire(), "Event": e.Wait(), "Value": v.Lock(),
		"Semaphore": mp.NewSemaphore(-1).Acquire(), "Barrier": mp.NewBarrier(0).Abort(), "Array": mp.NewArray[int](-1).Err(),
		"string": mp.NewValue("x").Err(), "pointers": mp.NewArray[*int](1).Lock(),
		"start": mp.NewProcess(unlock, &l).Start(),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	for what, f := range map[string]func(){
		"TryLock": func() { l.TryLock() }, "Set": e.Set, "Get": func() { v.Get() }, "Add": func() { mp.NewValue(true).Add(true) },
		"At": func() { mp.NewArray[string](2).At(1) }, "Parties": func() { mp.NewBarrier(-1).Parties() },
	} {
		c.failed.Store(nil)
		f()
		if c.failed.Load() == nil {
			t.Errorf("%s did not fail the cell", what)
		}
	}
}

func TestSemaphore(t *testing.T) {
	s := mp.NewSemaphore(2)
	noError(t, s.Acquire())
	noError(t, s.AcquireTimeout(time.Second))
	if s.TryAcquire() || s.Value() != 0 {
		t.Error("a third of two permits")
	}
	if err := s.AcquireTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Errorf("got %v", err)
	}
	noError(t, s.Release(5))
	if s.Value() != 5 {
		t.Errorf("%d permits, want 5", s.Value())
	}
	b := mp.NewBoundedSemaphore()
	if err := b.Release(); err == nil {
		t.Error("a bounded semaphore has more permits than in the beginning")
	}
	noError(t, b.Acquire())
	noError(t, b.Release())
	if b.Value() != 1 {
		t.Errorf("%d permits, want 1", b.Value())
	}
}

func give(s *mp.Semaphore, b *mp.BoundedSemaphore) {
	s.Release(3)
	b.Release()
	if b.Release() == nil {
		os.Exit(3)
	}
}

func TestSemaphoreBetweenProcesses(t *testing.T) {
	s, b := mp.NewSemaphore(0), mp.NewBoundedSemaphore(1)
	noError(t, b.Acquire())
	p := mp.NewProcess(give, s, b)
	noError(t, p.Start())
	for range 3 {
		noError(t, s.AcquireTimeout(generous))
	}
	if code := join(t, p); code != 0 {
		t.Errorf("the bound does not hold in the child: exit code %d", code)
	}
	if !b.TryAcquire() {
		t.Error("the permit of the child did not arrive")
	}
}

// holdPermits takes all permits and waits to be killed.
func holdPermits(b *mp.BoundedSemaphore, held *mp.Event) {
	for b.TryAcquire() {
	}
	held.Set()
	time.Sleep(time.Hour)
}

func TestPermitsOfAKilledProcess(t *testing.T) {
	inCell(t, context.Background())
	b, held := mp.NewBoundedSemaphore(2), mp.NewEvent()
	p := mp.NewProcess(holdPermits, b, held)
	noError(t, p.Start())
	noError(t, held.WaitTimeout(generous))
	if err := b.AcquireTimeout(100 * time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Fatalf("took a permit of a living process: %v", err)
	}
	noError(t, p.Kill())
	join(t, p)
	for range 2 {
		noError(t, b.AcquireTimeout(generous))
	}
	noError(t, b.Release(2))
	if b.Release() == nil {
		t.Error("there are more permits than in the beginning")
	}
}

func awaitEvent(e, ready *mp.Event) {
	ready.Set()
	if e.WaitTimeout(generous) != nil {
		os.Exit(3)
	}
}

func TestEvent(t *testing.T) {
	e := mp.NewEvent()
	if err := e.WaitTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) || e.IsSet() {
		t.Errorf("a new event: %v", err)
	}
	var all []*mp.Process
	for range 2 {
		ready := mp.NewEvent()
		p := mp.NewProcess(awaitEvent, e, ready)
		noError(t, p.Start())
		noError(t, ready.WaitTimeout(generous))
		all = append(all, p)
	}
	e.Set()
	e.Set()
	for _, p := range all {
		if code := join(t, p); code != 0 {
			t.Errorf("a waiter ended with %d", code)
		}
	}
	noError(t, e.Wait())
	e.Clear()
	if e.IsSet() {
		t.Error("Clear left the event set")
	}
	// Set and cleared at once, it still wakes those that waited.
	waiting := make(chan error)
	for range 5 {
		go func() { waiting <- e.WaitTimeout(generous) }()
	}
	for n := 0; n < 5; {
		select {
		case err := <-waiting:
			noError(t, err)
			n++
		default:
			e.Set()
			e.Clear()
		}
	}
}
