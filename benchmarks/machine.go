package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// load returns the load averages of one, five and fifteen minutes, "unknown"
// where the system has no /proc.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(text))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// machine describes where the measurements were taken.
func machine(before, after string) string {
	return fmt.Sprintf("%s/%s, %d cores, load %s before and %s after, %s",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), before, after, runtime.Version())
}
