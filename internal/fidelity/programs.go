package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"go/build"
	"go/build/constraint"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

//go:embed programs.txt
var programsText string

// directories are those whose files the rule looks at, not what is below them:
// there are the packages of tests of several files.
var directories = []string{".", "abi", "chan", "dwarf", "fixedbugs", "interface", "ken", "typeparam"}

// recipe is the first line of a program that is compiled and run with no flags
// and no arguments (cmd/internal/testdir of the Go release explains recipes).
const recipe = "// run"

// selectPrograms applies the rule to the directory test of a Go release: the
// files in directories whose first line is the recipe and whose constraints
// allow linux/amd64 with the gc compiler and cgo. The paths have slashes and
// come in their order.
func selectPrograms(tests string) ([]string, error) {
	var selected []string
	for _, dir := range directories {
		entries, err := os.ReadDir(filepath.Join(tests, dir))
		if err != nil {
			return nil, fmt.Errorf("looking for programs: %w", err)
		}
		for _, entry := range entries {
			if entry.IsDir() || filepath.Ext(entry.Name()) != ".go" {
				continue
			}
			source, err := os.ReadFile(filepath.Join(tests, dir, entry.Name()))
			if err != nil {
				return nil, fmt.Errorf("looking for programs: %w", err)
			}
			if isProgram(string(source)) {
				selected = append(selected, path.Join(dir, entry.Name()))
			}
		}
	}
	slices.Sort(selected)
	return selected, nil
}

// isProgram applies the rule to one file.
func isProgram(source string) bool {
	first, _, _ := strings.Cut(source, "\n")
	if strings.TrimRight(first, " \t\r") != recipe {
		return false
	}
	header, _, _ := strings.Cut(source, "\npackage ")
	for line := range strings.Lines(header) {
		if expr, err := constraint.Parse(strings.TrimSpace(line)); err == nil && !expr.Eval(allowed) {
			return false
		}
	}
	return true
}

func allowed(tag string) bool {
	switch tag {
	case "linux", "unix", "amd64", "gc", "cgo":
		return true
	}
	return slices.Contains(build.Default.ReleaseTags, tag)
}

// printPrograms writes what programs.txt holds.
func printPrograms(tests string, w io.Writer) error {
	selected, err := selectPrograms(tests)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, strings.Join(selected, "\n"))
	return err
}

// listed returns the paths of programs.txt.
func listed() ([]string, error) {
	paths := strings.Fields(programsText)
	if len(paths) == 0 || !slices.IsSorted(paths) {
		return nil, errors.New("programs.txt is empty or not in order: make it again with -list")
	}
	return paths, nil
}

// choose returns every sample-th of the paths that match pick.
func choose(paths []string, sample int, pick *regexp.Regexp) []string {
	var chosen []string
	for i, p := range paths {
		if i%sample == 0 && pick.MatchString(p) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// testsDirectory returns the absolute path of the directory with the programs:
// the one that was named, or that of the Go installation.
func testsDirectory(ctx context.Context, named string) (string, error) {
	dir := named
	if dir == "" {
		root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return "", fmt.Errorf("asking for GOROOT: %w", err)
		}
		dir = filepath.Join(strings.TrimSpace(string(root)), "test")
	}
	if info, err := os.Stat(filepath.Join(dir, "fixedbugs")); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s is not the directory test of a Go release: set FIDELITY_TESTS; docs/fidelity.md tells how to get it", dir)
	}
	return filepath.Abs(dir)
}
