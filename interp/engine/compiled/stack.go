package compiled

import (
	"fmt"
	"go/token"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/engine"
)

// A callSite is where a function was when it was left by a call or a panic.
type callSite struct {
	b  *body
	pc int32
	// runtime is the program counter of a function of package runtime, where b is
	// nil: those that a panic has gone through.
	runtime uintptr
}

func (s callSite) pos() token.Pos {
	if len(s.b.positions) == 0 {
		return token.NoPos
	}
	return s.b.positions[min(max(s.pc, 0), int32(len(s.b.positions)-1))].pos
}

// panicPositions returns, for instructions of b that compute others which may
// panic, where the first of those comes from.
func (c *compiler) panicPositions(b *ssa.BasicBlock) map[ssa.Instruction]token.Pos {
	out := map[ssa.Instruction]token.Pos{}
	for _, instr := range b.Instrs {
		v, ok := instr.(ssa.Value)
		if !ok || !c.fold.folded[v] || !reads(v) || isVariable(v) {
			continue
		}
		pos := v.Pos()
		if load, ok := v.(*ssa.UnOp); ok && !pos.IsValid() {
			pos = load.X.Pos()
		}
		user := c.fold.root(v)
		if out[user] == token.NoPos {
			out[user] = pos
		}
	}
	return out
}

// isVariable reports whether v is a variable, a field of one, or the address of
// that: computing it cannot panic.
func isVariable(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.UnOp:
		return v.Op == token.MUL && isVariableAddress(v.X)
	case *ssa.FieldAddr:
		return isVariableAddress(v)
	}
	return false
}

func isVariableAddress(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		return isVariableAddress(v.X)
	case *ssa.Global, *ssa.Alloc, *ssa.FreeVar:
		return true
	}
	return false
}

// positionOf returns where instr comes from, or what it computes that may panic.
// Calls are where they are, for what they call.
func (c *compiler) positionOf(instr ssa.Instruction, panics map[ssa.Instruction]token.Pos) token.Pos {
	switch i := instr.(type) {
	case *ssa.RunDefers:
		if end := i.Block().Instrs[len(i.Block().Instrs)-1]; end.Pos().IsValid() {
			return end.Pos()
		}
		return endOf(c.fn)
	case *ssa.Call:
		return i.Pos()
	case *ssa.UnOp:
		if p := panics[instr]; !p.IsValid() && !i.Pos().IsValid() {
			return i.X.Pos()
		}
	}
	if p := panics[instr]; p.IsValid() {
		return p
	}
	return instr.Pos()
}

const (
	// unentered is the pc of a frame whose function does not run.
	unentered = -1
	// deferring is the pc of a frame whose function has panicked, while its
	// deferred calls run.
	deferring = -2
)

// innermost returns the frame that runs, of those that fr has called.
func innermost(fr *frame) *frame {
	for {
		b := fr.body
		inCall := b == noBody || fr.pc == deferring || fr.pc >= 0 && int(fr.pc) < len(b.positions) && b.positions[fr.pc].calls
		if cf := fr.callee; inCall && cf != nil && cf.pc != unentered {
			fr = cf
			continue
		}
		return fr
	}
}

// stackAt returns the calls that have led to what fr's goroutine does, innermost
// first.
func stackAt(fr *frame) []callSite { return callSites(innermost(fr)) }

// callSites returns the calls that have led to fr, innermost first. Below a
// deferred call is what panicked, as long as the call goes on.
func callSites(fr *frame) []callSite {
	var stack []callSite
	for ; fr != nil && fr.body != noBody; fr = fr.caller {
		stack = append(stack, callSite{b: fr.body, pc: fr.pc})
		if p := fr.recovers; p != nil {
			return append(stack, p.stack...)
		}
	}
	return stack
}

// Stack returns the calls of g, innermost first: where it is, or where the panic
// with value v began. Nobody else may run g meanwhile.
func (e *Engine) Stack(g *engine.Goroutine, v any) []engine.Call {
	th, ok := g.Local.(*thread)
	if !ok {
		return nil
	}
	return e.trace(th, v)
}

// trace returns where the panic with value v has ended th.
func (e *Engine) trace(th *thread, v any) []engine.Call {
	stack := stackAt(&th.bottom)
	if p := th.raised; p != nil && sameValue(p.value, v) {
		stack = p.stack
	}
	return e.calls(stack)
}

// calls names the functions and lines of a stack, those of cells: what packages do
// is not shown, whether it is compiled or generic.
func (e *Engine) calls(stack []callSite) []engine.Call {
	var calls []engine.Call
	known := map[callSite]engine.Call{} // a recursion has few
	for _, site := range stack {
		if site.b == nil || site.b.ssa != nil && isLibrary(site.b.ssa) {
			continue
		}
		call, ok := known[site]
		if !ok {
			p := e.position(site.b, site.pos())
			if _, err := fmt.Sscanf(p.Filename, "In [%d]", &call.Cell); err != nil {
				// A line directive gave it another name.
				_, _ = fmt.Sscanf(e.fset.PositionFor(site.pos(), false).Filename, "In [%d]", &call.Cell)
			}
			call.Name, call.Line = site.b.fn.name, p.Line
			known[site] = call
		}
		calls = append(calls, call)
	}
	return calls
}
