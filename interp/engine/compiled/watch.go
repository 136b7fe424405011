package compiled

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"cuaderno/interp/engine"
)

// watchInterval is how often a cell that runs is looked at. A cell that is
// shorter is not.
const watchInterval = 100 * time.Millisecond

// fullInterval is watchInterval where more than half of the memory is used up.
const fullInterval = 10 * time.Millisecond

// A watch looks for what stops the statements of a cell for their own good: all
// goroutines waiting for each other, and too much memory.
type watch struct {
	e    *Engine
	cell *engine.Cell

	mu    sync.Mutex
	timer *time.Timer // nil once the statements have ended
	// last is the standstill found the time before, and wait how many more times
	// to do nothing about the one that lasts.
	last       standstill
	wait, next int
}

// watch starts to watch the cell of th. The function that it returns ends that.
func (e *Engine) watch(th *thread) (end func()) {
	w := &watch{e: e, cell: th.g.Cell}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(watchInterval, w.look)
	return w.end
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.timer = nil
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer == nil || w.cell.Cause() != nil {
		return
	}
	if cause := w.e.overLimit(0); cause != nil {
		w.cell.Stop(cause)
		return
	}
	if w.standsStill() {
		w.cell.Stop(&engine.Deadlock{Waits: w.e.stuck()})
		return
	}
	interval := watchInterval
	if limit := w.e.options.MemoryLimit; limit > 0 && heap() > limit/2 {
		interval = fullInterval
	}
	w.timer.Reset(interval)
}

// standsStill reports a deadlock. To be certain is expensive, so that where a
// standstill turns out to be none it is not asked again soon.
func (w *watch) standsStill() bool {
	now, ok := w.e.census.standstill()
	if !ok || now != w.last {
		w.last, w.wait, w.next = now, 0, 1
		return false
	}
	if w.wait > 0 {
		w.wait--
		return false
	}
	w.wait, w.next = w.next, min(2*w.next, 50)
	return w.e.census.dead(now)
}

// heapMetric is the memory of objects, those included that the collector has not
// yet found dead.
const heapMetric = "/memory/classes/heap/objects:bytes"

func heap() uint64 {
	sample := []metrics.Sample{{Name: heapMetric}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// overLimit returns an error if the heap and more bytes pass the limit.
func (e *Engine) overLimit(more uint64) error {
	limit := e.options.MemoryLimit
	if limit == 0 || heap()+more <= limit {
		return nil
	}
	runtime.GC()
	if used := heap() + more; used > limit {
		return &engine.OutOfMemory{Limit: limit, Used: used}
	}
	return nil
}
