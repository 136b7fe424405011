package compiled

import (
	"go/token"
	"runtime"
	"slices"
	"strings"
	"weak"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/cell"
)

// This file lets go of units. Most cells declare nothing, or give functions bodies
// that later cells replace. What such a unit has compiled lives as long as somebody
// refers to it: a func value, a goroutine, a declared function whose body it is. All
// that leads to the unit's SSA package, so that the tables of the engine refer to it
// weakly, and the garbage collector says when nobody does any more.

// A weakFunction is a key for what is known of a function as long as it exists.
type weakFunction = weak.Pointer[ssa.Function]

// packageOf returns the SSA package that fn was made with, and keeps alive; nil for
// wrappers.
func packageOf(fn *ssa.Function) *ssa.Package {
	for {
		if origin := fn.Origin(); origin != nil {
			fn = origin
		}
		if fn.Pkg != nil || fn.Parent() == nil {
			return fn.Pkg
		}
		fn = fn.Parent()
	}
}

// own returns the Func of a function of the notebook that has SSA of its own. A Func
// that nobody refers to is forgotten, and made again if somebody asks for it.
func (e *Engine) own(fn *ssa.Function, make func() *Func) *Func {
	key := weak.Make(fn)
	known := func() *Func {
		e.tables.Lock()
		defer e.tables.Unlock()
		return e.owned[key].Value()
	}
	if f := known(); f != nil {
		return f
	}
	made := make()
	e.tables.Lock()
	defer e.tables.Unlock()
	if f := e.owned[key].Value(); f != nil {
		return f
	}
	e.owned[key] = weak.Make(made)
	return made
}

// collectible makes the engine forget a unit when nobody refers to its functions,
// unless it is kept for other reasons.
func (e *Engine) collectible(n *unit, file *token.File) {
	runtime.AddCleanup(n.pkg, e.collected, collectedUnit{n.serial, file})
}

type collectedUnit struct {
	serial int
	file   *token.File
}

// collected forgets a unit of which nothing can run any more.
func (e *Engine) collected(c collectedUnit) {
	if c.file != nil {
		e.fset.RemoveFile(c.file)
	}
	e.mu.Lock()
	if i, ok := slices.BinarySearchFunc(e.units, c.serial, bySerial); ok {
		e.units = slices.Delete(e.units, i, i+1)
	}
	e.swept++
	if e.swept > 16+len(e.closures)/8 {
		e.swept = 0
		e.sweep()
	}
	e.mu.Unlock()
	if e.options.Forgotten != nil {
		e.options.Forgotten(c.serial)
	}
}

// sweep forgets functions that are gone. The caller holds e.mu.
func (e *Engine) sweep() {
	sweep(e.closures)
	sweep(e.references)
	e.tables.Lock()
	defer e.tables.Unlock()
	sweep(e.bodyOfObject)
	for fn, f := range e.owned {
		if f.Value() == nil {
			delete(e.owned, fn)
		}
	}
}

func sweep[V any](table map[weakFunction]V) {
	for fn := range table {
		if fn.Value() == nil {
			delete(table, fn)
		}
	}
}

// Forget lets go of what a unit has compiled, as far as nobody refers to it: its
// statements have run, or never will. What it has declared stays.
func (p *Program) Forget() {
	e, n := p.engine, p.unit
	e.mu.Lock()
	defer e.mu.Unlock()
	if n.pinned || n.pkg == nil {
		return
	}
	functions := n.all(e.builder)
	if p.statements != nil && len(functions) == 1 {
		// No literals, method values and instances.
		e.tables.Lock()
		for fn := range p.markers {
			delete(e.markers, fn)
		}
		e.tables.Unlock()
		n.roots = slices.DeleteFunc(n.roots, func(fn *ssa.Function) bool { return fn == p.statements })
		n.functions = nil
	}
	if n.declares || len(n.objects) > 0 || len(n.types) > 0 || slices.ContainsFunc(functions, n.shares) {
		return
	}
	if len(n.roots) == 0 {
		e.units = slices.DeleteFunc(e.units, func(other *unit) bool { return other == n })
	}
	n.release()
}

// shares reports whether there may be func values of fn, or of what it mentions, while
// nobody refers to the package of the unit.
func (n *unit) shares(fn *ssa.Function) bool {
	if pkg := packageOf(fn); pkg != n.pkg {
		return !isLibrary(fn) // those are looked for where they are mentioned
	}
	var space [8]*ssa.Value
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			call, _ := instr.(ssa.CallInstruction)
			for _, op := range instr.Operands(space[:0]) {
				f, ok := (*op).(*ssa.Function)
				if ok && f.Blocks != nil && isLibrary(f) && (call == nil || op != &call.Common().Value) {
					return true
				}
			}
		}
	}
	return false
}

// release makes the unit live as long as its functions.
func (n *unit) release() {
	for _, fn := range n.roots {
		n.released = append(n.released, weak.Make(fn))
	}
	n.pkg, n.roots, n.functions = nil, nil, nil
}

// living returns the functions that the unit gives bodies to.
func (n *unit) living() []*ssa.Function {
	if n.pkg != nil {
		return n.roots
	}
	var roots []*ssa.Function
	for _, w := range n.released {
		fn := w.Value()
		if fn == nil {
			return nil
		}
		roots = append(roots, fn)
	}
	return roots
}

// Pin keeps units, which have been named to another process: it may name functions
// of theirs in return.
func (e *Engine) Pin(serials ...int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, serial := range serials {
		n := e.unit(serial)
		if n == nil || n.pinned {
			continue
		}
		n.pinned = true
		if roots := n.living(); n.pkg == nil && len(roots) > 0 {
			n.roots, n.pkg = roots, packageOf(roots[0])
		}
	}
}

// hidden reports whether a name is one of our own making, by which no cell refers to
// anything.
func hidden(name string) bool { return strings.Contains(name, cell.Placeholder) }
