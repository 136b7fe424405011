//go:build unix

package spawn_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/spawn"
)

// generous bounds the wait for an event that comes at once.
const generous = 30 * time.Second

// TestMain is also the helper: started with a role it plays that.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "role" {
		os.Exit(play(os.Args[2], os.Args[3:]))
	}
	// A binary with the race detector sleeps a second before it ends.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func play(role string, args []string) int {
	log := spawn.InheritedLog()
	control, lifeline, err := spawn.Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	spawn.Watch(lifeline, spawn.KillGroup)
	switch role {
	case "exit":
		code, _ := strconv.Atoi(args[0])
		return code
	case "lines":
		n, _ := strconv.Atoi(args[0])
		for i := range n {
			fmt.Println("line", i)
		}
		fmt.Print("partial")
	case "say":
		fmt.Fprint(os.Stdout, "out")
		fmt.Fprint(os.Stderr, "err")
	case "log": // what the file has goes to stdout, and what this role adds to the file
		if log == nil {
			fmt.Print("none")
			break
		}
		io.Copy(os.Stdout, io.NewSectionReader(log, 0, 1<<20))
		log.WriteAt([]byte("child"), 100)
		p, err := spawn.Start(spawn.Spec{Path: os.Args[0], Args: []string{"role", "exit", "0"}, Inherit: true, Log: log})
		if err != nil || p.Wait() != 0 {
			return 98
		}
	case "echo": // what comes over the control connection goes back
		io.Copy(control, control)
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "descriptors":
		entries, _ := os.ReadDir("/proc/self/fd")
		for _, e := range entries {
			target, err := os.Readlink("/proc/self/fd/" + e.Name())
			if err == nil && !strings.HasPrefix(target, "anon_inode:") && !strings.HasPrefix(target, "/proc/") {
				fmt.Println(e.Name(), strings.SplitN(target, ":", 2)[0])
			}
		}
	case "forever", "stubborn":
		if role == "stubborn" {
			signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
		}
		fmt.Println(os.Getpid())
		select {}
	case "parent": // starts a grandchild that inherits the outputs, and ends when told to
		p, err := spawn.Start(spawn.Spec{Path: os.Args[0], Args: []string{"role", args[0]}, Inherit: true, Lifeline: lifeline})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 98
		}
		io.Copy(io.Discard, control)
		runtime.KeepAlive(p)
	}
	runtime.KeepAlive(control)
	return 0
}

// record collects an output.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
	got chan struct{} // one token when something new came
}

func newRecord() *record { return &record{got: make(chan struct{}, 1)} }

func (r *record) add(p []byte) {
	r.mu.Lock()
	r.buf.Write(p)
	r.mu.Unlock()
	select {
	case r.got <- struct{}{}:
	default:
	}
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

// lines awaits n whole lines.
func (r *record) lines(t *testing.T, n int) []string {
	t.Helper()
	limit := time.After(generous)
	for {
		if s := r.String(); strings.Count(s, "\n") >= n {
			return strings.Split(s, "\n")[:n]
		}
		select {
		case <-r.got:
		case <-limit:
			t.Fatalf("no %d lines came, only %q", n, r.String())
		}
	}
}

func start(t *testing.T, spec spawn.Spec, args ...string) *spawn.Process {
	t.Helper()
	spec.Path = os.Args[0]
	spec.Args = append([]string{"role"}, args...)
	p, err := spawn.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Signal(syscall.SIGKILL)
		p.Wait()
		p.Close()
	})
	return p
}

func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(generous):
		t.Fatalf("%s: not within %v", what, generous)
	}
}

// awaitGone awaits the end of a process that is not our child.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for limit := time.Now().Add(generous); ; time.Sleep(5 * time.Millisecond) {
		// A zombie whose reaper is slow has ended too.
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		gone := err != nil || strings.Contains(string(stat), ") Z ")
		if runtime.GOOS != "linux" {
			gone = syscall.Kill(pid, 0) != nil
		}
		if gone {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func TestExitCodes(t *testing.T) {
	for _, code := range []int{0, 1, 3, 255} {
		p := start(t, spawn.Spec{}, "exit", strconv.Itoa(code))
		if got := p.Wait(); got != code {
			t.Errorf("exit %d: code %d", code, got)
		}
		if got, ended := p.State(); got != code || !ended {
			t.Errorf("exit %d: state %d, %v", code, got, ended)
		}
		if err := p.Signal(syscall.SIGTERM); err != os.ErrProcessDone {
			t.Errorf("signal after the end: %v", err)
		}
	}
}

func TestSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		out := newRecord()
		p := start(t, spawn.Spec{Stdout: out.add}, "forever")
		if line := out.lines(t, 1)[0]; line != strconv.Itoa(p.PID()) {
			t.Errorf("the process says its pid is %s, PID says %d", line, p.PID())
		}
		if _, ended := p.State(); ended {
			t.Error("ended while it runs")
		}
		if err := p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if code := p.Wait(); code != -int(sig) {
			t.Errorf("%v: code %d", sig, code)
		}
	}
}

func TestStartFails(t *testing.T) {
	before := descriptors(t)
	_, err := spawn.Start(spawn.Spec{Path: "/nowhere/at/all", Stdout: func([]byte) {}, Stderr: func([]byte) {}})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/at/all") {
		t.Fatalf("error %v", err)
	}
	if after := descriptors(t); after > before {
		t.Errorf("descriptors: %d, then %d", before, after)
	}
}

func TestOutputsAreSeparateAndDrained(t *testing.T) {
	out, errs := newRecord(), newRecord()
	p := start(t, spawn.Spec{Stdout: out.add, Stderr: errs.add}, "say")
	p.Wait()
	p.Drain()
	if out.String() != "out" || errs.String() != "err" {
		t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
	}
	await(t, p.OutputDone(), "the end of the output")
}

func TestDrainAfterEndHasEverythingInOrder(t *testing.T) {
	out := newRecord()
	p := start(t, spawn.Spec{Stdout: out.add}, "lines", "20000")
	p.Wait()
	p.Drain()
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 20001 || lines[20000] != "partial" {
		t.Fatalf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	for i, line := range lines[:20000] {
		if line != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
}

func TestEndIsNoticedWhileGrandchildHoldsThePipes(t *testing.T) {
	out := newRecord()
	p := start(t, spawn.Spec{Stdout: out.add, Stderr: func([]byte) {}}, "parent", "forever")
	grandchild, err := strconv.Atoi(out.lines(t, 1)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(grandchild, syscall.SIGKILL)
	p.Signal(syscall.SIGKILL)
	await(t, p.Done(), "the end of the process")
	p.Drain()
	select {
	case <-p.OutputDone():
		t.Fatal("the output ended although a grandchild can still write")
	default:
	}
	if err := syscall.Kill(grandchild, 0); err != nil {
		t.Fatalf("the grandchild ended with its parent: %v", err)
	}
	syscall.Kill(grandchild, syscall.SIGKILL)
	await(t, p.OutputDone(), "the end of the output after the grandchild's")
}

func TestControlAndStdin(t *testing.T) {
	p := start(t, spawn.Spec{}, "echo")
	if _, err := p.Control().Write([]byte("hola\n")); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(p.Control()).ReadString('\n')
	if line != "hola\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	p.Control().CloseWrite()
	if code := p.Wait(); code != 0 {
		t.Errorf("code %d", code)
	}

	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out := newRecord()
	p = start(t, spawn.Spec{Stdin: r, Stdout: out.add}, "cat")
	r.Close()
	io.WriteString(w, "entrada\n")
	w.Close()
	p.Wait()
	p.Drain()
	if out.String() != "entrada\n" {
		t.Errorf("stdout %q", out.String())
	}
}

func TestLogIsShared(t *testing.T) {
	log, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	log.WriteString("parent")
	for _, test := range []struct {
		log  *os.File
		want string
	}{{log, "parent"}, {nil, "none"}} {
		out := newRecord()
		p := start(t, spawn.Spec{Log: test.log, Stdout: out.add}, "log")
		if code := p.Wait(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		p.Drain()
		if out.String() != test.want {
			t.Errorf("the process read %q, want %q", out.String(), test.want)
		}
	}
	added := make([]byte, 5)
	if _, err := log.ReadAt(added, 100); err != nil || string(added) != "child" {
		t.Errorf("the process added %q, %v", added, err)
	}
}

func TestNotStartedByUs(t *testing.T) {
	cmd := exec.Command(os.Args[0], "role", "exit", "0")
	message, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(message), "started by cuaderno") {
		t.Errorf("%v: %s", err, message)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestNoDescriptorsLeft(t *testing.T) {
	one := func() {
		p := start(t, spawn.Spec{Stdout: func([]byte) {}, Stderr: func([]byte) {}}, "say")
		p.Wait()
		p.Drain()
		p.Close()
	}
	one()
	before := descriptors(t)
	for range 20 {
		one()
	}
	if after := descriptors(t); after > before {
		t.Errorf("descriptors: %d, after 20 processes %d", before, after)
	}
}
