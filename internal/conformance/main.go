// Command conformance writes docs/conformance.md: CPython's own tests of
// multiprocessing, and what this project's suite says of each.
//
//	conformance            run the suite and write the page
//	conformance -check     run the suite and compare with the page
//
// It runs go test -json on package mpruntime/conformance, whose subtests are
// named by CPython's test methods, and reads mpruntime/testdata/cpython.txt,
// which lists all of those methods. It fails when a row that the list calls ported
// does not hold, or was not run.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

const (
	listFile = "mpruntime/testdata/cpython.txt"
	pageFile = "docs/conformance.md"
	suite    = "./mpruntime/conformance"
)

func main() {
	check := flag.Bool("check", false, "compare with the page instead of writing it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *check); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, check bool) error {
	text, err := os.ReadFile(listFile)
	if err != nil {
		return fmt.Errorf("reading the list (run it in the module's root): %w", err)
	}
	rows, err := parse(string(text))
	if err != nil {
		return err
	}
	results, err := runSuite(ctx, suite)
	if err != nil {
		return err
	}
	broken := results.missing(rows)
	for _, r := range broken {
		fmt.Fprintf(os.Stderr, "conformance: %s (%s) %s\n", r.Method, r.Test, results.verdict(r))
	}
	page := render(rows, results)
	if check {
		have, err := os.ReadFile(pageFile)
		if err != nil {
			return fmt.Errorf("reading the page: %w", err)
		}
		if !bytes.Equal(have, page) {
			return fmt.Errorf("%s is not what the suite says; mend it with: make conformance", pageFile)
		}
	} else if err := os.WriteFile(pageFile, page, 0o644); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d rows do not hold", len(broken))
	}
	return nil
}
