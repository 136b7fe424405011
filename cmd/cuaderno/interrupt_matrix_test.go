//go:build linux

package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

var (
	reliabilityPage = flag.String("reliability", "", "measure each state of the interrupt matrix and write its section of this page")
	reliabilityRuns = flag.Int("runs", 5, "how often each state is measured for -reliability")
)

// underway is how long a cell has been at it when the interrupt comes: compiled code
// that it called is well inside.
const underway = 100 * time.Millisecond

// An interruption is how an interrupt of a state ended.
type interruption struct {
	took  time.Duration // from the request to idle
	lines []string      // the traceback, without its first line
}

// interruptIn brings a fresh kernel into a state, interrupts it, and checks what the
// error says and what is left of the session: variables, closures, functions, the
// goroutine of an earlier cell, and what the interrupted cell used.
func interruptIn(t *testing.T, s busyState) interruption {
	t.Helper()
	k := serve(t)
	k.ok(`
import "sync/atomic"
n, vueltas := 1, 0
sube := func() int { n++; return n }
func doble(x int) int { return 2 * x }
var latidos atomic.Int64
go func() { for { latidos.Add(1); time.Sleep(time.Millisecond) } }()`)
	if s.before != "" {
		k.ok(s.before)
	}
	id := k.enter(s)
	if !s.stops {
		time.Sleep(underway)
	}
	begun := time.Now()
	k.interrupt()
	e := k.Finish(id)
	took := time.Since(begun)
	k.fails(e, lang.Interrupted, s.says...)
	lines := strings.Split(strings.TrimSpace(plain(e.Traceback())), "\n")
	k.Forget()
	session := k.session()
	if kept := session == k.group; kept == s.lost {
		t.Errorf("the session was kept: %v, want %v", kept, !s.lost)
	}
	k.group = session
	if s.lost {
		k.prints("fmt.Println(1)", "1\n")
		return interruption{took, lines}
	}
	k.prints("n = 1\nfmt.Println(sube(), doble(n), vueltas >= 0)", "2 4 true\n")
	k.prints("for antes := latidos.Load(); latidos.Load() == antes; { time.Sleep(time.Millisecond) }", "")
	if s.after != "" {
		k.prints(s.after, s.want)
	}
	return interruption{took, lines}
}

// enter starts the cell of a state, and returns when it is there.
func (k *served) enter(s busyState) (id string) {
	k.t.Helper()
	options := kerneltest.Fields{"allow_stdin": s.stdin}
	if s.bare {
		id = k.Code(s.code, options)
		k.Await("execute_input", func(r kerneltest.Received) bool {
			return r.ParentID() == id && r.Header.Type == wire.ExecuteInput
		})
		return id
	}
	id = k.Code("fmt.Println(\"ready\")\n"+s.code, options)
	k.awaitLine(id, cmp.Or(s.ready, "ready"))
	if s.stops {
		stop(k.t, k.group)
	}
	return id
}

// TestInterruptStates interrupts cells in all states that one can be in. With
// -reliability it measures them, one after the other, and writes the page.
func TestInterruptStates(t *testing.T) {
	runs := 1
	if *reliabilityPage != "" {
		runs = *reliabilityRuns
	}
	var rows strings.Builder
	for _, s := range busyStates {
		t.Run(s.name, func(t *testing.T) {
			if *reliabilityPage == "" {
				t.Parallel()
			}
			var took []time.Duration
			var how interruption
			for range runs {
				how = interruptIn(t, s)
				took = append(took, how.took)
			}
			if *reliabilityPage == "" {
				return
			}
			slices.Sort(took)
			fmt.Fprintf(&rows, "| %s | %s | %d | %d | %d | %s |\n", s.name, outcome(s), took[0].Milliseconds(),
				took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds(), said(how.lines))
		})
	}
	if *reliabilityPage != "" && !t.Failed() {
		if err := writeMatrix(*reliabilityPage, rows.String()); err != nil {
			t.Fatal(err)
		}
	}
}

func outcome(s busyState) string {
	if s.lost {
		return "a fresh session"
	}
	return "variables kept"
}

// said is the line of the traceback that says most for the page: what goes on, or
// where the cell was.
func said(lines []string) string {
	for _, line := range lines[1:] {
		if line = strings.TrimSpace(line); line != "" {
			text, _, _ := strings.Cut(line, ":")
			if strings.HasPrefix(line, "In [") {
				text = "names the line"
			}
			return strings.ReplaceAll(text, "|", "\\|")
		}
	}
	return strings.ReplaceAll(lines[0], "|", "\\|")
}

// The section of the page is what stands between these lines.
const (
	matrixStart = "<!-- interrupts: written by make reliability -->\n"
	matrixEnd   = "<!-- end of interrupts -->\n"
)

// writeMatrix replaces the section of a page, or appends it.
func writeMatrix(path, rows string) error {
	page, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the page: %w", err)
	}
	before, rest, found := strings.Cut(string(page), matrixStart)
	_, after, _ := strings.Cut(rest, matrixEnd)
	switch {
	case len(page) == 0:
		before = "# Reliability\n\n"
	case !found:
		before = strings.TrimRight(before, "\n") + "\n\n"
	}
	text := fmt.Sprintf(`## Interrupts

Each state was interrupted %d times, each time in a fresh kernel, over the control channel, %v after the cell had got
there; the time is from the request until the front end has the reply and `+"`idle`"+`, on %d processors. What is kept is
looked at afterwards: variables, a closure, a function, a goroutine of an earlier cell, and what the cell used.
Made by `+"`make reliability`"+`; `+"`TestInterruptStates`"+` checks the outcomes.

| what the cell does | outcome | min ms | median ms | max ms | what the error says |
|---|---|---|---|---|---|
`, *reliabilityRuns, underway, runtime.NumCPU())
	if err := os.WriteFile(path, []byte(before+matrixStart+text+rows+matrixEnd+after), 0o644); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
