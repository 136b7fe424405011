package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed lang/programs.go lang/programs.py
var languagePrograms embed.FS

// Contenders of the language benchmark, in the order of the report.
const (
	compiled   = "go"
	cuaderno   = "cuaderno"
	yaegiAlone = "yaegi"
	cpython    = "cpython"
)

var languageContenders = []string{compiled, cuaderno, yaegiAlone, cpython}

// cellLine is the name of the line of a trivial cell.
const cellLine = "cell"

// A languages value says what of the language is measured, and with what.
type languages struct {
	programs []string // their names in lang/programs.go
	rounds   int
	repeats  int    // of each program in each process
	cells    int    // trivial cells
	cuaderno string // the program; cuaderno-helper is beside it
	engine   string // value of its --engine, "" for none
	python   string
}

// A timing is what was found for one program of one contender.
type timing struct {
	series
	objects int64 // the fewest that were allocated in a run of it; 0 for CPython, which does not tell
}

// timings holds what was found. A program's values have been compared: all
// contenders computed the same.
type timings map[measured]timing

// measure measures in rounds, in each of which each contender runs each
// program, in a process of its own for each. What it started has ended when it
// returns.
func (l languages) measure(ctx context.Context, stderr io.Writer) (timings, error) {
	dir, remove, err := unpack(languagePrograms)
	if err != nil {
		return nil, err
	}
	defer remove()
	if l.cuaderno, err = filepath.Abs(l.cuaderno); err != nil {
		return nil, fmt.Errorf("finding Cuaderno: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, "cuaderno/benchmarks/lang/cell", "cuaderno/benchmarks/lang/yaegialone")
	plain := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, compiled), filepath.Join(dir, "lang", "programs.go"))
	for _, cmd := range []*exec.Cmd{build, plain} {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stdout, cmd.Stderr = stderr, stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("building the programs: %w", err)
		}
	}
	found, values := timings{}, map[string]int64{}
	for range l.rounds {
		for _, program := range l.programs {
			for _, contender := range languageContenders {
				args := append(l.command(dir, contender), strconv.Itoa(l.repeats), program)
				if err := found.run(ctx, contender, args, values, stderr); err != nil {
					return nil, fmt.Errorf("running %s with %s: %w", program, contender, err)
				}
			}
		}
		helper := filepath.Join(filepath.Dir(l.cuaderno), "cuaderno-helper")
		args := []string{filepath.Join(dir, "cell"), strconv.Itoa(l.cells), helper}
		if err := found.run(ctx, cuaderno, args, values, stderr); err != nil {
			return nil, fmt.Errorf("running cells: %w", err)
		}
	}
	return found, nil
}

// command returns the beginning of the command line with which a contender runs
// the programs that lie in dir.
func (l languages) command(dir, contender string) []string {
	source := filepath.Join(dir, "lang", "programs.go")
	switch contender {
	case compiled:
		return []string{filepath.Join(dir, compiled)}
	case yaegiAlone:
		return []string{filepath.Join(dir, "yaegialone"), source}
	case cpython:
		return []string{l.python, filepath.Join(dir, "lang", "programs.py")}
	}
	args := []string{l.cuaderno, "run"}
	if l.engine != "" {
		args = append(args, "--engine="+l.engine)
	}
	return append(args, source)
}

// run runs a program and adds the samples that it prints (lang/programs.go).
func (t timings) run(ctx context.Context, contender string, args []string, values map[string]int64, stderr io.Writer) error {
	output, err := outputOf(ctx, args, stderr)
	if err != nil {
		return err
	}
	return t.add(contender, output, values)
}

// add adds the samples of a contender. values has what each program has
// returned until now.
func (t timings) add(contender, output string, values map[string]int64) error {
	lines := json.NewDecoder(strings.NewReader(output))
	for {
		var sample struct {
			Line    string  `json:"line"`
			Value   int64   `json:"value"`
			MS      float64 `json:"ms"`
			Objects int64   `json:"objects"`
		}
		err := lines.Decode(&sample)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a sample: %w", err)
		}
		if before, ok := values[sample.Line]; ok && before != sample.Value {
			return fmt.Errorf("%s is %d here, and was %d", sample.Line, sample.Value, before)
		}
		values[sample.Line] = sample.Value
		key := measured{sample.Line, contender}
		value, seen := t[key]
		value.ms = append(value.ms, sample.MS)
		if !seen || sample.Objects < value.objects {
			value.objects = sample.Objects
		}
		t[key] = value
	}
}

// languageNames returns the names of the programs.
func languageNames() []string {
	var all []string
	for _, l := range languageLines() {
		all = append(all, l.name)
	}
	return all
}
