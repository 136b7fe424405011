package main

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pageHead is the part of the page that does not depend on results.
//
//go:embed page.md
var pageHead string

// writePage writes docs/fidelity.md about the complete results below dir.
func writePage(page, dir string, known map[string]string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return fmt.Errorf("looking for results: %w", err)
	}
	engines := map[string][]count{}
	for _, file := range files {
		counts, err := readCounts(file)
		if err != nil {
			return err
		}
		if counts != nil {
			engines[strings.TrimSuffix(filepath.Base(file), ".txt")] = counts
		}
	}
	if err := os.WriteFile(page, []byte(pageText(engines, known)), 0o644); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// pageText is the text of the page: what is always said, the counts by
// directory and engine, and the known failures.
func pageText(engines map[string][]count, known map[string]string) string {
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("\n## Programs that pass\n\n")
	names := slices.Sorted(maps.Keys(engines))
	if len(names) == 0 {
		b.WriteString("No engine has been measured.\n")
	} else {
		fmt.Fprintf(&b, "| directory | programs | %s |\n|---|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
		for _, row := range engines[names[0]] {
			directory := row.directory
			if directory == "." {
				directory = "test"
			}
			fmt.Fprintf(&b, "| %s | %d |", directory, row.of)
			for _, name := range names {
				i := slices.IndexFunc(engines[name], func(c count) bool { return c.directory == row.directory })
				if i < 0 {
					b.WriteString(" – |")
				} else {
					fmt.Fprintf(&b, " %d |", engines[name][i].passed)
				}
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\n## Known failures under our engines\n\n")
	if len(known) == 0 {
		b.WriteString("None is listed.\n")
		return b.String()
	}
	b.WriteString("| program | reason |\n|---|---|\n")
	for _, program := range slices.Sorted(maps.Keys(known)) {
		fmt.Fprintf(&b, "| %s | %s |\n", program, strings.ReplaceAll(known[program], "|", "\\|"))
	}
	return b.String()
}
