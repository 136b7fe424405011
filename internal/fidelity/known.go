package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed known.txt
var knownText string

// readKnown reads the known failures, program to reason. A line has a program,
// blanks and the reason; lines that begin with # are comments. Each program
// must be in programs, which are in order.
func readKnown(text string, programs []string) (map[string]string, error) {
	known := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		program, reason, _ := strings.Cut(line, " ")
		reason = strings.TrimSpace(reason)
		if _, listed := slices.BinarySearch(programs, program); !listed {
			return nil, fmt.Errorf("known.txt: %s is not in programs.txt", program)
		}
		if _, twice := known[program]; twice || reason == "" {
			return nil, fmt.Errorf("known.txt: %s needs one line, with a reason", program)
		}
		known[program] = reason
	}
	return known, nil
}
