package engine

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file lets a goroutine find the record that Cuaderno keeps of it, and
// through it its cell. Goroutines inherit the record of the one that started
// them, those started by compiled packages included.
//
// It relies on the runtime's profiler labels: a pointer per goroutine, copied
// by the go statement, read and set through two functions that the runtime
// promises to keep for packages that link to them. The pointer must lead to
// what runtime/pprof calls a label map, a struct that starts with a slice of
// pairs of strings; labelMap repeats that layout, and TestGoroutineLabels
// checks it by reading labels through runtime/pprof.

//go:linkname runtimeSetProfLabel runtime/pprof.runtime_setProfLabel
func runtimeSetProfLabel(labels unsafe.Pointer)

//go:linkname runtimeGetProfLabel runtime/pprof.runtime_getProfLabel
func runtimeGetProfLabel() unsafe.Pointer

type labelMap struct{ list []label }

type label struct{ key, value string }

// labelKey marks the label maps that are ours. Its address is compared, so
// that a program's own label of that name is not taken for one.
const labelKey = "cuaderno cell"

// A Goroutine is what is known of one goroutine of a cell, or of several that
// compiled code started on behalf of one.
type Goroutine struct {
	labels labelMap // must stay first: the runtime's pointer leads here
	Cell   *Cell
	checks atomic.Uint32

	mu     sync.Mutex
	frames []*Frame
	depth  int
	// deferred are the calls of Deferred that go on, innermost last.
	deferred []*deferredCall
}

func newGoroutine(cell *Cell) *Goroutine {
	g := &Goroutine{Cell: cell}
	g.labels.list = []label{{labelKey, cell.name}}
	return g
}

// enter makes g the record of the calling goroutine. The function that it returns
// puts back what it found.
func (g *Goroutine) enter() (leave func()) {
	before := runtimeGetProfLabel()
	runtimeSetProfLabel(unsafe.Pointer(g))
	return func() { runtimeSetProfLabel(before) }
}

// check ends the calling goroutine if its cell was stopped. Now and then it lets
// others run: hundreds of loops that each keep a processor until the runtime
// takes it away would leave the one that brings the interrupt waiting for seconds.
func (g *Goroutine) check() {
	g.Cell.Check()
	if g.checks.Add(1)%32 == 0 {
		runtime.Gosched()
	}
}

// Current returns the record of the calling goroutine, nil if it belongs to no
// cell.
func Current() *Goroutine {
	labels := (*labelMap)(runtimeGetProfLabel())
	if labels == nil || len(labels.list) != 1 || len(labels.list[0].key) != len(labelKey) ||
		unsafe.StringData(labels.list[0].key) != unsafe.StringData(labelKey) {
		return nil
	}
	return (*Goroutine)(unsafe.Pointer(labels))
}
