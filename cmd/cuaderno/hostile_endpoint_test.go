//go:build linux

package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cuaderno/kernel/wire"
)

// A port that somebody else has ends the kernel with a sentence.
func TestHostilePortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().(*net.TCPAddr).Port
	for name, set := range map[string]func(*wire.Connection){
		"iopub": func(c *wire.Connection) { c.IOPubPort = taken },
		"shell": func(c *wire.Connection) { c.ShellPort = taken },
	} {
		connection := freePorts(t)
		set(&connection)
		content, err := json.Marshal(connection)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "connection.json")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(realProgram(t), "kernel", "-f", file).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "opening the "+name+" channel") || !strings.Contains(string(out), "address already in use") {
			t.Errorf("with the port of %s taken: %v, %s", name, err, out)
		}
	}
}

func TestHostileIPv6(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Logf("this machine has no IPv6: %v", err)
		return
	}
	_ = l.Close()
	s := besiege(t, "::1")
	s.under("silent connections", func(s *siege) {
		for _, port := range s.ports() {
			s.dial(port, "")
		}
	})
}

// What a killed kernel leaves of its socket files does not keep the next one from
// starting, and the end of that one removes them.
func TestHostileEndOfIPC(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.prints(`fmt.Println("uno")`, "uno\n")
	send(t, k.pid, syscall.SIGKILL)
	k.awaitExit()
	files := func() []string {
		names, err := filepath.Glob(k.connection.IP + "-*")
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if n := len(files()); n != 5 {
		t.Errorf("SIGKILL left %d socket files, want 5", n)
	}
	again := serveAt(t, k.connection)
	again.prints(`fmt.Println("dos")`, "dos\n")
	send(t, again.pid, syscall.SIGTERM)
	again.awaitExit()
	if left := files(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
