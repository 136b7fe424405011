// Command benchmarks measures Cuaderno beside ipykernel and CPython's
// multiprocessing, and prints what it found.
//
//	CUADERNO_VENV=.venv go run ./benchmarks [-rounds N] [-quick]
//
// It runs kernels.py with the Python of the environment in CUADERNO_VENV, which
// has Jupyter and the kernelspecs cuaderno and python3; that program measures
// and writes samples, this one makes them into tables. The exit status is 1 when
// something does not work; no time is asserted. README.md explains each line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("CUADERNO_VENV"), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// run measures with the Python environment venv and writes the report to stdout,
// and what is going on to stderr.
func run(ctx context.Context, venv string, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 5, "how often each kernel is started and measured")
	quick := flags.Bool("quick", false, "take few samples, to see that everything works")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if venv == "" {
		return errors.New("CUADERNO_VENV names no Python environment with Jupyter: run make bench")
	}
	before := load()
	found, err := measure(ctx, venv, *rounds, *quick, stderr)
	if err != nil {
		return err
	}
	return found.report(stdout, machine(before, load()))
}
