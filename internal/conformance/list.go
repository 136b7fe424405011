package main

import (
	"fmt"
	"strings"
)

// A verdict is what the list says of a method.
type verdict int

const (
	ported verdict = iota
	differs
	notApplicable
)

// A row is a method of CPython's suite, or a behaviour of our own.
type row struct {
	// Method is Class.method; of a behaviour of our own, a sentence.
	Method  string
	Verdict verdict
	Test    string // the Go test, "" if there is none
	Why     string // it differs or is not applicable
}

// ownPrefix begins the line of a behaviour that CPython has no test of.
const ownPrefix = "own: "

// Own reports whether the row is none of CPython's.
func (r row) Own() bool { return !strings.Contains(r.Method, ".") || strings.Contains(r.Method, " ") }

// class is what comes before the dot.
func (r row) class() string {
	if r.Own() {
		return "Beyond CPython's suite"
	}
	class, _, _ := strings.Cut(r.Method, ".")
	return class
}

// parse reads the list: a line a row, a tab between method and verdict.
func parse(text string) ([]row, error) {
	var rows []row
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		method, rest, ok := strings.Cut(line, "\t")
		r := row{Method: strings.TrimPrefix(method, ownPrefix)}
		switch {
		case !ok:
		case strings.HasPrefix(rest, "ported as "):
			r.Test = strings.TrimPrefix(rest, "ported as ")
		case strings.HasPrefix(rest, "differs because "):
			r.Verdict, r.Why = differs, strings.TrimPrefix(rest, "differs because ")
		case strings.HasPrefix(rest, "not applicable because "):
			r.Verdict, r.Why = notApplicable, strings.TrimPrefix(rest, "not applicable because ")
		default:
			ok = false
		}
		if !ok || seen[r.Method] {
			return nil, fmt.Errorf("%s:%d: no row, or the second of its method: %q", listFile, i+1, line)
		}
		seen[r.Method] = true
		rows = append(rows, r)
	}
	return rows, nil
}
