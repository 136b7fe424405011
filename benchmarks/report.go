package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A table of the report compares the first contender with the reference, in
// milliseconds.
type table struct {
	title      string
	contenders []string
	reference  string
	lines      []line
}

// A line of a table: its name among the samples, and what people read.
type line struct{ name, label string }

// tables returns the report as it is printed.
func tables() []table {
	return []table{
		{
			title:      "Kernels",
			contenders: []string{"cuaderno", "ipykernel"},
			reference:  "ipykernel",
			lines: []line{
				{"ready", "start to ready"},
				{"first", "start to the result of a first 1+1"},
				{"sum", "1+1 round trip"},
				{"lines", "10 000 lines to idle"},
				{"interrupt", "interrupt of a busy loop to idle"},
				{"kill", "SIGKILL to the end of the last process"},
			},
		},
		{
			title:      "Children, beside CPython's multiprocessing",
			contenders: []string{"cuaderno", "fork", "forkserver", "spawn"},
			reference:  "fork",
			lines: []line{
				{"rested", "start to first statement, after a rest"},
				{"rested-join", "start and join, after a rest"},
				{"row", "start to first statement, in a row"},
				{"row-join", "start and join, in a row"},
				{"burst", "20 at once, to first statement of last"},
			},
		},
	}
}

const (
	labelWidth  = 40
	numberWidth = 8
)

// report writes all tables to w. It is an error when a value was not measured.
func (s samples) report(w io.Writer, machine string) error {
	fmt.Fprintf(w, "\n%s, %s\n", machine, s.about)
	for _, t := range tables() {
		fmt.Fprintf(w, "\n%-*s", labelWidth, t.title)
		for _, contender := range t.contenders {
			fmt.Fprintf(w, "%*s", 2*numberWidth, contender)
		}
		fmt.Fprintf(w, "%*s\n%-*s", 2*numberWidth, "cuaderno to", labelWidth, "milliseconds")
		for range t.contenders {
			fmt.Fprintf(w, "%*s%*s", numberWidth, "min", numberWidth, "median")
		}
		fmt.Fprintf(w, "%*s\n", 2*numberWidth, t.reference)
		for _, l := range t.lines {
			row, err := s.row(t, l)
			if err != nil {
				return err
			}
			fmt.Fprintln(w, row)
		}
	}
	fmt.Fprintln(w, "\nThe last column is the quotient of the medians: below 1, cuaderno is quicker.")
	return nil
}

// row returns one line of a table.
func (s samples) row(t table, l line) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", labelWidth, l.label)
	for _, contender := range t.contenders {
		value := s.values[measured{l.name, contender}]
		switch {
		case value.left > 0:
			fmt.Fprintf(&b, "%*s", 2*numberWidth, strconv.Itoa(value.left)+" left")
		case len(value.ms) == 0:
			return "", fmt.Errorf("nothing was measured for %q of %s", l.label, contender)
		default:
			fmt.Fprintf(&b, "%*s%*s", numberWidth, digits(value.min()), numberWidth, digits(value.median()))
		}
	}
	ours, theirs := s.values[measured{l.name, t.contenders[0]}], s.values[measured{l.name, t.reference}]
	if ours.left > 0 || theirs.left > 0 {
		fmt.Fprintf(&b, "%*s", 2*numberWidth, "-")
	} else {
		fmt.Fprintf(&b, "%*s", 2*numberWidth, fmt.Sprintf("%.3f", ours.median()/theirs.median()))
	}
	return b.String(), nil
}

// digits formats a time with three digits, or all before the point.
func digits(ms float64) string {
	switch {
	case ms < 9.995:
		return fmt.Sprintf("%.2f", ms)
	case ms < 99.95:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}
