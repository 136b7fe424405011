//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/lang"
)

// million is how many lines a flood has in all.
const million = 1_000_000

// checkLines wants lines "WRITER N", from each writer those from 0 on, in order and
// whole, as many in all as there should be.
func checkLines(t *testing.T, text string, writers int) {
	t.Helper()
	next := map[string]int{}
	total := 0
	for line := range strings.Lines(text) {
		who, number, _ := strings.Cut(line, " ")
		if n, err := strconv.Atoi(strings.TrimSuffix(number, "\n")); err != nil || n != next[who] || !strings.HasSuffix(line, "\n") {
			t.Fatalf("after %d lines: line %q, want number %d of %s", total, line, next[who], who)
		}
		next[who]++
		total++
	}
	if total != million || len(next) != writers {
		t.Errorf("%d lines of %d writers, want %d of %d", total, len(next), million, writers)
	}
}

// peak returns the most memory, in MiB, that a process has had.
func peak(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "VmHWM:" {
			n, _ := strconv.Atoi(string(fields[1]))
			return n >> 10
		}
	}
	t.Fatalf("the peak of %d is not told", pid)
	return 0
}

// TestAMillionLines has one goroutine, a hundred, and eight children print a million
// lines: a front end that reads gets them all, and neither the kernel nor the session
// keeps them.
func TestAMillionLines(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(fmt.Sprintf(`
const total = %d
func escribe(quien, n int) {
	for i := range n { fmt.Println(quien, i) }
}`, million))
	for _, test := range []struct {
		name, code string
		writers    int
	}{
		{"the session", "escribe(0, total)", 1},
		{"a hundred goroutines", `
var wg sync.WaitGroup
for g := range 100 { wg.Go(func() { escribe(g, total/100) }) }
wg.Wait()`, 100},
		{"eight children", `
var ps []*mp.Process
for c := range 8 { ps = append(ps, mp.NewProcess(escribe, c, total/8)) }
for _, p := range ps { if err := p.Start(); err != nil { panic(err) } }
for _, p := range ps { if err := p.Join(); err != nil { panic(err) } }`, 8},
	} {
		begin := time.Now()
		e := k.ok(test.code)
		took := time.Since(begin)
		checkLines(t, e.Text("stdout"), test.writers)
		t.Logf("%s: %v, peak of the kernel %d MiB, of the session %d MiB", test.name, took.Round(time.Millisecond), peak(t, k.pid), peak(t, k.group))
	}
	// They print in all about 40 MiB.
	for who, pid := range map[string]int{"kernel": k.pid, "session": k.group} {
		if got := peak(t, pid); got > 256 {
			t.Errorf("the %s had up to %d MiB of memory", who, got)
		}
	}
}

// TestInterruptOfAFlood interrupts cells that print without end.
func TestInterruptOfAFlood(t *testing.T) {
	t.Parallel()
	k := serve(t, "--output", "0")
	for name, code := range map[string]string{
		"the session": "fmt.Println(\"ready\")\nfor i := 0; ; i++ { fmt.Println(i) }",
		"a hundred goroutines": "fmt.Println(\"ready\")\n" +
			"for range 100 { go func() { for i := 0; ; i++ { fmt.Println(i) } }() }\nselect {}",
		"eight children": "for range 8 { mp.NewProcess(func() { for i := 0; ; i++ { fmt.Println(i) } }).Start() }\n" +
			"fmt.Println(\"ready\")\nfor _, p := range mp.ActiveChildren() { p.Join() }",
	} {
		id, _ := k.begin(code)
		begin := time.Now()
		k.interrupt()
		answered := time.Since(begin)
		k.fails(k.Finish(id), lang.Interrupted)
		t.Logf("%s: interrupt answered after %v, idle after %v", name, answered.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
		k.prints("fmt.Println(1)", "1\n")
	}
}
