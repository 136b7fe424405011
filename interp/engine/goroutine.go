package engine

import (
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
	// Statements is set on the goroutine that runs the statements of a cell.
	Statements bool
	// Local is what an engine keeps for the goroutine. Only the goroutine itself
	// may use it, and whoever has seen it end.
	Local any
	// id is goroutineID of the goroutine, 0 before and after: another that has
	// inherited the record may get the id of one that ended.
	id atomic.Uintptr
}

// StatementsGoroutine stands for all goroutines that run statements of cells where
// they count as one: where one cell unlocks what another has locked.
const StatementsGoroutine = 1

func newGoroutine(cell *Cell) *Goroutine {
	g := &Goroutine{Cell: cell}
	g.labels.list = []label{{labelKey, cell.name}}
	return g
}

// Here reports whether g is of the calling goroutine alone, which has not just
// inherited it.
func (g *Goroutine) Here() bool { return g.id.Load() == goroutineID() }

// Foreign returns a record for a goroutine that compiled code has started on
// behalf of the cell.
func (c *Cell) Foreign() *Goroutine { return newGoroutine(c) }

// Enter makes g the record of the calling goroutine. The function that it returns
// puts back what it found.
func (g *Goroutine) Enter() (leave func()) {
	before := runtimeGetProfLabel()
	g.id.Store(goroutineID())
	runtimeSetProfLabel(unsafe.Pointer(g))
	return func() {
		g.id.Store(0)
		runtimeSetProfLabel(before)
	}
}

// Leave makes the calling goroutine one of no cell.
func Leave() { runtimeSetProfLabel(nil) }

// goroutineID returns what no other living goroutine has: the address of the
// runtime's own record.
func goroutineID() uintptr

// StackUsed returns how many bytes of its stack the calling goroutine uses: the
// runtime's record of a goroutine starts with the ends of its stack.
func StackUsed() uintptr

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
