package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// A suite runs programs with the surroundings that Go's own runner gives them.
// It is used by one goroutine.
type suite struct {
	request
	env []string
	dir string // of temporary files
}

// newSuite prepares the surroundings; close removes them.
func newSuite(ctx context.Context, r request) (*suite, error) {
	dir, err := os.MkdirTemp("", "cuaderno-fidelity-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for temporary files: %w", err)
	}
	s := &suite{request: r, dir: dir}
	// As testdir does; some programs look at the sources that are there.
	s.env = append(os.Environ(), "GOENV=off", "GOFLAGS=", "GOROOT="+filepath.Dir(r.tests), "PWD="+r.tests)
	// Some programs call the toolchain, and look here for compiled packages.
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}", "std")
	cmd.Env = append(os.Environ(), "GOENV=off", "GOFLAGS=")
	packages, err := cmd.Output()
	config := filepath.Join(dir, "importcfg")
	if err == nil {
		err = os.WriteFile(config, packages, 0o600)
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("listing the compiled standard library: %w", err)
	}
	s.env = append(s.env, "STDLIB_IMPORTCFG="+config)
	return s, nil
}

func (s *suite) close() {
	_ = os.RemoveAll(s.dir) // what cannot be removed stays in the system's directory for such
}

// emptyProgram does nothing.
const emptyProgram = "package main\n\nfunc main() {}\n"

// check runs the empty program, so that an engine that does not exist, or a
// program that was not built, is one error rather than a failure of each program.
func (s *suite) check(ctx context.Context, engine string) error {
	file := filepath.Join(s.dir, "empty.go")
	if err := os.WriteFile(file, []byte(emptyProgram), 0o600); err != nil {
		return fmt.Errorf("writing the empty program: %w", err)
	}
	e, err := execute(ctx, s.command(engine, file, s.dir), s.limits)
	if err != nil {
		return err
	}
	if failure := verdict(e, "", s.limits); failure != "" {
		return fmt.Errorf("%s (engine %s) cannot run the empty program: %s", s.cuaderno, engineName(engine), failure)
	}
	return nil
}

// progressEvery is after how many programs people read how far the run is.
const progressEvery = 100

// run runs the programs under an engine, some at a time, and returns their
// results in the same order. The first error ends the run.
func (s *suite) run(ctx context.Context, engine string, programs []string, stdout io.Writer) ([]result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]result, len(programs))
	var next, done, passed atomic.Int64
	var workers sync.WaitGroup
	var writing sync.Mutex
	for range s.parallel {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(programs) {
					return
				}
				found, err := s.program(ctx, engine, programs[i])
				if err != nil {
					cancel(fmt.Errorf("%s: %w", programs[i], err))
					return
				}
				results[i] = found
				if found.failure == "" {
					passed.Add(1)
				}
				if n := done.Add(1); n%progressEvery == 0 {
					writing.Lock()
					fmt.Fprintf(stdout, "%s: %d of %d programs run, %d passed\n", engineName(engine), n, len(programs), passed.Load())
					writing.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return results, context.Cause(ctx)
}

// program runs one program. Like Go's own runner it does so in the directory of
// the programs, because some read files beside them.
func (s *suite) program(ctx context.Context, engine, program string) (result, error) {
	want, err := expected(s.tests, program)
	if err != nil {
		return result{}, err
	}
	if _, err := os.Stat(filepath.Join(s.tests, program)); err != nil {
		return result{}, fmt.Errorf("the directory of programs belongs to another Go release: %w", err)
	}
	tmp, err := os.MkdirTemp(s.dir, "tmp-")
	if err != nil {
		return result{}, fmt.Errorf("making a directory for temporary files: %w", err)
	}
	defer func() { _ = os.RemoveAll(tmp) }() // the suite removes what is left
	e, err := execute(ctx, s.command(engine, filepath.FromSlash(program), tmp), s.limits)
	if err != nil {
		return result{}, err
	}
	return result{program: program, failure: verdict(e, want, s.limits), took: e.took}, nil
}

// command runs a file under an engine, with tmp for its temporary files.
func (s *suite) command(engine, file, tmp string) *exec.Cmd {
	args := []string{"run"}
	if engine != "" {
		args = append(args, "--engine="+engine)
	}
	cmd := exec.Command(s.cuaderno, append(args, file)...)
	cmd.Dir = s.tests
	cmd.Env = append(s.env[:len(s.env):len(s.env)], "TMPDIR="+tmp)
	return cmd
}
