package compiled

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/stdlib"
)

// A notebook runs cells in one session.
type notebook struct {
	t       *testing.T
	checker *check.Session
	e       *Engine
	count   int

	cells []*engine.Cell
	lines chan string // what println wrote
}

func newNotebook(t *testing.T, options Options) *notebook {
	t.Helper()
	importer, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := check.New(importer, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	n := &notebook{t: t, checker: checker, lines: make(chan string, 1000)}
	options.Print = func(p []byte) { n.lines <- strings.TrimSuffix(string(p), "\n") }
	if n.e, err = New(importer, checker.Fset, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.end)
	return n
}

// end stops all cells. Nothing may go on on their behalf: the next notebook's
// engine would wait for it.
func (n *notebook) end() {
	for _, c := range n.cells {
		c.Stop(context.Canceled)
	}
	http.DefaultClient.CloseIdleConnections()
	limit := time.After(30 * time.Second)
	for engine.Goroutines() > 0 {
		select {
		case <-limit:
			n.t.Errorf("%d goroutines of stopped cells go on", engine.Goroutines())
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// A running is a cell that was started.
type running struct {
	n    *notebook
	cell *engine.Cell
	// ended gets how the goroutine of the statements ended, panicked how others did.
	ended, panicked chan ending
}

type ending struct {
	g     *engine.Goroutine
	value any
}

func (n *notebook) start(code string) *running {
	n.t.Helper()
	n.count++
	u, err := n.checker.Check(n.count, code)
	if err != nil {
		n.t.Fatal(err)
	}
	p, err := n.e.Load(n.count, u)
	if err != nil {
		n.t.Fatal(err)
	}
	u.Commit()
	r := &running{n: n, ended: make(chan ending, 1), panicked: make(chan ending, 100)}
	r.cell = engine.NewCell(n.count, discard{}, func(g *engine.Goroutine, v any) {
		r.panicked <- ending{g, v}
		r.cell.Stop(fmt.Errorf("a goroutine panicked"))
	})
	n.cells = append(n.cells, r.cell)
	r.cell.Run(p.Run, func(g *engine.Goroutine, v any) { r.ended <- ending{g, v} })
	return r
}

// run runs a cell that succeeds.
func (n *notebook) run(code string) {
	n.t.Helper()
	r := n.start(code)
	if e := await(n.t, r.ended); e.value != nil {
		n.t.Fatalf("%s\nended with %v, stopped by %v", code, e.value, r.cell.Cause())
	}
}

// fails runs a cell that is stopped, and returns why.
func (n *notebook) fails(code string) error {
	n.t.Helper()
	r := n.start(code)
	if e := await(n.t, r.ended); e.value != (engine.Goexit{}) {
		n.t.Fatalf("%s\nended with %v", code, e.value)
	}
	return r.cell.Cause()
}

// panics runs a cell that panics, and returns the text.
func (n *notebook) panics(code string) string {
	n.t.Helper()
	e := await(n.t, n.start(code).ended)
	if e.value == nil || e.value == (engine.Goexit{}) {
		n.t.Fatalf("%s\nended with %v", code, e.value)
	}
	return n.e.PanicText(e.g, e.value)
}

// says awaits a line of println.
func (n *notebook) says(want string) {
	n.t.Helper()
	if got := await(n.t, n.lines); got != want {
		n.t.Errorf("the cell says %q, want %q", got, want)
	}
}
