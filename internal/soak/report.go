package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// A bound says how much something of the steady kernel may grow in a run.
type bound struct {
	what  string
	unit  string
	limit float64
	value func(sample) float64
}

func mebibytes(kib int) float64 { return float64(kib) / 1024 }

// bounds are generous where Go's collector breathes and narrow where nothing
// does.
func bounds() []bound {
	return []bound{
		{"memory of the kernel", "MiB", 16, func(s sample) float64 { return mebibytes(s.kernel.memory) }},
		{"descriptors of the kernel", "", 3, func(s sample) float64 { return float64(s.kernel.descriptors) }},
		{"threads of the kernel", "", 4, func(s sample) float64 { return float64(s.kernel.threads) }},
		{"descriptors of the session", "", 3, func(s sample) float64 { return float64(s.session.descriptors) }},
		{"threads of the session", "", 8, func(s sample) float64 { return float64(s.session.threads) }},
		{"processes below the kernel", "", 2, func(s sample) float64 { return float64(s.processes) }},
	}
}

// perCell is how many KiB the session may keep of a cell: its declarations, its
// source for tracebacks, and its code. Most keep some hundred bytes; one that starts
// a process about 20 KiB, since what the child was told of may come back to it.
const perCell = 4

// keptOfACell is how many KiB the memory of the session grew by with each cell of
// the steady kernel.
func (s *soak) keptOfACell() float64 {
	grown, over := growth(s.samples, func(x sample) float64 { return float64(x.session.memory) })
	if over == 0 {
		return 0
	}
	cells, _ := growth(s.samples, func(x sample) float64 { return float64(x.steady) })
	return grown / cells
}

// goroutineSpare is how many more goroutines the steady kernel may have at its end
// than a kernel that has lived for a minute.
const goroutineSpare = 20

// report prints the figures, writes the page if asked to, and returns an error
// when something is not as it must be.
func (s *soak) report() error {
	var text strings.Builder
	s.figures(&text)
	fmt.Fprint(s.out, "\n", text.String())
	lost, faults := s.tally.bad()
	var problems []error
	if lost > 0 {
		problems = append(problems, fmt.Errorf("%d messages were lost", lost))
	}
	if faults > 0 {
		problems = append(problems, fmt.Errorf("%d faults", faults))
	}
	for _, b := range bounds() {
		if grown, _ := growth(s.samples, b.value); grown > b.limit {
			problems = append(problems, fmt.Errorf("the %s grew by %.1f %s, more than %.0f", b.what, grown, b.unit, b.limit))
		}
	}
	if kept := s.keptOfACell(); kept > perCell {
		problems = append(problems, fmt.Errorf("the session keeps %.1f KiB of each cell, more than %d", kept, perCell))
	}
	if n := len(s.quits); n > 0 && s.steady > s.quits[n-1]+goroutineSpare {
		problems = append(problems, fmt.Errorf("the steady kernel ended with %d goroutines, one that had lived for a minute with %d", s.steady, s.quits[n-1]))
	}
	if s.page != "" {
		if err := writeSection(s.page, text.String()); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// figures writes the tables of the page.
func (s *soak) figures(w *strings.Builder) {
	lost, faults := s.tally.bad()
	fmt.Fprintf(w, "| in %v | |\n|---|---|\n", time.Since(s.started).Round(time.Minute))
	for _, name := range s.tally.names() {
		fmt.Fprintf(w, "| %s | %d |\n", name, s.tally.count(name))
	}
	fmt.Fprintf(w, "| **lost messages and lines** | **%d** |\n| **other faults** | **%d** |\n\n", lost, faults)
	if len(s.samples) == 0 {
		return
	}
	first, last := s.samples[len(s.samples)/5], s.samples[len(s.samples)-1]
	fmt.Fprintf(w, "| the steady kernel, with nothing under way | after %v | after %v | trend over the time between | bound |\n|---|---|---|---|---|\n", first.at, last.at)
	for _, b := range bounds() {
		grown, _ := growth(s.samples, b.value)
		unit := strings.TrimSuffix(" "+b.unit, " ")
		fmt.Fprintf(w, "| %s | %.4g%s | %.4g%s | %+.1f%s | %.0f%s |\n", b.what, b.value(first), unit, b.value(last), unit, grown, unit, b.limit, unit)
	}
	fmt.Fprintf(w, "| memory of the session | %.4g MiB, %d cells | %.4g MiB, %d cells | %+.1f KiB a cell | %d KiB a cell |\n",
		mebibytes(first.session.memory), first.steady, mebibytes(last.session.memory), last.steady, s.keptOfACell(), perCell)
	if len(s.quits) > 0 && s.steady > 0 {
		fmt.Fprintf(w, "| goroutines of the kernel | %d (one that lived for a minute) | %d | | +%d |\n", s.quits[len(s.quits)-1], s.steady, goroutineSpare)
	}
}

// The section of the page is what stands between these lines.
const (
	sectionStart = "<!-- soak: written by make soak -->\n"
	sectionEnd   = "<!-- end of soak -->\n"
)

// writeSection replaces the section of a page, or appends it.
func writeSection(path, text string) error {
	page, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	before, rest, found := strings.Cut(string(page), sectionStart)
	_, after, closed := strings.Cut(rest, sectionEnd)
	switch {
	case len(page) == 0:
		before = "# Reliability\n\n"
	case !found:
		before, after = string(page)+"\n", ""
	case !closed:
		return fmt.Errorf("%s has no line %q", path, strings.TrimSpace(sectionEnd))
	}
	text = sectionStart + preface + "\n" + text + sectionEnd
	if err := os.WriteFile(path, []byte(before+text+after), 0o644); err != nil { //nolint:gosec // a page to read
		return fmt.Errorf("writing the section about the soak: %w", err)
	}
	return nil
}

const preface = `## An hour of use

` + "`make soak`" + ` uses two kernels for an hour: people who run cells of every kind one by one and all at once, answer
questions, interrupt, and ask for completions; interrupts at random moments; slow readers, front ends that vanish,
peers that say nothing, die in the middle of a message, sign wrongly, send noise or never read. The steady kernel lives
for the whole run with one session; the restarted one loses its session every few seconds, and is shut down, terminated,
killed and started again every minute. Each reading front end checks every message: a reply and one idle for each
request, numbered lines complete and in order, nothing after idle but late output of its own cell. What the steady kernel
holds is read from /proc each minute, when nothing is under way. A session remembers its cells, so its memory is given by
the cell.
`
