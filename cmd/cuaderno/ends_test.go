//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
)

// TestKernelOfAKilledParent has a shell start a kernel as a front end does, and kills
// the shell.
func TestKernelOfAKilledParent(t *testing.T) {
	t.Setenv("JPY_PARENT_PID", fmt.Sprint(os.Getpid()))
	k := serveThrough(t, shell(`"$@" & wait`), socketFiles(t))
	tree := k.watchTree(k.grow())
	k.begin("fmt.Println(\"ready\")\nfor {}")
	kernels := processes(t, childrenOf(k.pid))
	if len(kernels) != 1 {
		t.Fatalf("the shell has the children %+v", kernels)
	}
	kernel := watch(t, kernels[0].pid)
	send(t, k.pid, syscall.SIGKILL)
	kernel.await(t, "the kernel")
	awaitAll(t, tree)
	k.awaitExit()
}

// TestKernelAndSessionKilled kills both at once.
func TestKernelAndSessionKilled(t *testing.T) {
	t.Parallel()
	k := serve(t)
	tree := k.watchTree(k.grow())
	send(t, k.group, syscall.SIGKILL)
	send(t, k.pid, syscall.SIGKILL)
	awaitAll(t, tree)
	k.awaitExit()
}

// TestFullDisk gives the kernel and what it starts a home and a directory for
// temporary files in which nothing can be written, and a limit of the size of files
// that each write meets.
func TestFullDisk(t *testing.T) {
	for name, test := range map[string]struct{ script, file string }{
		"no space":         {`unset CUADERNO_HISTORY; ulimit -f 0; exec "$@"`, ""},
		"nothing writable": {`unset CUADERNO_HISTORY; exec "$@"`, "file"},
	} {
		t.Run(name, func(t *testing.T) {
			connection := socketFiles(t)
			realProgram(t)
			home := t.TempDir()
			if test.file != "" { // which no directory can be in, whoever asks
				home = filepath.Join(home, test.file)
				if err := os.WriteFile(home, nil, 0o400); err != nil {
					t.Fatal(err)
				}
			}
			for _, variable := range []string{"HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"} {
				t.Setenv(variable, home)
			}
			k := serveThrough(t, shell(test.script), connection)
			k.ok("x := 7\nfunc doble(n int) int { return 2 * n }")
			k.prints("fmt.Println(doble(x))", "14\n")
			e := k.ok(`err := os.WriteFile(filepath.Join(os.TempDir(), "f"), []byte("hola"), 0o600); fmt.Println(err != nil)`)
			if e.Text("stdout") != "true\n" {
				t.Error("the disk is not full")
			}
			send(t, k.group, syscall.SIGKILL)
			k.awaitLine(e.ID, "A fresh session has taken the place")
			k.prints("fmt.Println(1)", "1\n")
			k.group = k.session()
			send(t, k.pid, syscall.SIGTERM)
			k.awaitExit()
			if !k.state.Success() {
				t.Errorf("the kernel ended with %v", k.state)
			}
		})
	}
}

// TestSessionOutOfDescriptors has a cell open files until it may not.
func TestSessionOutOfDescriptors(t *testing.T) {
	k := serveIn(t)
	k.ok("p := mp.NewProcess(func() {}); p.Start(); p.Join()")
	e := k.Execute(`
var abiertos []*os.File
func agota() error {
	var limite syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limite); err != nil { return err }
	limite.Cur = 256
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limite); err != nil { return err }
	for {
		f, err := os.Open("/dev/null")
		if err != nil { return err }
		abiertos = append(abiertos, f)
	}
}
agota()`)
	k.fails(e, "error", "open /dev/null: too many open files")
	k.prints("fmt.Println(len(abiertos) > 100)", "true\n")
	k.fails(k.Execute("func nada() {}\nfunc() error { for range 50 { if err := mp.NewProcess(nada).Start(); err != nil { return err } }; return nil }()"), "error", "too many open files")
	id, _ := k.begin("fmt.Println(\"ready\")\nfor {}")
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	k.ok("for _, f := range abiertos { f.Close() }\nabiertos = nil")
	k.prints(`q := mp.NewProcess(func() { fmt.Println("hijo") }); q.Start(); q.Join()`, "hijo\n")
}

// TestKernelOutOfDescriptors connects to a kernel until it may open nothing more: who
// is connected goes on, and who comes waits.
func TestKernelOutOfDescriptors(t *testing.T) {
	t.Parallel()
	k := serveThrough(t, shell(`ulimit -n 64; exec "$@"`), freePorts(t))
	k.ok("x := 7")
	opened := func() int {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", k.pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := opened()
	for range 80 { // that say nothing
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", k.connection.ShellPort))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	k.prints("fmt.Println(x)", "7\n")
	send(t, k.group, syscall.SIGKILL)
	awaitEmpty(t, k.group)
	for { // until those that say nothing were sent away
		e := k.Execute("fmt.Println(1)")
		if e.Status() == "ok" {
			break
		}
		if kerneltest.Field(e.Reply.Message, "ename") == lang.Crashed {
			continue // the cell came before the kernel had heard of the end
		}
		k.fails(e, "SessionStartError", "too many open files")
	}
	k.group = k.session()
	second := kerneltest.Connect(t, k.connection)
	if e := second.Execute("fmt.Println(2)"); e.Text("stdout") != "2\n" {
		t.Errorf("another front end got %s", e.Reply.Content)
	}
	for end := time.Now().Add(kerneltest.Limit); opened() > before+5; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the kernel has %d descriptors, before %d and now one more front end", opened(), before)
		}
	}
}

// shell returns what runs a script whose "$@" is the kernel.
func shell(script string) []string { return []string{"sh", "-c", script, "front end"} }
