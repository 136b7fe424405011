package compiled

import (
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"cuaderno/interp/engine"
)

// A thread is what the engine keeps of a goroutine.
type thread struct {
	g *engine.Goroutine
	// fuel is how many calls and turns of loops are left until the next poll.
	fuel  int
	polls int
	wakes int // how often a wait was over
	// crowded says that there are many goroutines.
	crowded bool
	// frames is how many bytes the frames made for the goroutine have.
	frames uintptr
	// overflowed is set when the calls have gone too deep.
	overflowed bool
	// bottom is the caller of the goroutine's first function, top the frame that
	// made the call of compiled code that goes on.
	bottom frame
	top    *frame
	// free are frames to use again, by the low bits of their body's number.
	free [16]*frame
	// raised is the panic that goes on as one of Go's.
	raised *panicking
	// bridged is the panic on whose behalf compiled code is called that only calls a
	// function of the notebook, for which it is the panic of its deferred call.
	bridged *panicking
	// ending is when the thread first met a stop of its cell.
	ending time.Time
	// foreign is set on a goroutine that compiled code started.
	foreign bool
	// main is set on the goroutine of a cell's statements. cell and serial, which
	// grows from one thread to the next, tell whose goroutine it is.
	main   bool
	cell   int
	serial uint64
	// allocated is how many bytes were counted since the heap was looked at.
	allocated uint64
	// unpause ends the pause that the goroutine has begun, nil if there is none.
	unpause func()
	// waits and waitsIn say what the goroutine waits for. Others may read them.
	waits   waitWord
	waitsIn atomic.Pointer[body]
}

// pollInterval is how many calls and turns of loops pass between polls, some
// microseconds.
const pollInterval = 1000

// newThread returns the thread of the calling goroutine.
func newThread(g *engine.Goroutine) *thread {
	th := &thread{g: g, fuel: pollInterval}
	th.bottom.th = th
	th.bottom.body = noBody
	th.top = &th.bottom
	if g != nil {
		g.Local = th
	}
	return th
}

// attach makes th the thread of the calling goroutine.
func (th *thread) attach() {
	th.g = engine.Current()
	th.g.Local = th
}

var noBody = &body{fn: &Func{}}

// current returns the thread of the calling goroutine. It is new, and foreign
// set, on a goroutine that compiled code started.
func current() (th *thread, foreign bool) {
	g := engine.Current()
	if g == nil {
		return newThread(nil), true
	}
	if !g.Here() {
		return newThread(g.Cell.Foreign()), true
	}
	if th, ok := g.Local.(*thread); ok {
		return th, false
	}
	return newThread(g), false
}

// poll meets a stop of the goroutine's cell and lets others run.
func (th *thread) poll() {
	th.fuel = pollInterval
	if th.g == nil {
		return
	}
	if th.g.Cell.Pauses.On() {
		th.park()
	}
	if th.g.Cell.Cause() != nil {
		th.meetStop()
	}
	if engine.StackUsed() >= maxStack {
		th.checkDepth(innermost(&th.bottom)) // frames that were there already took more
	}
	if th.polls++; th.polls%16 == 0 {
		th.crowded = runtime.NumGoroutine() > crowd
	} else if !th.crowded {
		return
	}
	if th.crowded {
		th.fuel = pollInterval / 3
	}
	runtime.Gosched()
}

// stopGrace is how long what was deferred may run after a stop, loops included.
const stopGrace = 200 * time.Millisecond

// meetStop ends the goroutine because its cell was stopped. What it has deferred
// meets the stop again when its time is over.
func (th *thread) meetStop() {
	if !th.ending.IsZero() && time.Since(th.ending) < stopGrace {
		return
	}
	if th.ending.IsZero() {
		th.ending = time.Now()
	}
	runtime.Goexit()
}

// crowd is the number of goroutines from which on each lets others run at every
// poll: whoever brings the interrupt waits for the turns of all.
const crowd = 32

// done is closed when the goroutine's cell is stopped.
func (th *thread) done() <-chan struct{} {
	if th.g == nil {
		return nil
	}
	return th.g.Cell.Context().Done()
}

// stop ends the goroutine, whose cell was stopped.
func (th *thread) stop() {
	th.woken()
	runtime.Goexit()
}

const (
	// depthInterval is how many calls deeper the depth is looked at again.
	depthInterval = 32
	// A goroutine's stack and frames may have less than maxStack and maxFrames
	// bytes: the stack doubles when it is full, and must stay below the size at
	// which the runtime ends the process. What was deferred runs on the full stack,
	// and may need more of it.
	maxStack      = 125 << 20
	maxStackAtEnd = 450 << 20
	maxFrames     = 250 << 20
)

// checkDepth stops the cell if the calls that have led to fr go too deep.
func (th *thread) checkDepth(fr *frame) {
	used := engine.StackUsed()
	if used < maxStack && th.frames < maxFrames || th.overflowed && used < maxStackAtEnd {
		return
	}
	if th.g == nil {
		panic("stack overflow")
	}
	th.top, th.overflowed = fr, true
	e := fr.body.fn.engine
	th.g.Cell.Stop(&engine.StackOverflow{Stack: e.calls(ends(stackAt(fr))), Depth: int(fr.depth)})
	runtime.Goexit()
}

// shownOfOverflow is how many calls of a stack that overflows are told.
const shownOfOverflow = 16

// ends returns the first and the last calls of a stack.
func ends(stack []callSite) []callSite {
	if len(stack) <= shownOfOverflow {
		return stack
	}
	return append(slices.Clone(stack[:shownOfOverflow/2]), stack[len(stack)-shownOfOverflow/2:]...)
}

// take returns a frame for a call of b.
func (th *thread) take(b *body) *frame {
	list := &th.free[b.number%uint32(len(th.free))]
	for prev := (*frame)(nil); ; {
		fr := *list
		if prev != nil {
			fr = prev.caller
		}
		if fr == nil {
			break
		}
		if fr.body == b {
			if prev == nil {
				*list = fr.caller
			} else {
				prev.caller = fr.caller
			}
			return fr
		}
		prev = fr
	}
	return b.newFrame(th)
}

// give keeps a frame that nothing uses for a call to come.
func (th *thread) give(fr *frame) {
	list := &th.free[fr.body.number%uint32(len(th.free))]
	fr.caller = *list
	*list = fr
}
