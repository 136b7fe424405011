package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// limits bound one program with all the processes that it starts.
type limits struct {
	time   time.Duration // wall time
	memory int64         // bytes of anonymous memory, all its processes together
}

// A fate is how a program ended.
type fate int

const (
	ended       fate = iota // by itself; an end's status says how
	outOfTime               // killed at the limit
	outOfMemory             // killed at the limit
)

// An end is what is known of a program that has ended.
type end struct {
	fate   fate
	status string // "" for success, otherwise such as "exit status 2"
	output string // stdout and stderr as they came, at most outputLimit bytes
	took   time.Duration
}

const (
	// outputLimit is many times the longest output that a program should have.
	outputLimit = 1 << 20
	// pollEvery is how often the memory of a program is looked at: a program
	// passes the limit by what it can touch in that time.
	pollEvery = 50 * time.Millisecond
	// lingering is how long a process that was killed may take to go.
	lingering = 10 * time.Second
)

// execute runs one program in a session of its own (setsid), so that all its
// processes are found, whatever process groups they make and whoever their
// parent has become. None of them is left when execute returns. The error says
// that the program could not be run at all, or that ctx ended before it.
func execute(ctx context.Context, cmd *exec.Cmd, l limits) (end, error) {
	var output cappedBuffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = lingering
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return end{}, fmt.Errorf("starting %s: %w", cmd.Path, err)
	}
	leader := cmd.Process.Pid
	// When the machine runs out of memory all the same, it is to be their turn.
	_ = os.WriteFile(filepath.Join("/proc", strconv.Itoa(leader), "oom_score_adj"), []byte("1000"), 0)

	var waiting sync.WaitGroup
	gone := make(chan struct{})
	waiting.Go(func() {
		defer close(gone)
		awaitEnd(leader)
	})
	result, err := watch(ctx, leader, l, gone)
	if killErr := killSession(leader); err == nil {
		err = killErr
	}
	waiting.Wait()
	waitErr := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err != nil:
		return end{}, err
	case errors.As(waitErr, &exit):
		result.status = exit.String()
	case waitErr != nil:
		return end{}, fmt.Errorf("waiting for a program: %w", waitErr)
	}
	result.took = time.Since(start)
	result.output = output.String()
	return result, nil
}

// watch returns when the leader has gone or the program has to.
func watch(ctx context.Context, leader int, l limits, gone <-chan struct{}) (end, error) {
	over := time.NewTimer(l.time)
	defer over.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-gone:
			return end{}, nil
		case <-ctx.Done():
			return end{}, context.Cause(ctx)
		case <-over.C:
			return end{fate: outOfTime}, nil
		case <-poll.C:
			members, err := session(leader)
			if err != nil {
				return end{}, err
			}
			var sum int64
			for _, pid := range members {
				sum += memory(pid)
			}
			if sum > l.memory {
				return end{fate: outOfMemory}, nil
			}
		}
	}
}

// awaitEnd returns when the child has ended, and leaves it unreaped: until then
// its number, and so that of its session, cannot be given to another.
func awaitEnd(child int) {
	const byPID = 1 // P_PID
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, byPID, uintptr(child), 0, syscall.WEXITED|syscall.WNOWAIT, 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// killSession ends every process of the session, also those that are started
// meanwhile.
func killSession(leader int) error {
	deadline := time.Now().Add(lingering)
	for {
		members, err := session(leader)
		if err != nil || len(members) == 0 {
			return err
		}
		for _, pid := range members {
			kill(pid, leader)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not end after SIGKILL", members)
		}
		time.Sleep(time.Millisecond) // processes end when the system gets round to it, and tell nobody but their parent
	}
}

// kill ends a process if it is still a member of the session: its number may
// belong to another by now. The handle that is opened first cannot.
func kill(pid, leader int) {
	process, err := os.FindProcess(pid)
	if err != nil {
		return
	}
	defer func() { _ = process.Release() }()
	if stat, ok := readStat(pid); ok && stat.session == leader && stat.alive {
		_ = process.Signal(syscall.SIGKILL) // it may have ended before
	}
}

// session returns the living processes of a session.
func session(leader int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("looking for the processes of a program: %w", err)
	}
	var members []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if stat, ok := readStat(pid); ok && stat.session == leader && stat.alive {
			members = append(members, pid)
		}
	}
	return members, nil
}

// stat is a part of /proc/PID/stat (proc(5)).
type stat struct {
	alive   bool // neither a zombie nor dead
	session int
}

func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	// The name, in parentheses, may hold anything; state, parent, group and
	// session follow it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 4 {
		return stat{}, false
	}
	leader, err := strconv.Atoi(fields[3])
	return stat{alive: !strings.Contains("ZX", fields[0]), session: leader}, err == nil
}

// memory returns the bytes of anonymous memory of a process, 0 when it has ended.
func memory(pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared); err != nil {
		return 0
	}
	return (resident - shared) * int64(os.Getpagesize())
}

// A cappedBuffer keeps the first outputLimit bytes and drops the rest.
type cappedBuffer struct{ bytes.Buffer }

func (b *cappedBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), outputLimit-b.Len())])
	return len(p), nil
}
