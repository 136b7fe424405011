package interp

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"cuaderno/internal/limits"
	"cuaderno/interp/engine"
	"cuaderno/mpruntime"
)

// A footprint is how much memory the processes of a notebook take together: the
// session, its children, theirs, and the programs that they run. Each of them has
// the limit for itself, which its engine and the system see to; that they keep it
// together, the session sees to by looking. What counts is what each process has in
// memory for itself, and shared memory once: as much as the process has mapped that
// has mapped most.
//
// When they are over the limit the cells that run are stopped, and the children of
// these interrupted. If that does not help, the largest process is killed, and so on.
type footprint struct {
	limit uint64 // in bytes

	mu    sync.Mutex
	cells map[*engine.Cell]bool // that run
	last  *engine.Cell          // that began last, who is told of what is killed

	begun chan struct{} // has a token when a cell has begun
	done  chan struct{} // closed by close
	work  sync.WaitGroup
}

const (
	// lookInterval is how often the processes are looked at while a cell runs or
	// there are processes, and restInterval while neither is.
	lookInterval = 200 * time.Millisecond
	restInterval = 5 * time.Second
	// lookShare bounds what looking costs: one part in so many of the time.
	lookShare = 50
	// endTime is how long processes that were interrupted may take to end.
	endTime = time.Second
)

// newFootprint watches the processes of this one's group until close. Nothing is
// watched, by a nil footprint, if there is no limit.
func newFootprint(limit uint64) *footprint {
	if limit == 0 {
		return nil
	}
	f := &footprint{limit: limit, cells: map[*engine.Cell]bool{}, begun: make(chan struct{}, 1), done: make(chan struct{})}
	f.work.Go(f.watch)
	return f
}

func (f *footprint) close() {
	if f != nil {
		close(f.done)
		f.work.Wait()
	}
}

// enter is called when a cell begins, and what it returns when the cell has ended.
func (f *footprint) enter(c *engine.Cell) (leave func()) {
	if f == nil {
		return func() {}
	}
	f.mu.Lock()
	f.cells[c], f.last = true, c
	f.mu.Unlock()
	select {
	case f.begun <- struct{}{}:
	default:
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.cells, c)
	}
}

func (f *footprint) watch() {
	timer := time.NewTimer(restInterval)
	defer timer.Stop()
	var over time.Time // since when the limit is passed
	for resting := true; ; {
		select {
		case <-f.done:
			return
		case <-f.begun:
			if resting {
				resting = false
				timer.Reset(lookInterval)
			}
			continue
		case <-timer.C:
		}
		begin := time.Now()
		all := members()
		if total(all) <= f.limit {
			over = time.Time{}
		} else {
			over = f.act(over)
		}
		f.mu.Lock()
		resting = len(f.cells) == 0 && len(mpruntime.ActiveChildren()) == 0
		f.mu.Unlock()
		if resting {
			timer.Reset(restInterval)
		} else {
			timer.Reset(max(lookInterval, lookShare*time.Since(begin)))
		}
	}
}

// act does what is next about processes that take too much since a time, zero if
// nothing was done yet. It returns since when they do.
func (f *footprint) act(since time.Time) time.Time {
	debug.FreeOSMemory() // what is garbage here needs no killing
	all := members()
	sum := total(all)
	if sum <= f.limit {
		return time.Time{}
	}
	if since.IsZero() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for c := range f.cells {
			c.Stop(&engine.OutOfMemory{Limit: f.limit, Used: sum, Processes: len(all)})
			mpruntime.Interrupt(mpCell{c})
		}
		return time.Now()
	}
	if time.Since(since) < endTime {
		return since
	}
	var largest member
	for _, m := range all {
		if m.pid != os.Getpid() && m.own > largest.own {
			largest = m
		}
	}
	if largest.kill() {
		f.mu.Lock()
		last := f.last
		f.mu.Unlock()
		if last != nil {
			last.Out.Stderr(fmt.Appendf(nil, "process %d, which had %s of memory, was killed: the processes of the notebook took %s together, the limit is %s (--memory, CUADERNO_MEMORY)\n",
				largest.pid, limits.Size(largest.own), limits.Size(sum), limits.Size(f.limit)))
		}
	}
	return since
}

// A member is a process of this one's process group.
type member struct {
	pid         int
	own, shared uint64 // in bytes
}

func total(all []member) (sum uint64) {
	var shared uint64
	for _, m := range all {
		sum += m.own
		shared = max(shared, m.shared)
	}
	return sum + shared
}
