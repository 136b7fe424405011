//go:build unix

package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// generous bounds the wait for what comes at once, short is the time after which
// a wait for what does not come gives up.
const (
	generous = 30 * time.Second
	short    = 20 * time.Millisecond
)

// TestMain is what main does in a program: the processes of the tests are
// instances of the test binary.
func TestMain(m *testing.M) {
	// A binary with the race detector sleeps a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if os.Getenv(programVariable) == forkBomb {
		os.Exit(bomb())
	}
	run := m.Run
	if program, ok := programs()[os.Getenv(programVariable)]; ok {
		run = program
	}
	os.Exit(mp.Main(run))
}

// conform runs the counterpart of one of CPython's test methods.
func conform(t *testing.T, method string, test func(t *testing.T)) {
	t.Helper()
	t.Run(method, func(t *testing.T) {
		t.Cleanup(func() {
			for _, p := range mp.ActiveChildren() {
				p.Kill()
				p.Join()
			}
		})
		test(t)
	})
}

// own runs a test of what CPython's have no counterpart for.
func own(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	conform(t, name, test)
}

// captured returns what processes that are started from now on have written so
// far.
func captured(t *testing.T) (stdout, stderr func() string) {
	t.Helper()
	read := func(stream **os.File) func() string {
		f, err := os.CreateTemp(t.TempDir(), "")
		ok(t, err)
		before := *stream
		*stream = f
		t.Cleanup(func() { *stream = before; f.Close() })
		return func() string {
			text, err := os.ReadFile(f.Name())
			ok(t, err)
			return string(text)
		}
	}
	return read(&os.Stdout), read(&os.Stderr)
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

// ok fails the test at once if there is an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test if err does not wrap want.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// refused fails the test if there is no error.
func refused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
}

// panics fails the test if f does not panic.
func panics(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// run starts a process.
func run(t *testing.T, target any, args ...any) *mp.Process {
	t.Helper()
	p := mp.NewProcess(target, args...)
	ok(t, p.Start())
	return p
}

// daemon starts a daemon.
func daemon(t *testing.T, target any, args ...any) *mp.Process {
	t.Helper()
	p := mp.NewProcess(target, args...)
	p.Daemon = true
	ok(t, p.Start())
	return p
}

// ends joins processes that end without a complaint.
func ends(t *testing.T, processes ...*mp.Process) {
	t.Helper()
	for _, p := range processes {
		if code := join(t, p); code != 0 {
			t.Errorf("%s: exit code %d", p.Name, code)
		}
	}
}

// panicOn is for children: an error ends them with a traceback.
func panicOn(err error) {
	if err != nil {
		panic(err)
	}
}

// try is panicOn with a value.
func try[T any](v T, err error) T {
	panicOn(err)
	return v
}

// receive receives a T, with a limit.
func receive[T any](t *testing.T, c *mp.Conn) T {
	t.Helper()
	v, err := c.RecvTimeout(generous)
	ok(t, err)
	x, fits := v.(T)
	if !fits && v != nil {
		t.Fatalf("received a %T: %v", v, v)
	}
	return x
}

// eventually awaits a condition that no event announces.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(generous); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, generous)
		}
	}
}

// stays checks that something does not become true while there is time for it.
func stays(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 5 {
		if !holds() {
			t.Fatalf("not any more: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// delay is what a slow sender waits before its i-th message.
func delay(i int) { time.Sleep(time.Duration(i) * time.Millisecond) }

// forever is a target that ends only when it is ended.
func forever() { select {} }

// onLinux skips what is looked up in /proc.
func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has /proc")
	}
}

// openFiles counts the descriptors of this process.
func openFiles() int { return len(try(os.ReadDir("/proc/self/fd"))) }

// gone reports whether a process has ended; a zombie has.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// systemChildren returns the pids of the processes whose parent is this one.
func systemChildren(t *testing.T) (pids []int) {
	t.Helper()
	onLinux(t)
	entries, err := os.ReadDir("/proc")
	ok(t, err)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 && fields[0] != "Z" && fields[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, pid)
		}
	}
	return pids
}
