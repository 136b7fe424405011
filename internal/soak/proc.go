package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A started process is told apart from a later one with its pid.
type started struct {
	pid, parent int
	at          string // in ticks since the machine started
	name        string
}

func (s started) String() string { return fmt.Sprintf("%d (%s)", s.pid, s.name) }

// look reads a process; ok is false when it has ended.
func look(pid int) (p started, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	// proc_pid_stat(5): pid (name) state ppid …, where the name may hold anything.
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	p.pid, p.at, p.name = pid, fields[19], string(stat[open+1:end])
	p.parent, _ = strconv.Atoi(fields[1])
	return p, fields[0] != "Z" && fields[0] != "X"
}

// descendants are the living processes below one.
func descendants(root int) []started {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := map[int][]started{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := look(pid); ok {
				children[p.parent] = append(children[p.parent], p)
			}
		}
	}
	var found []started
	for next := children[root]; len(next) > 0; {
		found = append(found, next[0])
		next = append(next[1:], children[next[0].pid]...)
	}
	return found
}

// living are those of the processes that have not ended.
func living(all []started) []started {
	return slices.DeleteFunc(slices.Clone(all), func(p started) bool {
		again, ok := look(p.pid)
		return !ok || again.at != p.at
	})
}

// A use is what a process holds.
type use struct {
	memory      int // resident, in KiB
	descriptors int
	threads     int
}

func useOf(pid int) use {
	var u use
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		if len(fields) == 0 {
			continue
		}
		switch name {
		case "VmRSS":
			u.memory, _ = strconv.Atoi(fields[0])
		case "Threads":
			u.threads, _ = strconv.Atoi(fields[0])
		}
	}
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.descriptors = len(files)
	return u
}
