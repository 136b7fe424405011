package compiled

import (
	"bytes"
	"errors"
	"go/types"
	"maps"
	"runtime"
	"slices"
	"time"

	"golang.org/x/tools/go/ssa"
)

// ErrMoving is the error of Snapshot where a goroutine may be changing what the
// notebook has, and does not stand still.
var ErrMoving = errors.New("a goroutine works in compiled code, or pauses the others")

// Snapshot is Paused for who need not have the picture: it calls f only while
// nothing changes what the notebook has, and waits for that no longer than limit,
// nor longer for others to end their pauses.
// It is called on a goroutine of a Cell. No function of the notebook runs, nor
// starts to, before f has returned.
func (e *Engine) Snapshot(limit time.Duration, f func()) error {
	th, foreign := current()
	if foreign || th.g == nil {
		panic("Snapshot is for goroutines of cells")
	}
	th.waits.Store(th.waits.Load()&^0xff | uint64(inPause)) // others may have theirs first
	end, ok := e.pauses.BeginFirm(limit)
	if !ok {
		return ErrMoving
	}
	defer end()
	// Nothing would begin a pause in f.
	th.unpause = end
	defer func() { th.unpause = nil }()
	if !e.standsStill(th, limit) {
		return ErrMoving
	}
	f()
	return nil
}

// standsStill waits until no other goroutine than th's changes what the notebook
// has.
func (e *Engine) standsStill(th *thread, limit time.Duration) bool {
	begun, look := time.Now(), soonParked
	for n := 0; ; n++ {
		awake, inProcesses := e.census.moving(th)
		if awake+inProcesses == 0 {
			return true
		}
		if waited := time.Since(begun); waited > look {
			if awake+inProcesses <= harmless() {
				return true
			}
			if waited > limit {
				return false
			}
			look = 2 * waited
		}
		if n < 10 {
			runtime.Gosched()
		} else {
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// harmless returns how many goroutines wait in a call that the notebook's code has
// made of compiled code, and will do no more, when they wake, than to write numbers
// and texts of which they have made room. It stops the process for an instant.
func harmless() int {
	stacks := make([]byte, stackSize)
	stacks = stacks[:runtime.Stack(stacks, true)]
	n := 0
	for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
		above, inner, ok := bytes.Cut(stack, []byte("\ncuaderno/interp/engine/compiled."))
		if ok && callsHost(inner) && isWaiting(above) && !writesAnything(above) {
			n++
		}
	}
	return n
}

// callsHost reports whether the rest of a stack, from the name of an innermost
// function of the engine on, is that of a goroutine of the notebook in a call of
// compiled code.
func callsHost(inner []byte) bool {
	for _, name := range []string{
		"host", "(*Engine).blockingCalls.", "(*Engine).untilDeadline", "(*Engine).ReadFile",
		"connRead", "connWrite", "listenerAccept", "output", "combinedOutput",
	} {
		if bytes.HasPrefix(inner, []byte(name)) {
			return true
		}
	}
	return false
}

// isWaiting reports whether a stack, of which stack is the upper part, is that of a
// goroutine that waits.
func isWaiting(stack []byte) bool {
	head, _, _ := bytes.Cut(stack, []byte("\n"))
	for _, state := range []string{"[running", "[runnable", "[syscall"} {
		if bytes.Contains(head, []byte(state)) {
			return false
		}
	}
	return true
}

// writesAnything reports whether a call may write whatever the notebook has, maps
// too, once it does not wait any more.
func writesAnything(stack []byte) bool {
	for _, pkg := range []string{"\nreflect.", "\nencoding/", "\nfmt.", "\ndatabase/sql"} {
		if bytes.Contains(stack, []byte(pkg)) {
			return true
		}
	}
	return false
}

// Activity returns how many goroutines have begun to run functions of the notebook
// so far, and how many do at this moment. It is safe for concurrent use.
func (e *Engine) Activity() (begun uint64, running int) {
	e.census.mu.Lock()
	defer e.census.mu.Unlock()
	return e.census.begun, len(e.census.threads)
}

// Declares returns what the unit declares first at the top level, by the names that
// cells know.
func (p *Program) Declares() map[string]types.Object {
	known := map[string]types.Object{}
	for name, obj := range p.unit.objects {
		if !hidden(name) {
			known[name] = obj
		}
	}
	return known
}

// Program adds the statements of a unit.
func (r *Reach) Program(p *Program) {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	for _, fn := range []*ssa.Function{p.initialize, p.main, p.statements} {
		r.function(fn)
	}
}

// Calls returns the import paths of the compiled packages whose functions are
// called, in order.
func (r *Reach) Calls() []string { return slices.Sorted(maps.Keys(r.calls)) }
