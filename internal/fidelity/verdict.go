package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// A result is what was found about one program.
type result struct {
	program string
	failure string // "" when it passed, otherwise one line
	took    time.Duration
}

// expected returns the output that a program must have: that of the file with
// its name and the ending .out, and none where there is no such file.
func expected(tests, program string) (string, error) {
	text, err := os.ReadFile(filepath.Join(tests, strings.TrimSuffix(program, ".go")+".out"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the expected output: %w", err)
	}
	return string(text), nil
}

// verdict says in one line why a program failed that ended like e, "" when it
// passed. As in Go's own runner (cmd/internal/testdir) it must have ended with
// success and its output, stdout and stderr together, must be what is expected.
func verdict(e end, want string, l limits) string {
	output := strings.ReplaceAll(e.output, "\r\n", "\n")
	switch {
	case e.fate == outOfTime:
		return fmt.Sprintf("more than %v", l.time)
	case e.fate == outOfMemory:
		return fmt.Sprintf("more than %d MiB", l.memory>>20)
	case e.status != "":
		return strings.TrimSuffix(e.status+": "+firstLine(output), ": ")
	case output != want:
		return difference(want, output)
	}
	return ""
}

// colours are the escape sequences of tracebacks.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// lineLimit keeps a line of the results readable.
const lineLimit = 160

// firstLine returns the first line that is not blank, without colours.
func firstLine(output string) string {
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(colours.ReplaceAllString(line, "")); line != "" {
			return shorten(line)
		}
	}
	return ""
}

func shorten(line string) string {
	line = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(line, "\uFFFD"))
	if runes := []rune(line); len(runes) > lineLimit {
		return string(runes[:lineLimit]) + "…"
	}
	return line
}

// difference names the first line in which the output is not what it should be.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(g):
			return fmt.Sprintf("output ends before line %d: %s", i+1, shorten(w[i]))
		case i >= len(w):
			return fmt.Sprintf("output goes on at line %d: %s", i+1, shorten(g[i]))
		case w[i] != g[i] && want == "":
			return "output, where none is expected: " + firstLine(got)
		case w[i] != g[i]:
			return fmt.Sprintf("output differs at line %d: got %s, want %s", i+1, shorten(fmt.Sprintf("%q", g[i])), shorten(fmt.Sprintf("%q", w[i])))
		}
	}
	return "output differs"
}
