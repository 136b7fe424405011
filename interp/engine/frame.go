package engine

import (
	"fmt"
	"runtime"
	"sync"
)

// MaxDepth is how deep the notebook's functions may call each other.
const MaxDepth = 50_000

// A Frame is one call of a function of the notebook. The frames of a goroutine
// are reused: a call takes the place of the one that returned before it.
type Frame struct {
	// Line is the line, in the cell as typed, that runs. Only the goroutine
	// whose frame it is writes it.
	Line  int
	fn    int
	depth int
	g     *Goroutine
}

// Frames keeps the names of a session's functions by number. It is safe for
// concurrent use.
type Frames struct {
	mu    sync.RWMutex
	infos map[int]FrameInfo
}

// Add makes the functions of a program known.
func (f *Frames) Add(infos map[int]FrameInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.infos == nil {
		f.infos = map[int]FrameInfo{}
	}
	for fn, info := range infos {
		f.infos[fn] = info
	}
}

// Enter is called at the start of function fn. It meets a stop of the cell, and
// panics where the calls go too deep.
func Enter(fn int) *Frame {
	g := Current()
	if g == nil {
		return &Frame{fn: fn}
	}
	g.check()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.depth >= MaxDepth {
		g.Cell.Stop(&StackOverflow{g})
		runtime.Goexit()
	}
	if g.depth == len(g.frames) {
		g.frames = append(g.frames, &Frame{depth: g.depth + 1, g: g})
	}
	frame := g.frames[g.depth]
	frame.fn, frame.Line = fn, 0
	g.depth++
	return frame
}

// At says that frame is at line and is the innermost of its goroutine: the
// calls that it made have returned. It meets a stop of the cell.
func At(frame *Frame, line int) {
	frame.Line = line
	if g := frame.g; g != nil {
		g.Cell.Check()
		g.mu.Lock()
		g.depth = frame.depth
		g.mu.Unlock()
	}
}

// Leave says that the function of frame returns.
func Leave(frame *Frame) {
	if g := frame.g; g != nil {
		g.mu.Lock()
		g.depth = frame.depth - 1
		g.mu.Unlock()
	}
}

// A StackOverflow is the cause of a stop by a recursion without end.
type StackOverflow struct{ G *Goroutine }

func (*StackOverflow) Error() string {
	return fmt.Sprintf("stack overflow: functions of the notebook call each other more than %d deep (does a recursion lack its end?)", MaxDepth)
}

// A Call is one line of a stack: where a function of the notebook was.
type Call struct {
	FrameInfo
	Line int
}

// Stack returns the calls of g, innermost first, in the middle shortened to at
// most limit lines; cut is how many are missing.
func (f *Frames) Stack(g *Goroutine, limit int) (calls []Call, cut int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f.mu.RLock()
	defer f.mu.RUnlock()
	for i := g.depth - 1; i >= 0; i-- {
		if g.depth > limit && i < g.depth-limit/2 && i >= limit/2 {
			cut++
			continue
		}
		frame := g.frames[i]
		calls = append(calls, Call{f.infos[frame.fn], frame.Line})
	}
	return calls, cut
}
