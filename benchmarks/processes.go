package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed processes/programs.go processes/programs.py
var processPrograms embed.FS

// A processLine is a line of processes/programs.go, with how many times as quick
// as CPython's best start method it is to be.
type processLine struct {
	name, label string
	aim         float64
}

// processLines returns the lines in the order of the report.
func processLines() []processLine {
	return []processLine{
		{"trip", "pipe round trip", 1},
		{"bytes", "1 MiB, SendBytes", 2},
		{"values", "1 MiB, Send", 2},
		{"queue1", "queue item, one producer", 2},
		{"queue4", "queue item, four producers", 2},
		{"lock", "Lock and Unlock, alone", 1},
		{"alone", "increment under a lock, alone", 10},
		{"contended", "the same in two processes", 3},
		{"array", "Array access", 1},
		{"raw", "RawArray access", 1},
		{"pool", "pool of two to first result", 1},
		{"apply", "Apply round trip", 1},
		{"trivial", "Map, item of a trivial function", 1},
		{"suma", "Map, item of 1000 additions", 1},
	}
}

// peers are the start methods of CPython.
var peers = []string{"fork", "forkserver"}

// A processes value says what of mp is measured, and with what.
type processes struct {
	lines    []string
	rounds   int
	repeats  int    // of each line in each process
	cuaderno string // the program; cuaderno-helper is beside it
	python   string
}

// processNames returns the names of the lines.
func processNames() []string {
	var all []string
	for _, line := range processLines() {
		all = append(all, line.name)
	}
	return all
}

// run measures the lines of a list with commas, all for "", and reports.
func (p processes) run(ctx context.Context, list string, stdout, stderr io.Writer) (err error) {
	if p.lines, err = chosen(list, processNames()); err != nil {
		return err
	}
	before := load()
	found, err := p.measure(ctx, stderr)
	if err != nil {
		return err
	}
	return reportProcesses(stdout, found, p.lines, machine(before, load()))
}

// measure measures in rounds, in each of which each contender runs each line in
// a process of its own. What it started has ended when it returns.
func (p processes) measure(ctx context.Context, stderr io.Writer) (map[measured]series, error) {
	dir, remove, err := unpack(processPrograms)
	if err != nil {
		return nil, err
	}
	defer remove()
	found := map[measured]series{}
	for range p.rounds {
		for _, line := range p.lines {
			for _, contender := range append([]string{cuaderno}, peers...) {
				args := []string{p.python, filepath.Join(dir, "processes", "programs.py"), contender}
				if contender == cuaderno {
					args = []string{p.cuaderno, "run", filepath.Join(dir, "processes", "programs.go")}
				}
				args = append(args, strconv.Itoa(p.repeats), line)
				if err := runProcessLine(ctx, contender, args, found, stderr); err != nil {
					return nil, fmt.Errorf("running %s with %s: %w", line, contender, err)
				}
			}
		}
	}
	return found, nil
}

func runProcessLine(ctx context.Context, contender string, args []string, found map[measured]series, stderr io.Writer) error {
	output, err := outputOf(ctx, args, stderr)
	if err != nil {
		return err
	}
	samples := json.NewDecoder(strings.NewReader(output))
	for {
		var sample struct {
			Line string  `json:"line"`
			US   float64 `json:"us"`
		}
		err := samples.Decode(&sample)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a sample: %w", err)
		}
		key := measured{sample.Line, contender}
		value := found[key]
		value.ms = append(value.ms, sample.US/1e3)
		found[key] = value
	}
}

// reportProcesses writes the table. It is an error when a value was not measured.
func reportProcesses(w io.Writer, found map[measured]series, lines []string, machine string) error {
	fmt.Fprintf(w, "\n%s\n\n%-*s%*s", machine, labelWidth, "Processes and what joins them", 2*numberWidth, cuaderno)
	for _, peer := range peers {
		fmt.Fprintf(w, "%*s", 2*numberWidth, peer)
	}
	fmt.Fprintf(w, "%*s\n%-*s", 3*numberWidth, "best/cuaderno", labelWidth, "microseconds")
	for range len(peers) + 1 {
		fmt.Fprintf(w, "%*s%*s", numberWidth, "min", numberWidth, "median")
	}
	fmt.Fprintf(w, "%*s%*s%*s\n", numberWidth, "min", numberWidth, "median", numberWidth, "aim")
	for _, line := range processLines() {
		if !slices.Contains(lines, line.name) {
			continue
		}
		ours := found[measured{line.name, cuaderno}]
		if len(ours.ms) == 0 {
			return fmt.Errorf("nothing was measured for %q of %s", line.name, cuaderno)
		}
		fmt.Fprintf(w, "%-*s%*s%*s", labelWidth, line.label, numberWidth, digits(1e3*ours.min()), numberWidth, digits(1e3*ours.median()))
		best, bestMedian := 0.0, 0.0
		for _, peer := range peers {
			theirs := found[measured{line.name, peer}]
			if len(theirs.ms) == 0 {
				return fmt.Errorf("nothing was measured for %q of %s", line.name, peer)
			}
			fmt.Fprintf(w, "%*s%*s", numberWidth, digits(1e3*theirs.min()), numberWidth, digits(1e3*theirs.median()))
			if best == 0 || theirs.min() < best {
				best = theirs.min()
			}
			if bestMedian == 0 || theirs.median() < bestMedian {
				bestMedian = theirs.median()
			}
		}
		quotient := best / ours.min()
		fmt.Fprintf(w, "%*s%*s%*g\n", numberWidth, digits(quotient)+behind(quotient < line.aim), numberWidth, digits(bestMedian/ours.median()), numberWidth, line.aim)
	}
	fmt.Fprintln(w, "\nThe last columns say how many times as quick as the better of CPython's start methods cuaderno is. An exclamation mark is behind the aim.")
	return nil
}
