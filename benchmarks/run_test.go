package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestRunMeasuresEachLine(t *testing.T) {
	venv := os.Getenv("CUADERNO_VENV")
	if venv == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("continuous integration measures, and CUADERNO_VENV is not set")
		}
		t.Skip("CUADERNO_VENV names no Python environment with Jupyter: run make test")
	}
	// Opening what the kernelspec starts makes go test run this test again when
	// it has changed.
	for _, name := range []string{"cuaderno", "cuaderno-helper"} {
		f, err := os.Open(filepath.Join("..", "bin", name))
		if err != nil {
			t.Fatalf("the kernel is not built (make build): %v", err)
		}
		f.Close()
	}
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), venv, []string{"-rounds", "1", "-quick", "-programs", "sieve", "-cuaderno", filepath.Join("..", "bin", "cuaderno")}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for _, table := range tables() {
		for _, line := range table.lines {
			if !strings.Contains(stdout.String(), "\n"+line.label+" ") {
				t.Errorf("no line %q in\n%s", line.label, stdout.String())
			}
		}
	}
}

func TestRunFailsWithWhatPythonSays(t *testing.T) {
	for name, script := range map[string]string{
		"an exit status": "#!/bin/sh\necho broken >&2\nexit 3\n",
		"no samples":     "#!/bin/sh\n",
		"no JSON":        "#!/bin/sh\necho surprise\n",
	} {
		t.Run(name, func(t *testing.T) {
			venv := environment(t, script)
			var stdout, stderr bytes.Buffer
			if err := run(t.Context(), venv, nil, &stdout, &stderr); err == nil {
				t.Fatalf("no error, stdout:\n%s", stdout.String())
			}
			if strings.Contains(script, "broken") && stderr.String() != "broken\n" {
				t.Errorf("stderr is %q", stderr.String())
			}
		})
	}
}

func TestRunWithoutAnEnvironmentSaysWhatToDo(t *testing.T) {
	err := run(t.Context(), "", nil, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "make bench") {
		t.Errorf("the error is %v", err)
	}
}

func TestRunLetsPythonCleanUp(t *testing.T) {
	dir := t.TempDir()
	ready, cleaned := filepath.Join(dir, "ready"), filepath.Join(dir, "cleaned")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Fatal(err)
	}
	venv := environment(t, "#!/bin/sh\ntrap 'echo >"+cleaned+"; exit 1' TERM\necho >"+ready+"\nwhile :; do :; done\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, _ = os.ReadFile(ready) // returns when the program has written it
		cancel()
	}()
	if err := run(ctx, venv, nil, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
		t.Error("no error after the run was cancelled")
	}
	if _, err := os.Stat(cleaned); err != nil {
		t.Errorf("the program could not clean up: %v", err)
	}
}

// environment makes a directory like a Python environment, whose python is script.
func environment(t *testing.T, script string) string {
	t.Helper()
	venv := t.TempDir()
	if err := os.Mkdir(filepath.Join(venv, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(venv, "bin", "python"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return venv
}
