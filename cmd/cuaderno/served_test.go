//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A served is a real kernel with a front end, as Jupyter starts it.
type served struct {
	*kerneltest.FrontEnd
	t          testing.TB
	connection wire.Connection
	pid        int           // of the kernel, which leads a process group of its own
	ended      chan struct{} // closed when the kernel has been reaped
	state      *os.ProcessState
	group      int // of the first session, its pid
}

// serve starts a kernel, with flags, that is killed with the test.
func serve(t testing.TB, flags ...string) *served {
	t.Helper()
	return serveAt(t, socketFiles(t), flags...)
}

// socketFiles returns a connection on files that are removed with the test.
func socketFiles(t testing.TB) wire.Connection {
	t.Helper()
	// A path of a socket has at most 107 bytes; t.TempDir is longer.
	dir, err := os.MkdirTemp("", "k") //nolint:usetesting // the path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return wire.Connection{
		Transport: "ipc", IP: filepath.Join(dir, "s"),
		ShellPort: 1, ControlPort: 2, StdinPort: 3, IOPubPort: 4, HeartbeatPort: 5,
		SignatureScheme: wire.SignatureScheme, Key: "secret",
	}
}

func serveAt(t testing.TB, connection wire.Connection, flags ...string) *served {
	t.Helper()
	return serveThrough(t, nil, connection, flags...)
}

// serveThrough has a command start the kernel, whose words follow the command's own.
func serveThrough(t testing.TB, starter []string, connection wire.Connection, flags ...string) *served {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connection.json")
	content, err := json.Marshal(connection)
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	words := slices.Concat(starter, []string{realProgram(t), "kernel", "-f", file}, flags)
	command := exec.Command(words[0], words[1:]...)
	command.Stdout, command.Stderr = &log, &log
	command.Env = append(os.Environ(), "CUADERNO_HISTORY="+noHistory)
	// The kernel ends with the thread that started it, should the tests be ended
	// from outside or run out of time.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	k := &served{t: t, connection: connection, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread() // a thread that ends takes children of other tests with it
		defer close(k.ended)
		err := command.Start()
		started <- err
		if err != nil {
			return
		}
		_ = command.Wait() // the state says it
		k.state = command.ProcessState
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	k.pid = command.Process.Pid
	t.Cleanup(func() {
		if k.group != 0 {
			_ = syscall.Kill(-k.group, syscall.SIGKILL) // where a test failed
		}
		_ = command.Process.Kill()
		<-k.ended
		if t.Failed() && log.Len() > 0 {
			t.Logf("the kernel said:\n%s", &log)
		}
	})
	k.awaitListener()
	k.FrontEnd = kerneltest.Connect(t, connection)
	k.group = k.session()
	return k
}

// awaitListener waits until the last socket that the kernel opens accepts.
func (k *served) awaitListener() {
	k.t.Helper()
	network, address, _ := strings.Cut(k.connection.Endpoint(k.connection.ShellPort), "://")
	if network == "ipc" {
		network = "unix"
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(kerneltest.Limit); ; {
		conn, err := net.Dial(network, address)
		if err == nil {
			_ = conn.Close() // nothing was said
			return
		}
		select {
		case <-tick.C:
		case <-k.ended:
			k.t.Fatalf("the kernel ended: %v", k.state)
		}
		if time.Now().After(deadline) {
			k.t.Fatal(err)
		}
	}
}

// session is the pid of MainProcess.
func (k *served) session() int {
	k.t.Helper()
	return k.number("os.Getpid()")
}

// value evaluates an expression and returns its text/plain.
func (k *served) value(code string) string {
	k.t.Helper()
	e := k.ok(code)
	results := e.Of(wire.ExecuteResult)
	if len(results) != 1 {
		k.t.Fatalf("%s gave %d results", code, len(results))
	}
	data, _ := kerneltest.Field(results[0].Message, "data").(map[string]any)
	return fmt.Sprint(data["text/plain"])
}

func (k *served) number(code string) int {
	k.t.Helper()
	text := k.value(code)
	n, err := strconv.Atoi(text)
	if err != nil {
		k.t.Fatalf("%s is %s", code, text)
	}
	return n
}

// ok runs a cell that must succeed.
func (k *served) ok(code string) kerneltest.Execution {
	k.t.Helper()
	e := k.Execute(code)
	if e.Status() != "ok" {
		k.t.Fatalf("the cell\n%s\ngave %s\n%s", code, e.Status(), plain(e.Traceback()))
	}
	return e
}

// prints runs a cell and wants that, and nothing else, on its stdout.
func (k *served) prints(code, want string) {
	k.t.Helper()
	if got := k.ok(code).Text("stdout"); got != want {
		k.t.Errorf("the cell\n%s\nprinted %q, want %q", code, got, want)
	}
}

// begin sends a cell, and waits until it has printed a line that starts with
// "ready", whose remaining words it returns.
func (k *served) begin(code string) (id string, words []string) {
	k.t.Helper()
	id = k.Code(code, nil)
	return id, strings.Fields(k.awaitLine(id, "ready"))
}

// awaitLine waits for a whole line with a prefix in what a cell prints, and
// returns what follows the prefix. It fails if the cell ends before.
func (k *served) awaitLine(id, prefix string) (rest string) {
	k.t.Helper()
	var printed strings.Builder
	over := false
	k.Await("line "+prefix, func(r kerneltest.Received) bool {
		if r.Channel != kerneltest.IOPub || r.ParentID() != id {
			return false
		}
		switch r.Header.Type {
		case wire.Stream:
			text, _ := kerneltest.Field(r.Message, "text").(string)
			printed.WriteString(text)
			for line := range strings.Lines(printed.String()) {
				if after, ok := strings.CutPrefix(line, prefix); ok && strings.HasSuffix(line, "\n") {
					rest = after
					return true
				}
			}
		case wire.Error:
			over = true
			lines, _ := kerneltest.Field(r.Message, "traceback").([]any)
			printed.WriteString(fmt.Sprintln(lines...))
			return true
		}
		return false
	})
	if over {
		k.t.Fatalf("the cell ended:\n%s", plain(printed.String()))
	}
	return rest
}

// interrupt interrupts what runs, over the control channel.
func (k *served) interrupt() {
	k.t.Helper()
	r := k.Reply(k.Send(kerneltest.Control, wire.InterruptRequest, nil))
	if r.Channel != kerneltest.Control || r.Header.Type != wire.InterruptReply || kerneltest.Field(r.Message, "status") != "ok" {
		k.t.Errorf("the answer to an interrupt is %s on %s: %s", r.Header.Type, r.Channel, r.Content)
	}
}

// fails checks how a cell failed: on iopub and in the reply alike.
func (k *served) fails(e kerneltest.Execution, name string, texts ...string) {
	k.t.Helper()
	errs := e.Of(wire.Error)
	if len(errs) != 1 || e.Status() != "error" {
		k.t.Fatalf("%d errors, status %v, want one error %s; published %s", len(errs), e.Status(), name, e.Types())
	}
	for _, r := range []kerneltest.Received{errs[0], e.Reply} {
		if got := kerneltest.Field(r.Message, "ename"); got != name {
			k.t.Errorf("%s names the error %v, want %s\n%s", r.Header.Type, got, name, plain(e.Traceback()))
		}
	}
	text := plain(e.Traceback())
	for _, want := range texts {
		if !strings.Contains(text, want) {
			k.t.Errorf("the traceback does not say %q:\n%s", want, text)
		}
	}
}

// awaitExit waits for the end of the kernel and of everything it had started.
func (k *served) awaitExit() {
	k.t.Helper()
	select {
	case <-k.ended:
	case <-time.After(kerneltest.Limit):
		k.t.Fatal("the kernel does not end")
	}
	awaitEmpty(k.t, k.group)
}

// send sends a signal to a process or, if negative, a group.
func send(t testing.TB, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("sending %v to %d: %v", sig, pid, err)
	}
}

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func plain(s string) string { return colours.ReplaceAllString(s, "") }
