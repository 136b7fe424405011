package compiled

import (
	"bytes"
	"runtime"
	"time"

	"cuaderno/interp/engine"
)

const (
	// pauseLimit is how long a pause waits for a goroutine that runs and does not
	// park: there is none such, but for a machine that does not let it run.
	pauseLimit = 5 * time.Second
	// soonParked is how long goroutines are given to park before it is found out
	// which of them are in compiled code.
	soonParked = 300 * time.Microsecond
)

// Paused runs f while the session's other goroutines stand still, as far as they
// run the notebook's code, so that what f reads does not change under it. Those
// that are in compiled code go on there, and park when they come back. The pause
// ends early if f has to wait for one of them.
func (e *Engine) Paused(f func()) {
	th, foreign := current()
	if foreign || th.g == nil || th.unpause != nil || !e.census.others(th) {
		f()
		return
	}
	before := th.waits.Load()
	th.waits.Store(before&^0xff | uint64(inPause)) // others may have theirs first
	th.unpause = e.pauses.Begin()
	defer func() {
		th.unpause()
		th.unpause = nil
		th.waits.Store(before)
	}()
	e.awaitStandstill(th)
	f()
}

// Pauses are those of the engine's cells.
func (e *Engine) Pauses() *engine.Pauses { return e.pauses }

// awaitStandstill waits until no other goroutine than th's runs the notebook's
// code.
func (e *Engine) awaitStandstill(th *thread) {
	begun, look := time.Now(), soonParked
	for n := 0; ; n++ {
		awake, inProcesses := e.census.moving(th)
		if awake == 0 {
			return
		}
		waited := time.Since(begun)
		if waited > look {
			if awake <= inCompiled()-inProcesses || waited > pauseLimit {
				return
			}
			look = 2 * time.Since(begun)
		}
		if n < 10 {
			runtime.Gosched()
		} else {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// stackSize is how much of the goroutines' stacks is looked at.
const stackSize = 1 << 20

// inCompiled returns how many goroutines are in a call that the notebook's code
// has made of compiled code, by the innermost of the engine's functions on their
// stacks. It stops the process for an instant.
func inCompiled() int {
	stacks := make([]byte, stackSize)
	stacks = stacks[:runtime.Stack(stacks, true)]
	prefix := []byte("\ncuaderno/interp/engine/compiled.")
	n := 0
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		if _, inner, ok := bytes.Cut(stack, prefix); ok && callsHost(inner) {
			n++
		}
	}
	return n
}

// park stands still as long as a pause goes on that another goroutine has begun.
func (th *thread) park() {
	if th.g == nil || th.unpause != nil {
		return
	}
	for pauses := th.g.Cell.Pauses; pauses.On(); {
		before := th.waits.Load()
		th.waits.Store(before&^0xff | uint64(inPause))
		pauses.Park(th.done())
		th.waits.Store(before)
		if th.g.Cell.Cause() != nil {
			return
		}
	}
}

// others reports whether other goroutines than th run the notebook's code.
func (c *census) others(th *thread) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, counted := c.threads[th]
	return len(c.threads) > 1 || len(c.threads) == 1 && !counted
}

// moving returns how many other goroutines than th neither wait nor are parked, and
// how many are in calls of package mp.
func (c *census) moving(th *thread) (awakes, inProcesses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other := range c.threads {
		switch {
		case other == th:
		case other.waits.state() == awake:
			awakes++
		case other.waits.state() == inProcess:
			inProcesses++
		}
	}
	return awakes, inProcesses
}
