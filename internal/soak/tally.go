package main

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"sync"
)

// A tally counts what happened. Its methods may be called from any goroutine.
type tally struct {
	out io.Writer

	mu     sync.Mutex
	counts map[string]int
	lost   int // messages and lines that never came
	faults int
}

func newTally(out io.Writer) *tally { return &tally{out: out, counts: map[string]int{}} }

// add counts n more of what.
func (t *tally) add(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what] += n
}

func (t *tally) count(what string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[what]
}

func (t *tally) names() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.counts))
}

func (t *tally) bad() (lost, faults int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lost, t.faults
}

// shown is how many faults are printed; all are counted.
const shown = 50

// fault notes that something is not as it must be.
func (t *tally) fault(who, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults++
	if t.faults <= shown {
		fmt.Fprintf(t.out, "FAULT %s: %s\n", who, fmt.Sprintf(format, args...))
	}
}

// lose notes that n messages or lines did not come.
func (t *tally) lose(who string, n int, format string, args ...any) {
	t.mu.Lock()
	t.lost += n
	t.mu.Unlock()
	t.fault(who, "lost: "+format, args...)
}

// A scope is somebody to whom faults are put down, and what is to be closed
// after it. It is the kerneltest.T of a front end; Fatal ends its goroutine.
type scope struct {
	tally *tally
	who   string

	mu     sync.Mutex
	ending bool // what goes wrong from here on is what ending is
	undo   []func()
}

func (s *scope) Helper() {}

func (s *scope) Cleanup(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undo = append(s.undo, f)
}

// end closes everything, last first.
func (s *scope) end() {
	s.mu.Lock()
	undo := s.undo
	s.undo, s.ending = nil, true
	s.mu.Unlock()
	for _, f := range slices.Backward(undo) {
		f()
	}
}

// quit has errors count no longer: the other side is about to go.
func (s *scope) quit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
}

func (s *scope) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}

func (s *scope) Errorf(format string, args ...any) {
	if !s.over() {
		s.tally.fault(s.who, format, args...)
	}
}

func (s *scope) Fatal(args ...any) { s.Fatalf("%s", fmt.Sprint(args...)) }

func (s *scope) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}
