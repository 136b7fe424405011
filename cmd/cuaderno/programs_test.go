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
	command.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building the programs: %w\n%s", err, out)
	}
	return lookAtSources()
})

// lookAtSources looks at every source file: go test shows a cached result only
// while the files that a test has looked at are unchanged, and the helper's are
// not among those that the test itself is built from.
func lookAtSources() error {
	for _, dir := range []string{"cmd", "install", "internal", "interp", "kernel", "mpruntime"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, _ os.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".go" {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("looking at the sources: %w", err)
		}
	}
	return nil
}

// realProgram returns the path of the built cuaderno, which has its helper
// beside it. The first call builds them.
func realProgram(t testing.TB) string {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(programs, "cuaderno")
}
