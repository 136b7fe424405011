package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs is where the real programs are built. TestMain makes and removes it.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cuaderno")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	programs = dir
	status := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// build builds cuaderno and its helper, without the race detector.
var build = sync.OnceValue(func() error {
	command := exec.Command("go", "build", "-race=false", "-o", programs+string(filepath.Separator),
		"cuaderno/cmd/cuaderno", "cuaderno/cmd/cuaderno-helper")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return nil
})

// realProgram returns the path of the built cuaderno, which has its helper
// beside it. The first call builds them.
func realProgram(t testing.TB) string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs, "cuaderno")
}
