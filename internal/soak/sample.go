package main

import (
	"fmt"
	"runtime"
	"time"
)

// A sample is what the steady kernel and its session hold when nothing runs.
type sample struct {
	at              time.Duration
	cells           int // that both kernels have run
	steady          int // that the steady one has
	kernel, session use
	processes       int // below the kernel
}

// sample takes a sample and prints a line.
func (s *soak) sample(p *person) {
	k := p.kernel
	x := sample{
		at:        time.Since(s.started).Round(time.Second),
		cells:     s.tally.count("cells"),
		steady:    int(k.cells.Load()),
		kernel:    useOf(k.pid()),
		session:   useOf(int(k.session.Load())),
		processes: len(descendants(k.pid())),
	}
	s.mu.Lock()
	s.samples = append(s.samples, x)
	s.mu.Unlock()
	lost, faults := s.tally.bad()
	fmt.Fprintf(s.out, "%6v  cells %d  interrupts %d  restarts %d  crashes %d  lost %d  faults %d | kernel %s | session %s | processes %d | own goroutines %d\n",
		x.at, x.cells, s.tally.count("interrupts"), s.tally.count("restarts"), s.tally.count("crashes"), lost, faults,
		x.kernel, x.session, x.processes, runtime.NumGoroutine())
}

func (u use) String() string {
	return fmt.Sprintf("%.1f MiB, %d fd, %d threads", float64(u.memory)/1024, u.descriptors, u.threads)
}

// growth is how much a value grew over samples, by the line of least squares.
// What comes in the first fifth of them is warming up, and a few of them have no
// trend.
func growth(samples []sample, value func(sample) float64) (grown float64, over time.Duration) {
	samples = samples[len(samples)/5:]
	if len(samples) < 10 {
		return 0, 0
	}
	var n, sx, sy, sxx, sxy float64
	for _, s := range samples {
		x, y := s.at.Seconds(), value(s)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	over = samples[len(samples)-1].at - samples[0].at
	return (n*sxy - sx*sy) / (n*sxx - sx*sx) * over.Seconds(), over
}
