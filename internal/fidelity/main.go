// Command fidelity runs Go's own test programs under Cuaderno and counts how
// many behave as they do when compiled.
//
//	FIDELITY_TESTS=DIR go run ./internal/fidelity [-engine LIST] [-sample N] [-run REGEXP] …
//	go run ./internal/fidelity -list DIR
//
// The programs are the files of the Go release's directory test that are no
// more than run (programs.go has the rule, programs.txt their list). Data flows
// one way: the list → one process for each program, with limits (process.go) →
// a verdict against the output that Go's own test runner expects (verdict.go) →
// the results of an engine and docs/fidelity.md (report.go, page.go), beside
// the failures that are known with their reason (known.txt, known.go).
//
// The exit status is 1 when a program fails that known.txt does not name,
// whatever the engine except yaegi alone, which is run for comparison. The
// command reads /proc and needs Linux.
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
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("FIDELITY_TESTS"), os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "fidelity:", err)
		os.Exit(1)
	}
}

// A request is what the command line asks for.
type request struct {
	tests    string   // the directory of the programs
	cuaderno string   // the program that runs them
	engines  []string // values of its --engine; "" is none
	parallel int
	limits   limits
	sample   int
	pick     *regexp.Regexp
	results  string // where the results of each engine go
	page     string // docs/fidelity.md, "" to leave it as it is
}

// run does what args ask and writes what people read to stdout. tests names the
// directory of the programs, "" for the one of the Go installation.
func run(ctx context.Context, tests string, args []string, stdout io.Writer) error {
	r := request{tests: tests}
	flags := flag.NewFlagSet("fidelity", flag.ContinueOnError)
	list := flags.String("list", "", "print the programs of the directory `DIR`, as programs.txt has them, and end")
	engines := flags.String("engine", "", "the engines, such as compiled,auto,yaegi; none is Cuaderno's own choice")
	pick := flags.String("run", "", "only the programs whose path matches `REGEXP`")
	memory := flags.Int64("memory", 2048, "the most memory that a program and its processes may have, in `MiB`")
	flags.StringVar(&r.cuaderno, "cuaderno", filepath.Join("bin", "cuaderno"), "the program that runs the programs")
	flags.IntVar(&r.parallel, "p", 2, "how many programs run at a time")
	flags.DurationVar(&r.limits.time, "timeout", 30*time.Second, "the longest that a program may take")
	flags.IntVar(&r.sample, "sample", 1, "only every `N`th program")
	flags.StringVar(&r.results, "results", filepath.Join("build", "fidelity"), "the directory of the results")
	flags.StringVar(&r.page, "page", "", "write the page `FILE` about all complete results")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *list != "" {
		return printPrograms(*list, stdout)
	}
	if flags.NArg() > 0 || r.parallel < 1 || r.sample < 1 || r.limits.time <= 0 || *memory < 1 {
		return errors.New("there are only flags, and their numbers are above zero: see -help")
	}
	r.limits.memory = *memory << 20
	r.engines = strings.Split(*engines, ",")
	var err error
	if r.pick, err = regexp.Compile(*pick); err != nil {
		return fmt.Errorf("reading -run: %w", err)
	}
	return r.perform(ctx, stdout)
}

// perform runs the programs under each engine.
func (r request) perform(ctx context.Context, stdout io.Writer) error {
	all, err := listed()
	if err != nil {
		return err
	}
	known, err := readKnown(knownText, all)
	if err != nil {
		return err
	}
	if r.tests, err = testsDirectory(ctx, r.tests); err != nil {
		return err
	}
	if r.cuaderno, err = filepath.Abs(r.cuaderno); err != nil {
		return fmt.Errorf("finding the program that runs the programs: %w", err)
	}
	chosen := choose(all, r.sample, r.pick)
	if len(chosen) == 0 {
		return errors.New("no program of the list is chosen")
	}
	s, err := newSuite(ctx, r)
	if err != nil {
		return err
	}
	defer s.close()
	for _, engine := range r.engines {
		if err := s.check(ctx, engine); err != nil {
			return err
		}
	}
	unexpected := 0
	for _, engine := range r.engines {
		results, err := s.run(ctx, engine, chosen, stdout)
		if err != nil {
			return err
		}
		report := report{engine: engineName(engine), results: results, complete: len(chosen) == len(all)}
		if judged(engine) {
			report.known = known
			unexpected += len(report.unexpected())
		}
		if err := report.save(r.results); err != nil {
			return err
		}
		report.summary(stdout)
	}
	if r.page != "" {
		if err := writePage(r.page, r.results, known); err != nil {
			return err
		}
	}
	if unexpected > 0 {
		return fmt.Errorf("%d failures are not in known.txt; see %s", unexpected, r.results)
	}
	return nil
}

// engineName is how an engine is called in results.
func engineName(engine string) string {
	if engine == "" {
		return "default"
	}
	return engine
}

// judged reports whether a failure under engine is one of ours.
func judged(engine string) bool { return engine != "yaegi" }
