package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// unpack writes embedded programs into a directory, which remove removes.
func unpack(programs fs.FS) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "cuaderno-benchmarks-")
	if err != nil {
		return "", nil, fmt.Errorf("making a directory for the programs: %w", err)
	}
	remove = func() { _ = os.RemoveAll(dir) } // what cannot be removed stays in the system's directory for such
	if err := os.CopyFS(dir, programs); err != nil {
		remove()
		return "", nil, fmt.Errorf("writing the programs: %w", err)
	}
	return dir, remove, nil
}

// outputOf runs a program and returns what it prints. At the end of ctx the program
// is told to end what it has started.
func outputOf(ctx context.Context, args []string, stderr io.Writer) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr = stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.Output()
	return string(output), err
}

// chosen returns the names of a list with commas, which are among all; all for "".
func chosen(list string, all []string) ([]string, error) {
	if list == "" {
		return all, nil
	}
	names := strings.Split(list, ",")
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("there is no program %q, only %s", name, strings.Join(all, ", "))
		}
	}
	return names, nil
}
