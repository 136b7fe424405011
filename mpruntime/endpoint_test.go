//go:build unix

package mpruntime_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	mp "cuaderno/mpruntime"
)

// listenAt listens without ever closing, and ends with a signal if it is not 0.
func listenAt(path string, signal syscall.Signal) {
	if _, err := mp.Listen("unix", path, nil); err != nil {
		panic(err)
	}
	if signal != 0 {
		if err := syscall.Kill(os.Getpid(), signal); err != nil {
			panic(err)
		}
		select {}
	}
}

func TestSocketFilesGo(t *testing.T) {
	inCell(t, t.Context())
	path := filepath.Join(t.TempDir(), "s")
	run := func(signal syscall.Signal, code int) {
		t.Helper()
		p := mp.NewProcess(listenAt, path, signal)
		must(t, p.Start())
		if got := join(t, p); got != code {
			t.Errorf("exit code %d, want %d", got, code)
		}
	}
	run(0, 0)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after an orderly end: %v", err)
	}
	run(syscall.SIGKILL, -9)
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("after SIGKILL: %v", err)
	}
	l := listen(t, "unix", path, nil)
	connect(t, l, "unix", nil)
	if other, err := mp.Listen("unix", path, nil); err == nil {
		other.Close()
		t.Error("two listen at one file")
	}
	must(t, l.Close())
	must(t, os.WriteFile(path, nil, 0o600))
	if _, err := mp.Listen("unix", path, nil); err == nil {
		t.Error("a file that is no socket is replaced")
	}
}

func TestSilentCallersKeepNobodyWaiting(t *testing.T) {
	inCell(t, t.Context())
	key := []byte("k")
	l := listen(t, "tcp", "127.0.0.1:0", key)
	for range 100 {
		raw, err := net.Dial("tcp", l.Addr())
		must(t, err)
		defer raw.Close()
	}
	connect(t, l, "tcp", key) // before any of them is given up
	for range 100 {
		if _, err := l.Accept(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a silent caller: %v", err)
		}
	}
}
