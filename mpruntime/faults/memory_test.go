//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	mp "cuaderno/mpruntime"
)

// withoutMemory is a program that may not have files, nor shared memory, of more
// than a megabyte.
func withoutMemory() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}); err != nil {
		return err
	}
	a, b := mp.NewPipe()
	q := mp.NewQueue()
	var faults []error
	for name, try := range map[string]func() error{
		"NewArray":         func() error { return mp.NewArray[int](1 << 20).Err() },
		"NewRawArray":      func() error { return mp.NewRawArray[int](1 << 20).Err() },
		"NewSharedMemory":  func() error { return mp.NewSharedMemory("memory", 1<<22).Err() },
		"NewShareableList": func() error { return mp.NewShareableList(strings.Repeat("a", 1<<21)).Err() },
		"Send":             func() error { return a.Send(slab(1)) },
		"SendBytes":        func() error { return a.SendBytes(make([]byte, 1<<21)) },
		"Put":              func() error { return q.Put(slab(1)) },
		"Start":            func() error { return mp.NewProcess(take, slab(1)).Start() },
	} {
		if err := try(); !errors.Is(err, syscall.EFBIG) && !errors.Is(err, syscall.ENOMEM) && name != "Start" {
			faults = append(faults, fmt.Errorf("%s: %v, want that the file is too large", name, err))
		}
	}
	// What is small goes on.
	p := mp.NewProcess(take, []int{1})
	return errors.Join(errors.Join(faults...),
		a.Send(1), received(b, 1), q.Put(1), got(q.GetTimeout(limit)), mp.NewArray[int](10).Err(),
		mp.NewSharedMemory("memory", 10).Err(), p.Start(), ended(p))
}

func take([]int) {}

func TestFaultMemoryExhausted(t *testing.T) {
	leavesNothing(t)
	runProgram(t, program(t, "memory"))
}

// everything is a program that uses all objects once.
func everything() error {
	a, b := mp.NewPipe()
	tries := attempts()
	maps.Copy(tries, passing(a, b))
	for _, name := range slices.Sorted(maps.Keys(tries)) {
		if err := tries[name](); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// TestFaultSharedMemoryFull runs a program for which /dev/shm and the directory of
// temporary files are full: nothing of mp is there.
func TestFaultSharedMemoryFull(t *testing.T) {
	leavesNothing(t)
	full := t.TempDir()
	cmd := program(t, "everything")
	script := `mount -t tmpfs -o size=4k full /dev/shm && mount -t tmpfs -o size=4k full "$TMPDIR" &&
		! head -c 100000 /dev/zero >/dev/shm/full 2>/dev/null && ! head -c 100000 /dev/zero >"$TMPDIR/full" 2>/dev/null && exec "$0"`
	shell := exec.CommandContext(t.Context(), "/bin/sh", "-c", script, os.Args[0])
	shell.Env = append(cmd.Env, "TMPDIR="+full)
	shell.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		shell.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		shell.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		shell.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	} else {
		// What the shell mounts is nobody else's.
		shell.SysProcAttr.Unshareflags = syscall.CLONE_NEWNS
		shell.SysProcAttr.Cloneflags = 0
	}
	out, err := shell.CombinedOutput()
	if err != nil && (errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "mount:")) {
		if ci, _ := strconv.ParseBool(os.Getenv("CI")); !ci {
			t.Skipf("this system does not let a test mount a file system of its own: %v %s", err, out)
		}
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
