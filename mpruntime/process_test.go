//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/spawn"
	mp "cuaderno/mpruntime"
)

func TestProcessKnowsWhoItIs(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := named("who")
	if !strings.HasPrefix(p.Name, "Process-") || p.PID() != 0 || p.IsAlive() {
		t.Errorf("before Start: %q, pid %d, alive %v", p.Name, p.PID(), p.IsAlive())
	}
	if _, ended := p.ExitCode(); ended {
		t.Error("before Start: ended")
	}
	p.Name = "Mi-Proceso"
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if code := join(t, p); code != 0 {
		t.Errorf("code %d", code)
	}
	want := fmt.Sprintln("Mi-Proceso", p.PID(), p.PID(), os.Getpid(), "MainProcess", os.Getpid(), true, false, true)
	if out.String() != want {
		t.Errorf("the child says %q, want %q", out.String(), want)
	}
}

func TestNamesOfGrandchildren(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := named("family")
	number := strings.TrimPrefix(p.Name, "Process-")
	next := named("nothing")
	if before, _ := strconv.Atoi(number); next.Name != fmt.Sprint("Process-", before+1) {
		t.Errorf("%s follows %s", next.Name, p.Name)
	}
	p.Name = "otro"
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	join(t, p)
	fields := strings.Fields(out.line(t, 0))
	if fields[0] != "Process-"+number+":1" || fields[4] != "otro" || fields[5] != strconv.Itoa(p.PID()) {
		t.Errorf("the grandchild says %v", fields)
	}
	if got := out.line(t, 1); got != "children left: 0" {
		t.Error(got)
	}
}

func TestExitCodes(t *testing.T) {
	inCell(t, t.Context())
	for _, test := range []struct {
		target string
		args   []any
		want   int
	}{
		{"nothing", nil, 0},
		{"code", []any{"7"}, 7},
		{"exit", []any{"3"}, 3},
		{"panic", nil, 1},
	} {
		if code := join(t, start(t, test.target, test.args...)); code != test.want {
			t.Errorf("%s%v: code %d, want %d", test.target, test.args, code, test.want)
		}
	}
}

func TestPanicIsOnStderr(t *testing.T) {
	_, out, errs := inCell(t, t.Context())
	join(t, start(t, "panic"))
	if out.String() != "" || !strings.Contains(errs.String(), "\npanic: ay\n") || !strings.Contains(errs.String(), "targets_test.go:") {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
}

func TestTerminateAndKill(t *testing.T) {
	for _, test := range []struct {
		end  func(*mp.Process) error
		want syscall.Signal
	}{{(*mp.Process).Terminate, syscall.SIGTERM}, {(*mp.Process).Kill, syscall.SIGKILL}} {
		_, out, _ := inCell(t, t.Context())
		p := start(t, "forever")
		if !p.IsAlive() || p.JoinTimeout(time.Millisecond) {
			t.Error("not alive")
		}
		if pid := out.line(t, 0); pid != strconv.Itoa(p.PID()) {
			t.Errorf("pid %s, PID %d", pid, p.PID())
		}
		if err := test.end(p); err != nil {
			t.Fatal(err)
		}
		if code := join(t, p); code != -int(test.want) {
			t.Errorf("code %d, want %d", code, -int(test.want))
		}
		if err := test.end(p); err != nil {
			t.Errorf("again, after the end: %v", err)
		}
		if err := p.Join(); err != nil || !p.JoinTimeout(0) {
			t.Errorf("joining again: %v", err)
		}
	}
}

func TestTerminateAtOnce(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	for range 5 {
		p := start(t, "forever")
		if err := p.Terminate(); err != nil {
			t.Fatal(err)
		}
		if code := join(t, p); code != -int(syscall.SIGTERM) {
			t.Errorf("code %d", code)
		}
	}
	if errs.String() != "" {
		t.Errorf("stderr: %s", errs.String())
	}
}

func TestJoinHasAllOutputInOrder(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	const n = 5000
	join(t, start(t, "lines", strconv.Itoa(n)))
	lines := strings.Split(out.String(), "\n")
	if len(lines) != n+1 || lines[n] != "partial" {
		t.Fatalf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	for i, line := range lines[:n] {
		if line != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	for _, piece := range out.pieces[:len(out.pieces)-1] {
		if !strings.HasSuffix(piece, "\n") {
			t.Fatalf("a line was cut: %q", piece)
		}
	}
}

func TestOutputGoesToTheCellThatStarted(t *testing.T) {
	_, first, _ := inCell(t, t.Context())
	p := start(t, "lines", "3")
	_, second, _ := inCell(t, t.Context())
	q := start(t, "say", "hola", "mundo")
	join(t, p)
	join(t, q)
	if first.String() != "line 0\nline 1\nline 2\npartial" || second.String() != "hola mundo\n" {
		t.Errorf("first %q, second %q", first.String(), second.String())
	}
}

func TestDirectoryAndEnvironmentAsOfStart(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	join(t, start(t, "nothing")) // helpers wait now that know nothing of what follows
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("MP_TEST", "a=b")
	join(t, start(t, "where"))
	if got := out.line(t, 0); got != dir+" a=b" {
		t.Errorf("%q, want %q", got, dir+" a=b")
	}
}

func TestMisuse(t *testing.T) {
	inCell(t, t.Context())
	p := named("nothing")
	for name, err := range map[string]error{
		"join":      p.Join(),
		"terminate": p.Terminate(),
		"self join": mp.CurrentProcess().Join(), "self start": mp.CurrentProcess().Start(), "self kill": mp.CurrentProcess().Kill(),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if p.JoinTimeout(time.Hour) {
		t.Error("joined what was never started")
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("starting twice: %v", err)
	}
	join(t, p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Join(); !errors.Is(err, mp.ErrClosed) {
		t.Errorf("joining after Close: %v", err)
	}
	running := start(t, "forever")
	if err := running.Close(); err == nil {
		t.Error("closed while it runs")
	}
}

func TestFailedMakingIsTheErrorOfEveryMethod(t *testing.T) {
	c, _, _ := inCell(t, t.Context())
	p := mp.NewProcess(call, "say", 42)
	first := p.Err()
	if first == nil || !strings.Contains(first.Error(), "it is of type int, and string is wanted") {
		t.Fatalf("error %v", first)
	}
	for name, method := range map[string]func() error{
		"Start": p.Start, "Join": p.Join, "Terminate": p.Terminate, "Kill": p.Kill, "Close": p.Close,
		"JoinContext": func() error { return p.JoinContext(t.Context()) },
	} {
		if err := method(); err != first {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, method := range map[string]func(){
		"IsAlive": func() { p.IsAlive() }, "PID": func() { p.PID() }, "ExitCode": func() { p.ExitCode() },
		"JoinTimeout": func() { p.JoinTimeout(time.Hour) },
	} {
		c.failed.Store(nil)
		method()
		if got := c.failed.Load(); got == nil || *got != first {
			t.Errorf("%s does not fail the cell with the error", name)
		}
	}
}

func TestFailedStart(t *testing.T) {
	inCell(t, t.Context())
	p := mp.NewProcess(func(chan int) {}, make(chan int))
	err := p.Start()
	if !errors.Is(err, mp.ErrNotCopyable) || !strings.Contains(err.Error(), "argument 1 (chan int) cannot be copied to another process: a channel lives in one process") {
		t.Fatalf("error %v", err)
	}
	if got := p.Join(); got != err || p.Err() != err {
		t.Errorf("Join after it: %v, Err %v", got, p.Err())
	}
	if p.JoinTimeout(time.Hour) || p.IsAlive() || p.PID() != 0 {
		t.Error("it seems to run")
	}
}

func TestInterruptedJoin(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	c, out, _ := inCell(t, ctx)
	p := start(t, "forever")
	out.line(t, 0)
	stop := errors.New("interrupted")
	cancel(stop)
	if err := p.Join(); err != stop {
		t.Errorf("Join: %v", err)
	}
	if !p.IsAlive() {
		t.Error("the child ended with the wait")
	}
	mp.Interrupt(c)
	limited, done := context.WithTimeout(context.Background(), generous)
	defer done()
	testHost.cell.Store(nil)
	if err := p.JoinContext(limited); err != nil {
		t.Fatal(err)
	}
	if code, _ := p.ExitCode(); code != 1 {
		t.Errorf("interrupted child: code %d", code)
	}
}

func TestActiveChildren(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	a, b := start(t, "forever"), start(t, "forever")
	out.line(t, 1)
	if got := mp.ActiveChildren(); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("children %v", got)
	}
	a.Kill()
	join(t, a)
	if got := mp.ActiveChildren(); len(got) != 1 || got[0] != b {
		t.Errorf("children %v", got)
	}
	if mp.ParentProcess() != nil || mp.CurrentProcess().Name != "MainProcess" || mp.CPUCount() < 1 {
		t.Error("MainProcess is not what it should be")
	}
}

func TestDaemonHasNoChildren(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := named("family")
	p.Daemon = true
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if code := join(t, p); code != 1 || !strings.Contains(out.String(), strings.TrimPrefix(mp.ErrDaemonChild.Error(), "mp: ")) {
		t.Errorf("code %d, output %q", code, out.String())
	}
}

func TestEndOfAChildTerminatesDaemonsAndJoinsOthers(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	if code := join(t, start(t, "leaves", "daemon")); code != 0 {
		t.Errorf("code %d", code)
	}
	// The daemon may not have come to say its pid; if it has, it is gone.
	if line, _, found := strings.Cut(out.String(), "\n"); found {
		if pid, err := strconv.Atoi(line); err != nil || !gone(pid) {
			t.Errorf("the daemon outlived its parent: %q", line)
		}
	}
	_, out, _ = inCell(t, t.Context())
	join(t, start(t, "unjoined"))
	if out.String() != "target returned\nlate\n" {
		t.Errorf("output %q", out.String())
	}
}

func TestTerminateLeavesOrphans(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := start(t, "makesOrphan")
	orphan, err := strconv.Atoi(out.line(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	p.Terminate()
	if code := join(t, p); code != -int(syscall.SIGTERM) {
		t.Errorf("code %d", code)
	}
	// What the orphan writes still arrives in the cell that its parent belonged to.
	if got := out.line(t, 1); got != "orphan false" {
		t.Errorf("the orphan says %q", got)
	}
	awaitGone(t, orphan)
}

func TestBrokenHelperIsAnError(t *testing.T) {
	inCell(t, t.Context())
	testHost.broken.Store(true)
	defer testHost.broken.Store(false)
	// Helpers of before may still be waiting; they go first.
	for range 10 {
		p := named("nothing")
		err := p.Start()
		if err == nil {
			join(t, p)
			continue
		}
		if !strings.Contains(err.Error(), "/nowhere/at/all") || p.Join() != err {
			t.Errorf("error %v", err)
		}
		return
	}
	t.Error("no start failed")
}

// mainProcess starts a MainProcess of its own group with a lifeline.
func mainProcess(t *testing.T, scenario string) (p *spawn.Process, out *record, cut func()) {
	t.Helper()
	r, w, err := spawn.NewLifeline()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out = &record{got: make(chan struct{}, 1)}
	p, err = spawn.Start(spawn.Spec{
		Path: os.Args[0], Args: []string{"main", scenario}, Group: true, Lifeline: r,
		Stdout: func(b []byte) { out.Write(b) }, Stderr: func(b []byte) { os.Stderr.Write(b) },
	})
	if err != nil {
		w.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Close()
		p.SignalGroup(syscall.SIGKILL)
		p.Wait()
		p.Close()
	})
	return p, out, func() { w.Close() }
}

func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(generous):
		t.Fatalf("%s: not within %v", what, generous)
	}
}

// groupGone awaits the end of everybody in the group of p.
func groupGone(t *testing.T, p *spawn.Process) {
	t.Helper()
	for limit := time.Now().Add(generous); p.SignalGroup(0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("somebody of the tree is left")
		}
	}
}

func TestLifelineTakesEverybody(t *testing.T) {
	p, out, cut := mainProcess(t, "tree")
	var pids []int
	for i := range 2 { // the child and the grandchild say their pids
		pid, err := strconv.Atoi(out.line(t, i))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	syscall.Kill(pids[0], syscall.SIGSTOP)
	cut()
	await(t, p.Done(), "the end of MainProcess")
	for _, pid := range pids {
		awaitGone(t, pid)
	}
}

func TestDaemonEndsWhenItsParentCrashes(t *testing.T) {
	p, out, _ := mainProcess(t, "crash")
	pids := make([]int, 2)
	for i := range pids {
		pids[i], _ = strconv.Atoi(out.line(t, i))
	}
	p.Signal(syscall.SIGKILL)
	await(t, p.Done(), "the end of MainProcess")
	// Both ignore SIGTERM; the daemon goes, the other child is an orphan.
	for limit := time.Now().Add(generous); !gone(pids[0]) && !gone(pids[1]); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the daemon outlived its parent")
		}
	}
	if gone(pids[0]) && gone(pids[1]) {
		t.Error("the child that is no daemon ended with its parent")
	}
}

func TestShutdownOfMainProcess(t *testing.T) {
	p, out, _ := mainProcess(t, "shutdown")
	await(t, p.Done(), "the end of MainProcess")
	p.Drain()
	if code, _ := p.State(); code != 0 || !strings.Contains(out.String(), "late\n") {
		t.Errorf("code %d, output %q", code, out.String())
	}
	groupGone(t, p)
}

func TestNothingIsLeftOver(t *testing.T) {
	inCell(t, t.Context())
	one := func() {
		p := start(t, "say", "hola")
		join(t, p)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	one()
	descriptors := func() int {
		entries, err := os.ReadDir("/dev/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := descriptors()
	for range 20 {
		one()
	}
	// Idle helpers hold some; their number is bounded.
	if after := descriptors(); after > before+12 {
		t.Errorf("descriptors: %d, after 20 processes %d", before, after)
	}
	var status syscall.WaitStatus
	if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); pid > 0 {
		t.Errorf("process %d was left a zombie (%v)", pid, err)
	}
}
