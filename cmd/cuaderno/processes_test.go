//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/kernel/kerneltest"
)

// A running is a process as /proc shows it.
type running struct {
	pid, parent, group int
	state              string // R, S, T (stopped), Z (ended, not reaped), …
	started            string // tells processes with the same pid apart
}

func (p running) alive() bool { return p.state != "Z" && p.state != "X" }

// processes lists the processes of the machine for which want is true.
func processes(t testing.TB, want func(running) bool) []running {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []running
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if p, ok := look(pid); ok && want(p) {
			found = append(found, p)
		}
	}
	return found
}

// look reads one process; ok is false when it does not exist.
func look(pid int) (p running, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	// proc_pid_stat(5): pid (name) state ppid pgrp …, where the name may hold
	// anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	p.pid, p.state = pid, fields[0]
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	p.started = fields[19]
	return p, true
}

func childrenOf(pid int) func(running) bool {
	return func(p running) bool { return p.parent == pid }
}

// livingIn selects the processes of a group that have not ended.
func livingIn(group int) func(running) bool {
	return func(p running) bool { return p.group == group && p.alive() }
}

// An ending awaits the end of a process, of whatever parent, that lived when
// watch was called: another one that gets the same pid is not taken for it.
type ending struct {
	running
	file *os.File // a pidfd, which becomes readable when the process ends; nil if it had ended
}

// sysPidfdOpen is pidfd_open(2), which has this number on every architecture.
const sysPidfdOpen = 434

func watch(t testing.TB, pid int) *ending {
	t.Helper()
	fd, _, errno := syscall.Syscall(sysPidfdOpen, uintptr(pid), syscall.O_NONBLOCK, 0)
	p, ok := look(pid)
	if errno == syscall.ESRCH || errno == 0 && !ok {
		return &ending{}
	}
	if errno != 0 {
		t.Fatalf("watching process %d: %v", pid, errno)
	}
	syscall.CloseOnExec(int(fd))
	e := &ending{p, os.NewFile(fd, "pidfd")}
	t.Cleanup(func() { _ = e.file.Close() }) // a test that failed may not have awaited it
	return e
}

func (e *ending) over() bool {
	p, ok := look(e.pid)
	return !ok || !p.alive() || p.started != e.started
}

// await waits for the end of the process.
func (e *ending) await(t testing.TB, what string) {
	t.Helper()
	if e.file == nil {
		return
	}
	raw, err := e.file.SyscallConn()
	if err == nil {
		err = e.file.SetReadDeadline(time.Now().Add(kerneltest.Limit))
	}
	if err == nil {
		err = raw.Read(func(uintptr) bool { return e.over() })
	}
	if err != nil && !e.over() {
		t.Errorf("%s, %+v, does not end: %v", what, e.running, err)
		send(t, e.pid, syscall.SIGKILL) // leave nothing behind
	}
}

// awaitEmpty waits until no process of a group lives.
func awaitEmpty(t testing.TB, group int) {
	t.Helper()
	for !t.Failed() {
		left := processes(t, livingIn(group))
		if len(left) == 0 {
			return
		}
		watch(t, left[0].pid).await(t, fmt.Sprintf("a process of group %d", group))
	}
}

// stop stops a process, and returns when none of its threads runs any more.
func stop(t testing.TB, pid int) {
	t.Helper()
	send(t, pid, syscall.SIGSTOP)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(kerneltest.Limit); time.Now().Before(deadline); <-tick.C {
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(tasks, func(task os.DirEntry) bool {
			id, _ := strconv.Atoi(task.Name())
			thread, ok := look(id)
			return ok && thread.state != "T"
		}) {
			return
		}
	}
	t.Fatalf("process %d does not stop", pid)
}
