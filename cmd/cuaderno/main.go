// Command cuaderno is the Jupyter kernel for Go, and what installs it.
//
//	cuaderno kernel       serve a notebook (Jupyter starts this)
//	cuaderno run          run a Go program or a notebook, without Jupyter
//	cuaderno install      write the kernelspec, so that Jupyter offers the kernel
//	cuaderno uninstall    remove it
//	cuaderno list         show the kernelspecs that Jupyter finds
//	cuaderno version      print what was built
//
// Each verb is a command in a file of its own, named after it, and a line in
// commands. It reads flags (GNU style: --user, --name N), wires packages
// together and talks through the program value; only main touches the process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"cuaderno/install"
)

// version is the release that this tree becomes.
const version = "0.1.0-dev"

// A command is one verb of the program.
type command struct {
	name     string
	synopsis string // the arguments, as in a usage line
	summary  string // one line for the list of verbs
	run      func(ctx context.Context, p *program, args []string) error
	// survives says that SIGINT means nothing to the command: a terminal and
	// front ends send it to whole groups of processes.
	survives bool
}

// commands lists the verbs in the order in which usage shows them.
func commands() []command {
	return []command{
		kernelCommand(),
		runCommand(),
		installCommand(),
		uninstallCommand(),
		listCommand(),
		versionCommand(),
	}
}

// A program is what a command may touch of the process that runs it.
type program struct {
	arg0   string // os.Args[0]
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	host   install.Host
}

// exitError ends the program with a status of its own. Whoever returns it has
// told the user why.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// usageStatus is the exit status after a mistake on the command line.
const usageStatus exitError = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	p := &program{arg0: os.Args[0], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, host: install.ThisHost()}
	status := p.main(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// main runs the verb that args name and returns the exit status.
func (p *program) main(ctx context.Context, args []string) int {
	if len(args) == 0 {
		p.usage(p.stderr)
		return int(usageStatus)
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		p.usage(p.stdout)
		return 0
	case "--version", "-version":
		args = []string{"version"}
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if c.survives {
			signal.Notify(make(chan os.Signal, 1), os.Interrupt)
		} else {
			var stop context.CancelFunc
			ctx, stop = signal.NotifyContext(ctx, os.Interrupt)
			defer stop()
		}
		err := c.run(ctx, p, args[1:])
		var status exitError
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.As(err, &status):
			return int(status)
		}
		fmt.Fprintf(p.stderr, "cuaderno %s: %v\n", c.name, err)
		return 1
	}
	fmt.Fprintf(p.stderr, "cuaderno: there is no command %q\n\n", args[0])
	p.usage(p.stderr)
	return int(usageStatus)
}

func (p *program) usage(w io.Writer) {
	fmt.Fprintln(w, "Cuaderno: Go in Jupyter notebooks.\n\nUsage:")
	for _, c := range commands() {
		fmt.Fprintf(w, "  cuaderno %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprintln(w, "\ncuaderno COMMAND --help shows the flags of a command.")
}

// flags returns an empty set of flags for c. Parse it with program.parse.
func (p *program) flags(c command) *flag.FlagSet {
	set := flag.NewFlagSet(c.name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {
		w := set.Output()
		fmt.Fprintf(w, "Usage: %s\n\n%s\n", strings.TrimSpace("cuaderno "+c.name+" "+c.synopsis), c.summary)
		printFlags(w, set)
	}
	return set
}

// parse reads args into set. It prints help on request (flag.ErrHelp) and
// explains mistakes (usageStatus). At most extra arguments may follow the
// flags; -1 is any number.
func (p *program) parse(set *flag.FlagSet, args []string, extra int) error {
	switch err := set.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(p.stdout)
		set.Usage()
		return err
	case err != nil:
		return p.mistake(set, err.Error())
	}
	if extra >= 0 && set.NArg() > extra {
		return p.mistake(set, fmt.Sprintf("unexpected argument %q", set.Arg(extra)))
	}
	return nil
}

// mistake says what is wrong with the command line of a verb.
func (p *program) mistake(set *flag.FlagSet, what string) error {
	fmt.Fprintf(p.stderr, "cuaderno %s: %s; see cuaderno %s --help\n", set.Name(), what, set.Name())
	return usageStatus
}

// printFlags is flag.PrintDefaults with two dashes, as in the documentation.
func printFlags(w io.Writer, set *flag.FlagSet) {
	set.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		fmt.Fprintf(w, "  %-22s %s\n", dashes+f.Name+value, usage)
	})
}
