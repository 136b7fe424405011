//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func TestWait(t *testing.T) {
	inCell(t, t.Context())
	a, b := mp.NewPipe()
	q := mp.NewQueue()
	s := mp.NewSimpleQueue()
	end, child := mp.NewPipe()
	p := startProcess(t, func(c *mp.Conn) { c.Recv() }, child)
	objects := []mp.Waitable{b, q, s, p}
	check := func(what string, want ...mp.Waitable) {
		t.Helper()
		if got := mp.Wait(generous, objects...); !slices.Equal(got, want) {
			t.Errorf("%s: %v are ready", what, got)
		}
	}
	if got := mp.Wait(0, objects...); got != nil {
		t.Errorf("%v are ready at the beginning", got)
	}
	if got := mp.Wait(5*time.Millisecond, objects...); got != nil {
		t.Errorf("%v are ready after a while", got)
	}
	time.AfterFunc(time.Millisecond, func() { a.Send(1) })
	check("after Send", b)
	check("again", b) // nothing was received
	time.AfterFunc(time.Millisecond, func() { b.Recv(); q.Put(1) })
	for mp.Wait(0, q) == nil {
		time.Sleep(time.Millisecond)
	}
	check("after Put", q)
	s.Put(2)
	check("after the second Put", q, s)
	q.Get()
	s.Get()
	time.AfterFunc(time.Millisecond, func() { end.Send("go") })
	check("after the end of the process", p)
	select {
	case <-p.Sentinel():
	default:
		t.Error("the sentinel is open")
	}
	a.Close()
	// A process that is being started may have a's descriptor for a moment.
	if ready := mp.Wait(generous, b); !slices.Equal(ready, []mp.Waitable{b}) {
		t.Errorf("after the end of the pipe: %v are ready", ready)
	}
	check("after the end of the pipe", b, p)
	b.Close()
	check("after Close", b, p)
}

func TestWaitContext(t *testing.T) {
	_, b := mp.NewPipe()
	ctx, cancel := context.WithCancelCause(context.Background())
	cause := errors.New("enough")
	time.AfterFunc(time.Millisecond, func() { cancel(cause) })
	if ready, err := mp.WaitContext(ctx, b); ready != nil || !errors.Is(err, cause) {
		t.Error(ready, err)
	}
	if ready := mp.Wait(0); ready != nil {
		t.Error(ready)
	}
	if _, err := mp.WaitContext(context.Background(), mp.NewProcess(func() {})); err == nil {
		t.Error("waiting for a process that was not started works")
	}
	b.Close()
}

// An object that is closed while somebody waits for it is ready.
func TestWaitForClosed(t *testing.T) {
	_, b := mp.NewPipe()
	time.AfterFunc(2*time.Millisecond, func() { b.Close() })
	if ready := mp.Wait(generous, b); len(ready) != 1 {
		t.Error(ready)
	}
}
