package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A languageLine is a program of lang/programs.go, with the most that it may
// take as a multiple of compiled Go's time; 0 asks for nothing.
type languageLine struct {
	name, label string
	target      float64
}

// languageLines returns the programs in the order of the report.
func languageLines() []languageLine {
	return []languageLine{
		{"fib", "fib(30)", 11},
		{"suma", "10 million additions", 20},
		{"sieve", "sieve to a million", 18},
		{"matmul", "matrices of 120 by 120", 21},
		{"map", "a million map updates", 3.9},
		{"builder", "a million Builder.WriteString", 3.7},
		{"sort", "sort.Slice of 100 000", 6.4},
		{"nbody", "five bodies, 10 000 steps", 32},
		{"chan", "100 000 channel round trips", 1.6},
		{"closure", "a million closure calls", 21},
		{"called", "the same, closure not inlined by Go", 0},
		{"append", "a million appends", 3.5},
	}
}

const (
	// fibCalls is the number of calls that fib(30) makes: 2 F(31) - 1.
	fibCalls = 2692537
	// callTarget is the most nanoseconds that a call may take.
	callTarget = 40
	// cellTarget is the most milliseconds that a trivial cell may take.
	cellTarget = 0.3
)

// report writes the table of the programs, and the lines about a call and a
// cell. It is an error when a value was not measured.
func (t timings) report(w io.Writer, l languages, machine string) error {
	fmt.Fprintf(w, "\n%s\n\n%-*s", machine, labelWidth, "The language, CPU time")
	for _, contender := range languageContenders {
		fmt.Fprintf(w, "%*s", 2*numberWidth, contender)
	}
	fmt.Fprintf(w, "%*s\n%-*s", 4*numberWidth, "cuaderno to", labelWidth, "milliseconds")
	for range languageContenders {
		fmt.Fprintf(w, "%*s%*s", numberWidth, "min", numberWidth, "median")
	}
	for _, title := range []string{compiled, "aim", yaegiAlone, cpython} {
		fmt.Fprintf(w, "%*s", numberWidth, title)
	}
	fmt.Fprintln(w)
	for _, line := range languageLines() {
		if !slices.Contains(l.programs, line.name) {
			continue
		}
		row, err := t.row(line)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, row)
	}
	cell := t[measured{cellLine, cuaderno}]
	if len(cell.ms) == 0 {
		return errors.New("no cell was measured")
	}
	if slices.Contains(l.programs, "fib") {
		for _, contender := range languageContenders {
			found := t[measured{"fib", contender}]
			fmt.Fprintf(w, "%s %.1f ns", startOfLine(contender, "a call, from fib(30): "), found.min()*1e6/fibCalls)
			if contender != cpython {
				fmt.Fprintf(w, " (%.3f objects)", float64(found.objects)/fibCalls)
			}
		}
		ours := t[measured{"fib", cuaderno}]
		fmt.Fprintf(w, "; aim: %d ns, no object%s\n", callTarget, behind(ours.min()*1e6/fibCalls > callTarget || ours.objects >= fibCalls/100))
	}
	fmt.Fprintf(w, "a trivial cell, warm, inside the session: min %.3f, median %.3f ms of wall time; aim: %g%s\n",
		cell.min(), cell.median(), cellTarget, behind(cell.min() > cellTarget))
	fmt.Fprintln(w, "\nThe last columns are quotients of the minima: below 1, cuaderno is quicker. An exclamation mark is behind the aim.")
	return nil
}

// startOfLine returns the words before the number of a contender in a list of them.
func startOfLine(contender, title string) string {
	if contender == languageContenders[0] {
		return title + contender
	}
	return ", " + contender
}

// row returns the line of one program.
func (t timings) row(line languageLine) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", labelWidth, line.label)
	for _, contender := range languageContenders {
		value := t[measured{line.name, contender}]
		if len(value.ms) == 0 {
			return "", fmt.Errorf("nothing was measured for %q of %s", line.name, contender)
		}
		fmt.Fprintf(&b, "%*s%*s", numberWidth, digits(value.min()), numberWidth, digits(value.median()))
	}
	ours := t[measured{line.name, cuaderno}].min()
	for _, contender := range []string{compiled, yaegiAlone, cpython} {
		quotient, most := ours/t[measured{line.name, contender}].min(), 1.0
		if contender == compiled {
			most = line.target
		}
		fmt.Fprintf(&b, "%*s", numberWidth, digits(quotient)+behind(most > 0 && quotient > most))
		switch {
		case contender != compiled:
		case line.target == 0:
			fmt.Fprintf(&b, "%*s", numberWidth, "-")
		default:
			fmt.Fprintf(&b, "%*g", numberWidth, line.target)
		}
	}
	return b.String(), nil
}

// behind marks a value that is behind its aim.
func behind(is bool) string {
	if is {
		return "!"
	}
	return ""
}
