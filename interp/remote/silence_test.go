package remote

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/interp/lang"
)

// keeps returns how many executions the client keeps.
func (c *Client) keeps() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.cells)
}

// TestExecutionsThatAreOverAreForgotten has the session collect its garbage until the
// client keeps nothing of cells and comm messages that nothing can write to.
func TestExecutionsThatAreOverAreForgotten(t *testing.T) {
	c := start(t)
	late := &transcript{}
	if outcome := c.Execute(t.Context(), lang.Cell{Code: "keep"}, late); outcome.Err != nil {
		t.Fatal(outcome.Err)
	}
	for range 500 {
		if outcome := c.Execute(t.Context(), lang.Cell{Code: "out x"}, &transcript{}); outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
		if err := c.Comm(t.Context(), lang.CommMessage{Kind: lang.CommMsg, ID: "nobody"}, &transcript{}); err != nil && err != lang.ErrNoComm {
			t.Fatal(err)
		}
	}
	// The one that is kept, and that of the last collection.
	for deadline := time.Now().Add(time.Minute); c.keeps() > 2; {
		if outcome := c.Execute(t.Context(), lang.Cell{Code: "collect"}, &transcript{}); outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("the client keeps %d executions", c.keeps())
		}
	}
	if outcome := c.Execute(t.Context(), lang.Cell{Code: "late"}, &transcript{}); outcome.Err != nil {
		t.Fatal(outcome.Err)
	}
	if got := late.String(); !strings.Contains(got, "late") {
		t.Errorf("what a cell left running said after its end is lost: %q", got)
	}
}

// TestQueriesEndInTimeWhereTheSessionIsStopped asks a session that reads nothing more
// than its connection can hold.
func TestQueriesEndInTimeWhereTheSessionIsStopped(t *testing.T) {
	c := start(t)
	if err := c.proc.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		ended := make(chan error, 1)
		go func() {
			_, err := c.Complete(ctx, strings.Repeat("x", 1<<20), 0)
			ended <- err
		}()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("a stopped session has answered")
			}
		case <-time.After(time.Minute):
			t.Fatal("a query waits for a stopped session beyond its context")
		}
		cancel()
	}
	if err := c.proc.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Complete(t.Context(), "x", 1); err != nil {
		t.Errorf("after the session goes on: %v", err)
	}
}

// TestACancelledQueryIsGivenUp waits until the session has seen the end of a query
// that nobody waits for.
func TestACancelledQueryIsGivenUp(t *testing.T) {
	c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Inspect(ctx, "hang", 0, 0)
		ended <- err
	}()
	run := func(code string) {
		t.Helper()
		if outcome := c.Execute(t.Context(), lang.Cell{Code: code}, &transcript{}); outcome.Err != nil {
			t.Fatal(outcome.Err)
		}
	}
	run("await hang")
	cancel()
	if err := <-ended; err == nil {
		t.Error("a query that hangs was answered")
	}
	run("await end")
}
