// Command soak uses real kernels for an hour as a class does, and as broken
// programs do, and checks every message that comes back.
//
//	go run ./internal/soak [-duration 1h] [-seed N] [-page docs/reliability.md] …
//
// It starts bin/cuaderno twice, on TCP. The steady kernel lives as long as the
// run and has one session: its memory and descriptors must not grow. The
// restarted kernel loses its session again and again, and is ended in every way
// that there is: nothing of it may be left.
//
// Data flows one way: people (client.go), who do one scenario after the other
// (scenarios*.go), interrupts and broken peers (trouble.go, peer.go) → a kernel
// (process.go) → what each front end receives (mailbox.go) → the tally, to which
// faults are counted (tally.go) → samples of /proc at moments when nothing runs
// (sample.go) → the verdict and the page (report.go, page.go).
//
// The random choices follow from the seed, which is printed; their interleaving
// does not. The exit status is 1 when a message was lost, a fault was seen, or
// something grew beyond its bound. The command reads /proc and needs Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// A request is what the command line asks for.
type request struct {
	cuaderno string
	duration time.Duration
	every    time.Duration // between two samples
	seed     uint64
	people   int // who use one kernel
	broken   int // peers of one kernel at a time
	only     string
	page     string
}

// run does what args ask and writes what people read to stdout.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	r := request{}
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.StringVar(&r.cuaderno, "cuaderno", filepath.Join("bin", "cuaderno"), "the program whose kernels are used")
	flags.DurationVar(&r.duration, "duration", time.Hour, "how long")
	flags.DurationVar(&r.every, "every", time.Minute, "the time from one sample to the next")
	flags.Uint64Var(&r.seed, "seed", 0, "the seed of a run to repeat; 0 for a new one")
	flags.IntVar(&r.people, "people", 3, "front ends of each kernel")
	flags.IntVar(&r.broken, "broken", 4, "broken peers of each kernel at a time")
	flags.StringVar(&r.only, "only", "", "this scenario and no other")
	flags.StringVar(&r.page, "page", "", "write the section about the run into the page `FILE`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || r.duration <= 0 || r.every <= 0 || r.people < 1 || r.broken < 0 {
		return errors.New("no arguments, a duration, and at least one person are wanted")
	}
	if _, err := os.Stat(r.cuaderno); err != nil {
		return fmt.Errorf("%w: make build makes it", err)
	}
	if r.seed == 0 {
		r.seed = rand.Uint64()
	}
	fmt.Fprintf(stdout, "soak of %v, seed %d\n", r.duration, r.seed)
	s := &soak{request: r, tally: newTally(stdout), out: stdout, started: time.Now()}
	s.use(ctx)
	return s.report()
}

// A soak is one run.
type soak struct {
	request
	tally   *tally
	out     io.Writer
	started time.Time

	mu      sync.Mutex
	samples []sample
	quits   []int // goroutines of kernels that were told to list them, in order of time
	steady  int   // goroutines of the steady kernel at the end
}

// use drives both kernels until the time is over or ctx ends.
func (s *soak) use(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.duration)
	defer cancel()
	var kernels sync.WaitGroup
	kernels.Go(func() { s.useSteady(ctx) })
	kernels.Go(func() { s.useRestarted(ctx) })
	kernels.Wait()
}

// random is a source of its own for the nth who chooses.
func (s *soak) random(n uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, n)) } //nolint:gosec // nothing is secret

// pause waits for a time or the end of ctx, and says whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
