//go:build linux

package faults_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// Package faults_test kills processes at random moments, takes away descriptors
// and memory, and gives wrong arguments, and checks each time that there is a
// clear error where one is due, that nothing waits for ever, that nothing is left
// over and that what comes next works. Those faults that need cells are tested in
// cmd/cuaderno.

// limit bounds the wait for what comes soon.
const limit = 60 * time.Second

// seed makes the moments of an earlier run again, as far as the machine does.
var seed = flag.Uint64("seed", 0, "seed of the random moments; 0 for another one each time")

// programVariable is the environment variable with the name of a program that
// the test binary is to be instead of the tests.
const programVariable = "FAULTS_PROGRAM"

func TestMain(m *testing.M) {
	// A binary with the race detector sleeps a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	run := func() int { return runTests(m) }
	if program, ok := programs()[os.Getenv(programVariable)]; ok {
		run = func() int {
			if err := program(); err != nil {
				fmt.Println(err)
				return 1
			}
			return 0
		}
	}
	os.Exit(mp.Main(run))
}

// runTests gives the tests a directory for temporary files that nobody else uses.
func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faults")
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	return m.Run()
}

// programs are MainProcesses that need the system to be different for them.
func programs() map[string]func() error {
	return map[string]func() error{
		"descriptors": withoutDescriptors,
		"memory":      withoutMemory,
		"everything":  everything,
		"unread":      putUnread,
	}
}

// program returns the command that runs one of programs.
func program(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+name)
	return cmd
}

// runProgram runs a program that must succeed.
func runProgram(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// ok fails the test at once if there is an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test if err does not wrap want.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// must is for children: an error ends them with a traceback.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// start starts a process that the test ends, should it not end by itself.
func start(t *testing.T, target any, args ...any) *mp.Process {
	t.Helper()
	p := mp.NewProcess(target, args...)
	ok(t, p.Start())
	t.Cleanup(func() {
		_ = p.Kill()
		p.JoinTimeout(limit)
	})
	return p
}

// startTelling starts a process whose target takes a connection as its last
// argument, and returns the end at which what it sends arrives.
func startTelling(t *testing.T, target any, args ...any) (p *mp.Process, hears *mp.Conn) {
	t.Helper()
	hears, tells := mp.NewOneWayPipe()
	p = start(t, target, append(args, tells)...)
	ok(t, tells.Close())
	return p, hears
}

// join joins with a limit and returns the exit code.
func join(t *testing.T, p *mp.Process) int {
	t.Helper()
	if !p.JoinTimeout(limit) {
		t.Fatalf("%s does not end", p.Name)
	}
	code, _ := p.ExitCode()
	return code
}

// receive receives a message, with a limit.
func receive(t *testing.T, c *mp.Conn) any {
	t.Helper()
	v, err := c.RecvTimeout(limit)
	ok(t, err)
	return v
}

// within fails the test if f does not return in time.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		f()
	}()
	select {
	case <-returned:
	case <-time.After(limit):
		t.Fatalf("%s does not return", what)
	}
}

// eventually awaits what no event announces.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// A moment is when a process is killed.
type moment struct {
	after  time.Duration
	random *rand.Rand
}

// pass waits until the moment has come.
func (m moment) pass() { time.Sleep(m.after) }

// moments calls f twenty times, each time with another moment up to longest after
// now.
func moments(t *testing.T, longest time.Duration, f func(t *testing.T, m moment)) {
	t.Helper()
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("moments of -seed %d", s)
	random := rand.New(rand.NewPCG(s, 0))
	for range 20 {
		m := moment{time.Duration(random.Int64N(int64(longest))), random}
		f(t, m)
		if t.Failed() {
			t.Fatalf("at %v", m.after)
		}
	}
}

// leavesNothing checks at the end of the test that it has left no process, no
// descriptor and no file.
func leavesNothing(t *testing.T) {
	t.Helper()
	ok(t, fillStock())
	files, named := descriptors(t), namedFiles(t)
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		eventually(t, "the children end", func() bool { return len(mp.ActiveChildren()) == 0 })
		var left map[string]int
		for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			runtime.GC()
			left = descriptors(t)
			if total(left) <= total(files) {
				break
			}
		}
		if total(left) > total(files) {
			t.Errorf("descriptors left over: %v, before %v", left, files)
		}
		for _, p := range children() {
			if p.state == "Z" {
				t.Errorf("process %d was not reaped", p.pid)
			}
		}
		if now := namedFiles(t); !slices.Equal(now, named) {
			t.Errorf("files: %v, before %v", now, named)
		}
	})
}

// fillStock brings the idle helpers, which have descriptors, to their greatest
// number: so descriptors can be compared.
func fillStock() error {
	want := 2 + mp.CPUCount()
	for end := time.Now().Add(limit); ; {
		var started []*mp.Process
		for range want + 2 {
			p := mp.NewProcess(nothing)
			if err := p.Start(); err != nil {
				return err
			}
			started = append(started, p)
		}
		for _, p := range started {
			if err := ended(p); err != nil {
				return err
			}
		}
		for soon := time.Now().Add(5 * time.Second); time.Now().Before(soon); time.Sleep(2 * time.Millisecond) {
			if len(children()) == want && len(mp.ActiveChildren()) == 0 {
				return nil
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("the stock never has %d helpers: %+v", want, children())
		}
	}
}

func nothing() {}

// descriptors counts what this process has open, by kind.
func descriptors(t *testing.T) map[string]int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	ok(t, err)
	kinds := map[string]int{}
	for _, e := range entries {
		if name, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
			kind, _, _ := strings.Cut(name, ":[")
			kinds[kind]++
		}
	}
	return kinds
}

func total(kinds map[string]int) (n int) {
	for count := range maps.Values(kinds) {
		n += count
	}
	return n
}

// namedFiles lists where processes might leave files, without what CPython and
// package testing have there.
func namedFiles(t *testing.T) (names []string) {
	t.Helper()
	for _, dir := range []string{"/dev/shm", os.TempDir()} {
		entries, err := os.ReadDir(dir)
		ok(t, err)
		for _, e := range entries {
			name := e.Name()
			if !strings.HasPrefix(name, "sem.") && !strings.HasPrefix(name, "psm_") && !strings.HasPrefix(name, "Test") {
				names = append(names, name)
			}
		}
	}
	return names
}

// A relative is a process as /proc shows it.
type relative struct {
	pid            int
	state, started string
}

// look reads one process and its parent; ok is false if there is none.
func look(pid int) (p relative, parent int, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, 0, false
	}
	// proc_pid_stat(5): pid (name) state ppid …
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	parent, _ = strconv.Atoi(fields[1])
	return relative{pid, fields[0], fields[19]}, parent, true
}

// children returns the processes whose parent this one is.
func children() (found []relative) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, parent, ok := look(pid); ok && parent == os.Getpid() {
				found = append(found, p)
			}
		}
	}
	return found
}

// over reports whether a process has ended, of whatever parent.
func (p relative) over() bool {
	now, _, ok := look(p.pid)
	return !ok || now.state == "Z" || now.state == "X" || now.started != p.started
}
