package compiled

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cuaderno/interp/engine"
)

// A census knows the goroutines that run functions of the notebook, and what
// else may wake one that waits. It is safe for concurrent use.
type census struct {
	// blind is set once a cell can be called by what no census finds: signals,
	// finalizers.
	blind atomic.Bool

	mu      sync.Mutex
	threads map[*thread]struct{}
	// begun is how many threads there were.
	begun uint64
	// timers is when the last of the timers goes off that run functions.
	timers time.Time
}

// begin adds the thread of a goroutine that starts to run the notebook's code.
func (c *census) begin(th *thread) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.threads == nil {
		c.threads = map[*thread]struct{}{}
	}
	c.begun++
	th.serial = c.begun
	c.threads[th] = struct{}{}
}

func (c *census) end(th *thread) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.threads, th)
}

// timer notes a timer that goes off after d.
func (c *census) timer(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := time.Now().Add(d); t.After(c.timers) {
		c.timers = t
	}
}

// A standstill is a moment at which every goroutine waited. Two that are equal
// have nothing between them.
type standstill struct{ begun, threads, waits uint64 }

// standstill reports whether every goroutine waits for another.
func (c *census) standstill() (s standstill, ok bool) {
	if c.blind.Load() {
		return s, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.threads) == 0 || time.Now().Before(c.timers) {
		return s, false
	}
	s = standstill{begun: c.begun, threads: uint64(len(c.threads))}
	for th := range c.threads {
		w := th.waits.Load()
		if !waitState(w).internal() {
			return s, false
		}
		s.waits += w >> waitCount
	}
	return s, true
}

// dead reports whether nothing will ever wake a goroutine: the moment before is
// still now, and no goroutine exists that runs compiled code for a cell.
func (c *census) dead(before standstill) bool {
	now, ok := c.standstill()
	if !ok || now != before {
		return false
	}
	if n := engine.Goroutines(); n < 0 || uint64(n) != now.threads {
		return false
	}
	now, ok = c.standstill()
	return ok && now == before
}

// Waits returns the goroutines of the notebook that wait, in the order in which
// they started, each with the line where it does. Those that run are left out.
// It is safe for concurrent use.
func (e *Engine) Waits() []engine.Wait {
	var waits []engine.Wait
	for _, th := range e.census.list() {
		site, state := th.waiting()
		if state != awake {
			waits = append(waits, engine.Wait{State: state.String(), Cell: th.cell, Main: th.main, Calls: e.calls([]callSite{site})})
		}
	}
	return waits
}

// stuck returns the goroutines with all their calls, while none of them runs.
func (e *Engine) stuck() []engine.Wait {
	var waits []engine.Wait
	for _, th := range e.census.list() {
		waits = append(waits, engine.Wait{State: th.waits.state().String(), Cell: th.cell, Main: th.main, Calls: e.calls(stackAt(&th.bottom))})
	}
	return waits
}

// list returns the threads in the order in which they began.
func (c *census) list() []*thread {
	c.mu.Lock()
	defer c.mu.Unlock()
	threads := make([]*thread, 0, len(c.threads))
	for th := range c.threads {
		threads = append(threads, th)
	}
	slices.SortFunc(threads, func(a, b *thread) int { return cmp.Compare(a.serial, b.serial) })
	return threads
}

// sees notes that cells can call a compiled function: one that makes the process
// call them, or wake them, without a goroutine of theirs blinds the census.
func (c *census) sees(path, name string) {
	switch path {
	case "os/signal", "runtime/pprof", "runtime/trace", "testing", "cuaderno/mpruntime", "cuaderno/interp/display", "cuaderno/interp/comm":
		c.blind.Store(true)
	case "runtime":
		if name == "SetFinalizer" || name == "AddCleanup" {
			c.blind.Store(true)
		}
	}
}
