// Command benchmarks measures Cuaderno beside ipykernel and CPython's
// multiprocessing, and its language beside compiled Go, yaegi and CPython, and
// prints what it found.
//
//	CUADERNO_VENV=.venv go run ./benchmarks [-rounds N] [-quick]
//	go run ./benchmarks -processes [-programs trip,queue1] …
//	go run ./benchmarks -lang [-engine E] [-programs fib,suma] …
//
// It runs kernels.py with the Python of the environment in CUADERNO_VENV, which
// has Jupyter and the kernelspecs cuaderno and python3, and then the programs
// in processes and lang; those measure and write samples, this one makes them
// into tables. With -processes or -lang it needs no Jupyter. The exit status is 1 when something does not
// work; no time is asserted. README.md explains each line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
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
	var l languages
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(stderr)
	rounds := flags.Int("rounds", 5, "how often each contender is started and measured")
	quick := flags.Bool("quick", false, "take few samples, to see that everything works")
	only := flags.Bool("lang", false, "measure the language only")
	joined := flags.Bool("processes", false, "measure processes and what joins them only")
	list := flags.String("programs", "", "the programs for the language, such as fib,suma, or lines of processes, such as trip,queue1; none is all of them, or a few quick ones")
	flags.StringVar(&l.cuaderno, "cuaderno", filepath.Join("bin", "cuaderno"), "the program that runs the programs for the language")
	flags.StringVar(&l.engine, "engine", "", "its engine")
	flags.StringVar(&l.python, "python", "python3", "CPython, for the language without an environment")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *joined {
		p := processes{rounds: *rounds, repeats: 3, cuaderno: l.cuaderno, python: l.python}
		if *quick && *list == "" {
			*list = quickLines
		}
		return p.run(ctx, *list, stdout, stderr)
	}
	l.rounds, l.repeats, l.cells = *rounds, 3, 200
	if *quick {
		l.repeats, l.cells = 1, 20
		if *list == "" {
			*list = quickPrograms
		}
	}
	var err error
	if l.programs, err = chosen(*list, languageNames()); err != nil {
		return err
	}
	if !*only {
		if venv == "" {
			return errors.New("CUADERNO_VENV names no Python environment with Jupyter: run make bench, or give -lang")
		}
		l.python = filepath.Join(venv, "bin", "python")
		before := load()
		found, err := measure(ctx, venv, *rounds, *quick, stderr)
		if err != nil {
			return err
		}
		if err := found.report(stdout, machine(before, load())); err != nil {
			return err
		}
		p, lines := processes{rounds: *rounds, repeats: 3, cuaderno: l.cuaderno, python: l.python}, ""
		if *quick {
			lines = quickLines
		}
		if err := p.run(ctx, lines, stdout, stderr); err != nil {
			return err
		}
	}
	before := load()
	found, err := l.measure(ctx, stderr)
	if err != nil {
		return err
	}
	return found.report(stdout, l, machine(before, load()))
}

// quickPrograms and quickLines are done in a second by every contender.
const (
	quickPrograms = "sieve,matmul,append"
	quickLines    = "trip,array,apply"
)
