package interp

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// kill kills the process if it still belongs to the group.
func (m member) kill() bool {
	if m.pid == 0 {
		return false
	}
	p, err := os.FindProcess(m.pid) // from here on the number means this process
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return groupOf(m.pid) == syscall.Getpgrp() && p.Kill() == nil
}

// members returns the processes of this one's group with what they have in memory
// (proc(5)).
func members() (all []member) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	own := syscall.Getpgrp()
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || groupOf(pid) != own {
			continue
		}
		status, _ := os.ReadFile("/proc/" + name + "/status")
		m := member{pid: pid}
		for line := range bytes.Lines(status) {
			if rest, ok := bytes.CutPrefix(line, []byte("RssAnon:")); ok {
				m.own = kilobytes(rest)
			} else if rest, ok := bytes.CutPrefix(line, []byte("RssShmem:")); ok {
				m.shared = kilobytes(rest)
			}
		}
		all = append(all, m)
	}
	return all
}

// groupOf returns the process group of a process, 0 if that is gone.
func groupOf(pid int) int {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name, in parentheses, may have any byte; state, parent and group follow it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 3 {
		return 0
	}
	n, _ := strconv.Atoi(fields[2])
	return n
}

// kilobytes reads "  1234 kB" as bytes.
func kilobytes(text []byte) uint64 {
	n, _ := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(string(text)), " kB"), 10, 64)
	return n << 10
}
