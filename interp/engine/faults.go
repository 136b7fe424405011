package engine

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strconv"

	"cuaderno/internal/limits"
)

// This file has the causes for which a cell is stopped because of what it did,
// beside StackOverflow and Exit. Goroutines meet them as they meet an interrupt.

// A Fatal is what the Go runtime ends a process with, found before it does:
// "fatal error: " and Text.
type Fatal struct {
	// G is the goroutine that met the error.
	G    *Goroutine
	Text string
}

func (f *Fatal) Error() string { return "fatal error: " + f.Text }

// A Deadlock stops a cell whose goroutines wait for each other.
type Deadlock struct {
	// Waits are all goroutines of the session, with the calls of each.
	Waits []Wait
}

func (*Deadlock) Error() string { return "fatal error: all goroutines are asleep - deadlock!" }

// A Wait is a goroutine of the notebook that waits.
type Wait struct {
	// State is what for, as in a Go traceback: "chan receive".
	State string
	// Cell has started the goroutine, and Main says that it runs the cell's
	// statements.
	Cell int
	Main bool
	// Calls are the functions that it is in, innermost first.
	Calls []Call
}

// An OutOfMemory stops a cell because the heap of its process passes the limit, or
// the processes of the notebook do together.
type OutOfMemory struct {
	// Limit and Used are in bytes. Used counts what was asked for.
	Limit, Used uint64
	// Processes is how many take Used together, 0 if it is the heap.
	Processes int
}

func (m *OutOfMemory) Error() string {
	if m.Processes > 0 {
		return fmt.Sprintf("out of memory: the %d processes of the notebook take %s together, the limit is %s (--memory, CUADERNO_MEMORY)",
			m.Processes, limits.Size(m.Used), limits.Size(m.Limit))
	}
	return fmt.Sprintf("out of memory: the values need %s, the limit is %s (--memory, CUADERNO_MEMORY)", limits.Size(m.Used), limits.Size(m.Limit))
}

// Goroutines returns how many goroutines belong to cells, those included that
// compiled packages started on their behalf; -1 if it cannot be told. It stops
// the process for an instant.
func Goroutines() int {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return -1
	}
	// A line with the number of goroutines at one place comes before the line with
	// their labels.
	label := []byte(strconv.Quote(labelKey) + ":")
	total, here := 0, 0
	for line := range bytes.Lines(profile.Bytes()) {
		if count, _, ok := bytes.Cut(line, []byte(" @ ")); ok {
			here, _ = strconv.Atoi(string(count))
		} else if bytes.HasPrefix(line, []byte("# labels: ")) && bytes.Contains(line, label) {
			total += here
		}
	}
	return total
}
