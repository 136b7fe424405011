package main

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// memoryLimit is how many bytes the values of a session may take before its cell
// is stopped: three quarters of the machine's memory, or of what its control
// group may have, so that the kernel of the operating system never has to choose
// whom to kill. It is 0, no limit, where neither can be told.
func memoryLimit() uint64 {
	limit := totalMemory()
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil && (limit == 0 || n < limit) {
			limit = n
		}
	}
	return limit / 4 * 3
}

// totalMemory is the machine's memory in bytes (proc(5), meminfo).
func totalMemory() uint64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 1 && fields[0] == "MemTotal:" {
			n, _ := strconv.ParseUint(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}
