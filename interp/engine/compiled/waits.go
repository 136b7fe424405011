package compiled

import (
	"go/types"
	"runtime"
	"sync/atomic"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/engine"
)

// A waitState is what a goroutine of the notebook waits for.
type waitState uint8

const (
	awake waitState = iota
	// inReceive to inCond are waits that only another goroutine of the notebook
	// ends.
	inReceive
	inReceiveNil
	inSend
	inSendNil
	inSelect
	inSelectNone
	inMutex
	inReadLock
	inWriteLock
	inGroup
	inCond
	// inTimer to inCall end by themselves or from outside.
	inTimer
	inSleep
	inCall
	// inProcess is a call of package mp that waits for another process.
	inProcess
	// inPause is the standstill for a goroutine that takes a picture of memory.
	inPause
)

// String is the state as a Go traceback has it.
func (s waitState) String() string {
	return [...]string{
		awake:        "running",
		inReceive:    "chan receive",
		inReceiveNil: "chan receive (nil chan)",
		inSend:       "chan send",
		inSendNil:    "chan send (nil chan)",
		inSelect:     "select",
		inSelectNone: "select (no cases)",
		inMutex:      "sync.Mutex.Lock",
		inReadLock:   "sync.RWMutex.RLock",
		inWriteLock:  "sync.RWMutex.Lock",
		inGroup:      "sync.WaitGroup.Wait",
		inCond:       "sync.Cond.Wait",
		inTimer:      "select or receive with a timer",
		inSleep:      "sleep",
		inCall:       "IO wait",
		inProcess:    "IO wait",
		inPause:      "running",
	}[s]
}

// internal reports whether only a goroutine of the notebook ends the wait.
func (s waitState) internal() bool { return inReceive <= s && s <= inCond }

// A waitWord says what a goroutine waits for and where: from the low bits up, the
// waitState, the pc of the frame that waits and how often the goroutine has
// begun to wait.
type waitWord struct{ atomic.Uint64 }

const (
	waitPC    = 8
	waitCount = 32
)

func (w *waitWord) state() waitState { return waitState(w.Load()) }

// wait notes that fr begins to wait.
func (th *thread) wait(fr *frame, s waitState) {
	if th.waitsIn.Load() != fr.body { // a store is not cheap
		th.waitsIn.Store(fr.body)
	}
	if th.unpause != nil {
		th.unpause() // it may wait for one that stands still
	}
	count := th.waits.Load()>>waitCount + 1
	th.waits.Store(count<<waitCount | uint64(fr.pc)<<waitPC&(1<<waitCount-1) | uint64(s))
}

// woken notes that a wait is over.
func (th *thread) woken() {
	before := th.waits.Load()
	th.waits.Store(before &^ 0xff)
	if th.g == nil {
		return
	}
	if th.g.Cell.Pauses.On() {
		th.park()
	}
	// Who is woken runs before those that are waiting for their turn. Of a crowd whose
	// goroutines wake each other, or sleep for instants, nobody else would run.
	th.wakes++
	if s := waitState(before); (th.wakes%wakesInTurn == 0 || s == inSleep || s == inTimer) && runtime.NumGoroutine() > crowd {
		runtime.Gosched()
	}
}

// wakesInTurn is how often a goroutine of a crowd is woken before it lets others run.
const wakesInTurn = 8

// waiting returns what th waits for and where. Others may call it.
func (th *thread) waiting() (callSite, waitState) {
	for {
		w := th.waits.Load()
		b := th.waitsIn.Load()
		if th.waits.Load() == w {
			return callSite{b: b, pc: int32(uint32(w) >> waitPC)}, waitState(w)
		}
	}
}

// waitOn is s for a wait on ch, which may be nil.
func waitOn(ch pointer, s waitState) waitState {
	switch {
	case ch != nil:
		return s
	case s == inSend:
		return inSendNil
	}
	return inReceiveNil
}

// selectWait is what a select waits for.
func selectWait(i *ssa.Select) waitState {
	if len(i.States) == 0 {
		return inSelectNone
	}
	for _, s := range i.States {
		if isTime(elemOf(s.Chan.Type())) {
			return inTimer
		}
	}
	return inSelect
}

// isTime reports whether t is time.Time, which timers send.
func isTime(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "time" && named.Obj().Name() == "Time"
}

// A handover is a call that another goroutine makes for one that may stop
// waiting for it.
type handover struct {
	call func()
	// undo takes back what the call did, if nobody waits for it any more.
	undo  func()
	taken atomic.Bool // by the waiting goroutine, as abandoned, or by the one that calls
	done  chan struct{}

	returned bool
	panicked any
}

// make makes the call.
func (h *handover) make() {
	defer func() {
		if !h.returned {
			h.panicked = recover()
		}
		if h.taken.CompareAndSwap(false, true) {
			close(h.done)
			return
		}
		if h.returned && h.undo != nil {
			h.undo()
		}
	}()
	h.call()
	h.returned = true
}

// handOver makes a call that may block. A stop of the cell abandons it: handOver
// reports the stop, and what the call brings about later is undone. Panics and
// Goexit pass to the caller.
func handOver(th *thread, s waitState, call, undo func()) (stopped bool) {
	h := &handover{call: call, undo: undo, done: make(chan struct{})}
	if s.internal() {
		// It belongs to no cell, so that the census does not take it for one that
		// might wake others.
		go func() {
			engine.Leave()
			h.make()
		}()
	} else {
		g := th.g.Cell.Foreign()
		go func() {
			defer g.Enter()()
			newThread(g)
			h.make()
		}()
	}
	th.wait(th.top, s)
	select {
	case <-h.done:
	case <-th.done():
		if !h.taken.CompareAndSwap(false, true) {
			<-h.done
			if h.returned && undo != nil {
				undo()
			}
		}
		th.woken()
		return true
	}
	th.woken()
	switch {
	case h.returned:
		return false
	case h.panicked != nil:
		panic(h.panicked)
	}
	runtime.Goexit()
	return true
}
