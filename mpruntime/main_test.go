//go:build unix

package mpruntime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/spawn"
	mp "cuaderno/mpruntime"
)

// generous bounds the wait for an event that comes at once.
const generous = 30 * time.Second

// TestMain is also the helper, and a MainProcess that a test may kill.
func TestMain(m *testing.M) {
	// A binary with the race detector sleeps a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	switch {
	case len(os.Args) > 1 && os.Args[1] == mp.ChildArgument:
		os.Exit(mp.Main(nil))
	case len(os.Args) == 3 && os.Args[1] == "main":
		_, lifeline, err := spawn.Inherited()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(99)
		}
		spawn.Watch(lifeline, spawn.KillGroup)
		if err := mp.Install(mp.NewProgramHost(lifeline)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(98)
		}
		call(os.Args[2])
		mp.Shutdown(context.Background())
		os.Exit(0)
	}
	if err := mp.Install(testHost); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	mp.Shutdown(ctx)
	cancel()
	os.Exit(code)
}

// function is what a process of a name does; its result is the exit code.
type function func(ctx context.Context, args []string) int

// call is the target that calls one of functions.
func call(name string, args ...string) {
	if code := functions()[name](mp.CellContext(), args); code != 0 {
		os.Exit(code)
	}
}

// named makes a process that calls one of functions.
func named(name string, args ...any) *mp.Process {
	return mp.NewProcess(call, append([]any{name}, args...)...)
}

// host is that of compiled programs, with cells that tests can change.
type host struct {
	mp.Host
	cell   atomic.Pointer[cell]
	broken atomic.Bool // Command names no program
}

var testHost = &host{Host: mp.NewProgramHost(nil)}

func (h *host) Cell() mp.Cell {
	if c := h.cell.Load(); c != nil {
		return c
	}
	return ownCell
}

func (h *host) Command() (mp.Command, error) {
	command, err := h.Host.Command()
	if h.broken.Load() {
		command.Path = "/nowhere/at/all"
	}
	return command, err
}

// cell collects what children write.
type cell struct {
	ctx      context.Context
	out, err io.Writer
	failed   atomic.Pointer[error]
}

var ownCell = &cell{ctx: context.Background(), out: os.Stdout, err: os.Stderr}

func (c *cell) Stdout() io.Writer        { return c.out }
func (c *cell) Stderr() io.Writer        { return c.err }
func (c *cell) Context() context.Context { return c.ctx }
func (c *cell) Fail(err error)           { c.failed.Store(&err) }
func (c *cell) Note(err error)           { fmt.Fprintln(c.err, err) }

// record collects an output.
type record struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	pieces []string
	got    chan struct{} // one token when something new came
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	r.buf.Write(p)
	r.pieces = append(r.pieces, string(p))
	r.mu.Unlock()
	select {
	case r.got <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// line awaits the n-th line, counted from 0.
func (r *record) line(t *testing.T, n int) string {
	t.Helper()
	limit := time.After(generous)
	for {
		if s := r.String(); strings.Count(s, "\n") > n {
			return strings.Split(s, "\n")[n]
		}
		select {
		case <-r.got:
		case <-limit:
			t.Fatalf("line %d did not come, only %q", n, r.String())
		}
	}
}

// inCell makes a new cell the current one for the rest of the test.
func inCell(t *testing.T, ctx context.Context) (c *cell, out, errs *record) {
	t.Helper()
	out, errs = &record{got: make(chan struct{}, 1)}, &record{got: make(chan struct{}, 1)}
	c = &cell{ctx: ctx, out: out, err: errs}
	testHost.cell.Store(c)
	t.Cleanup(func() {
		testHost.cell.Store(nil)
		for _, p := range mp.ActiveChildren() {
			p.Kill()
			p.Join()
		}
	})
	return c, out, errs
}

// start starts a process that calls one of functions.
func start(t *testing.T, target string, args ...any) *mp.Process {
	t.Helper()
	p := named(target, args...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// join joins with a limit and returns the exit code.
func join(t *testing.T, p *mp.Process) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	defer cancel()
	if err := p.JoinContext(ctx); err != nil {
		t.Fatalf("joining %s: %v", p.Name, err)
	}
	code, ended := p.ExitCode()
	if !ended || p.IsAlive() {
		t.Fatalf("%s joined, and still: ended %v, alive %v", p.Name, ended, p.IsAlive())
	}
	return code
}

// gone reports whether a process has ended; a zombie has.
func gone(pid int) bool {
	if runtime.GOOS != "linux" {
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// awaitGone awaits the end of a process that is not our child.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for limit := time.Now().Add(generous); !gone(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}
