package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"cuaderno/internal/limits"
	"cuaderno/interp/lang/limited"
)

func runCommand() command {
	return command{
		name:     "run",
		synopsis: "[--engine auto] [--timeout 60s] [--memory 2G] FILE.go|- ARGS…\n       cuaderno run FILE.ipynb [-o out.ipynb] [--timeout 60s] [--memory 2G] [--allow-errors] ARGS…",
		summary:  "Run a Go program or a notebook, without Jupyter.",
		run:      runRun,
	}
}

// A runRequest is what the command line of run asks for.
type runRequest struct {
	file        string
	args        []string // os.Args[1:] of what is run
	out         string   // where an executed notebook is written, "" for nowhere
	allowErrors bool
}

func runRun(ctx context.Context, p *program, args []string) error {
	var request runRequest
	set := p.flags(runCommand())
	set.StringVar(&request.out, "o", "", "write the notebook with its outputs to `out.ipynb`, also when a cell fails")
	var timeout string
	set.Func("timeout", "interrupt a cell or program that runs longer, such as `60s`; also CUADERNO_CELL_TIMEOUT", func(text string) error {
		timeout = text
		_, err := limits.ParseDuration(text)
		return err
	})
	set.BoolVar(&request.allowErrors, "allow-errors", false, "go on after a cell that fails")
	engine := engineFlag(set)
	flags := newLimitFlags(set, "cell-timeout")
	if err := request.parse(p, set, args); err != nil {
		return err
	}
	rules, err := request.rules(p, flags, timeout)
	if err != nil {
		return err
	}
	start, err := p.starter(*engine, rules, append([]string{request.file}, request.args...)...)
	if err != nil {
		return err
	}
	if request.notebook() {
		return p.runNotebook(ctx, request, inDirectory(start, filepath.Dir(request.file)))
	}
	return p.runProgram(ctx, request, start)
}

// engineFlag is the flag --engine, which the session judges.
func engineFlag(set *flag.FlagSet) *string {
	return set.String("engine", "auto", "which `engine` runs statements: auto, compiled or yaegi")
}

// rules are the limits of what is run. A program may print what it likes, unless
// told otherwise.
func (r *runRequest) rules(p *program, flags *limitFlags, timeout string) (limited.Rules, error) {
	l := limits.Limits{Memory: limits.DefaultMemory(), Processes: limits.DefaultProcesses}
	if r.notebook() {
		l.Output = limits.DefaultOutput
	}
	setting := "--timeout"
	if timeout == "" {
		setting, timeout = "CUADERNO_CELL_TIMEOUT", p.host.Getenv("CUADERNO_CELL_TIMEOUT")
	}
	l, err := flags.resolve(p.host.Getenv, l)
	if err == nil && timeout != "" {
		if l.CellTime, err = limits.ParseDuration(timeout); err != nil {
			err = fmt.Errorf("%s: %w", setting, err)
		}
	}
	return limited.Rules{Limits: l, Patience: stopPatience, TimeSetting: setting}, err
}

// parse reads the command line. As with go run, what follows the file of a
// program is the program's; the flags of a notebook may follow its file. In
// both cases the rest may begin with --.
func (r *runRequest) parse(p *program, set *flag.FlagSet, args []string) error {
	if err := p.parse(set, args, -1); err != nil {
		return err
	}
	if set.NArg() == 0 {
		return p.mistake(set, "name a file: FILE.go, FILE.ipynb, or - for standard input")
	}
	r.file, r.args = set.Arg(0), set.Args()[1:]
	if r.notebook() {
		if err := p.parse(set, r.args, -1); err != nil {
			return err
		}
		r.args = set.Args()
	} else if len(r.args) > 0 && r.args[0] == "--" {
		r.args = r.args[1:]
	}
	switch {
	case r.notebook():
		return nil
	case r.file != "-" && filepath.Ext(r.file) != ".go":
		return p.mistake(set, fmt.Sprintf("%s is neither a .go nor an .ipynb file", r.file))
	case r.out != "" || r.allowErrors:
		return p.mistake(set, "-o and --allow-errors are for notebooks")
	}
	return nil
}

func (r *runRequest) notebook() bool { return filepath.Ext(r.file) == ".ipynb" }

// source reads the program.
func (r *runRequest) source(stdin io.Reader) (string, error) {
	var data []byte
	var err error
	if r.file == "-" {
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(r.file)
	}
	if err != nil {
		return "", fmt.Errorf("reading the program: %w", err)
	}
	return string(data), nil
}

// interruptedStatus is the exit status of a program that a signal ended, as
// shells give it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
func interruptedStatus(ctx context.Context) exitError {
	signal := syscall.SIGINT
	// signal.NotifyContext tells the signals apart by the text of the cause only.
	for _, other := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		if cause := context.Cause(ctx); cause != nil && strings.HasPrefix(cause.Error(), other.String()) {
			signal = other
		}
	}
	return 128 + exitError(signal)
}
