//go:build unix

package mpruntime_test

import (
	"strings"
	"testing"
)

// gate is a writer whose first Write returns when it is opened.
type gate struct {
	*record
	entered, open chan struct{}
	passed        bool
}

func (g *gate) Write(p []byte) (int, error) {
	if !g.passed {
		g.passed = true
		close(g.entered)
		<-g.open
	}
	return g.record.Write(p)
}

func TestJoinWaitsForOutputThatASlowCellHasNotTaken(t *testing.T) {
	c, out, _ := inCell(t, t.Context())
	g := &gate{record: out, entered: make(chan struct{}), open: make(chan struct{})}
	c.out = g
	p := start(t, "lines", "3000") // all of it fits into the pipe
	await(t, g.entered, "the first line")
	awaitGone(t, p.PID())
	if !p.IsAlive() {
		t.Error("ended before its output was delivered")
	}
	close(g.open)
	join(t, p)
	if lines := strings.Split(out.String(), "\n"); len(lines) != 3001 || lines[3000] != "partial" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestJoinHasTheOutputOfEachOfMany(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	for i := range 100 {
		p := start(t, "say", "hola")
		join(t, p)
		if got := strings.Count(out.String(), "hola\n"); got != i+1 {
			t.Fatalf("after %d processes %d lines", i+1, got)
		}
	}
}
