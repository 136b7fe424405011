package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A report is what was found about one engine.
type report struct {
	engine   string
	results  []result
	known    map[string]string // nil for an engine that is not judged
	complete bool              // every program of the list was run
}

// A count is how many programs of a directory passed.
type count struct {
	directory  string
	passed, of int
}

// total is the name of the count of everything.
const total = "all"

// counts returns the count of each directory in order, and of everything.
func (r report) counts() []count {
	var counts []count
	sum := count{directory: total}
	for _, found := range r.results {
		dir := path.Dir(found.program)
		i := slices.IndexFunc(counts, func(c count) bool { return c.directory == dir })
		if i < 0 {
			i = len(counts)
			counts = append(counts, count{directory: dir})
		}
		for _, c := range []*count{&counts[i], &sum} {
			c.of++
			if found.failure == "" {
				c.passed++
			}
		}
	}
	slices.SortFunc(counts, func(a, b count) int { return strings.Compare(a.directory, b.directory) })
	return append(counts, sum)
}

// unexpected are the failures that are not known.
func (r report) unexpected() []result {
	return r.filter(func(found result, known bool) bool { return found.failure != "" && !known })
}

// expected are the known failures that failed.
func (r report) expected() []result {
	return r.filter(func(found result, known bool) bool { return found.failure != "" && known })
}

// mended are the known failures that passed.
func (r report) mended() []result {
	return r.filter(func(found result, known bool) bool { return found.failure == "" && known })
}

func (r report) filter(keep func(found result, known bool) bool) []result {
	var kept []result
	for _, found := range r.results {
		if _, known := r.known[found.program]; keep(found, known) {
			kept = append(kept, found)
		}
	}
	return kept
}

// summary writes what people read at the end of a run.
func (r report) summary(w io.Writer) {
	for _, c := range r.counts() {
		fmt.Fprintf(w, "%s: %4d of %4d  %s\n", r.engine, c.passed, c.of, c.directory)
	}
	fmt.Fprintf(w, "%s: %d failures not known, %d known, %d known ones passed\n",
		r.engine, len(r.unexpected()), len(r.expected()), len(r.mended()))
	for _, found := range r.mended() {
		fmt.Fprintf(w, "%s: %s passes: strike it off known.txt\n", r.engine, found.program)
	}
}

// completeLine is the first line of the results of a complete run.
const completeLine = "complete"

// save writes the results as text to the file of the engine below dir:
// "complete" or "a part", a line with directory, passed and number for each
// count, and a paragraph for each kind of failure.
func (r report) save(dir string) error {
	var b strings.Builder
	if r.complete {
		fmt.Fprintln(&b, completeLine)
	} else {
		fmt.Fprintln(&b, "a part")
	}
	for _, c := range r.counts() {
		fmt.Fprintf(&b, "%s\t%d\t%d\n", c.directory, c.passed, c.of)
	}
	for _, kind := range []struct {
		title   string
		results []result
	}{
		{"Failures that are not known", r.unexpected()},
		{"Known failures", r.expected()},
		{"Known failures that passed", r.mended()},
	} {
		fmt.Fprintf(&b, "\n%s (%d)\n", kind.title, len(kind.results))
		for _, found := range kind.results {
			fmt.Fprintf(&b, "%s\t%v\t%s\n", found.program, found.took.Round(10*time.Millisecond), found.failure)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of the results: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, r.engine+".txt"), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// readCounts reads the counts of results that save has written; nil when they
// are about a part of the list.
func readCounts(file string) ([]count, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading results: %w", err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if first != completeLine {
		return nil, nil
	}
	var counts []count
	for line := range strings.Lines(rest) {
		if line == "\n" {
			break
		}
		var c count
		if _, err := fmt.Sscanf(line, "%s\t%d\t%d\n", &c.directory, &c.passed, &c.of); err != nil {
			return nil, fmt.Errorf("reading results of %s: %w", filepath.Base(file), err)
		}
		counts = append(counts, c)
	}
	return counts, nil
}
