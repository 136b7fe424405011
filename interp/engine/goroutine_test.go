package engine

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// TestGoroutineLabels checks what goroutine.go relies on: the record of a
// goroutine is one of runtime/pprof's label maps, which goroutines inherit.
func TestGoroutineLabels(t *testing.T) {
	if Current() != nil {
		t.Fatal("a goroutine of no cell has a record")
	}
	c := NewCell(7, nil, nil)
	var own, inherited, others *Goroutine
	var profile strings.Builder
	done := make(chan struct{})
	c.Run(func() {
		own = Current()
		child := make(chan struct{})
		go func() { inherited = Current(); close(child) }()
		<-child
		// The profile shows labels as runtime/pprof reads them.
		if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
			t.Error(err)
		}
		pprof.Do(context.Background(), pprof.Labels(strings.Clone(labelKey), "In [7]"), func(context.Context) { others = Current() })
	}, func(g *Goroutine, value any) {
		if value != nil {
			t.Errorf("the goroutine panicked: %v", value)
		}
		close(done)
	})
	<-done
	if own == nil || own.Cell != c || inherited != own {
		t.Errorf("records: own %p, inherited %p; want one of the cell", own, inherited)
	}
	if others != nil {
		t.Error("labels of the program itself were taken for a record")
	}
	if want := `"` + labelKey + `":"In [7]"`; !strings.Contains(profile.String(), want) {
		t.Errorf("the goroutine profile lacks %s:\n%s", want, profile.String())
	}
}

func TestStopEndsGoroutinesAndRunsDefers(t *testing.T) {
	c := NewCell(1, nil, nil)
	deferred := make(chan struct{})
	ended := make(chan any, 1)
	running := make(chan struct{})
	c.Run(func() {
		defer close(deferred)
		defer func() { _ = recover() }() // swallows nothing
		close(running)
		for {
			c.Check()
		}
	}, func(_ *Goroutine, value any) { ended <- value })
	<-running
	c.Stop(context.Canceled)
	<-deferred
	if value := await(t, ended); value != (Goexit{}) {
		t.Errorf("the goroutine ended with %v", value)
	}
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came in 30 s")
		panic("unreachable")
	}
}
