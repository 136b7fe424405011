package compiled

import (
	"go/types"
	"time"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/engine"
)

// This file finds out where a goroutine is that does not stop: in a call of
// compiled code, which goes on until it returns.

// sameCall is how long a goroutine is watched that is taken to be in one call.
const sameCall = 2 * time.Millisecond

// A sighting is where a goroutine was seen.
type sighting struct {
	fr   *frame
	b    *body
	pc   int32
	fuel int
}

// Background returns the compiled function, sort.Ints, that the statements of a cell
// which does not stop are in, and the calls of the notebook that have led there,
// innermost first. Without a name it is something else that takes long, and without
// calls it has not had its turn to stop yet.
func (e *Engine) Background(c *engine.Cell) (name string, calls []engine.Call) {
	for _, th := range e.census.list() {
		if !th.main || th.g.Cell != c {
			continue
		}
		before := glance(th)
		time.Sleep(sameCall)
		if th.waits.state() != awake || glance(th) != before || before.b == noBody {
			return "", nil
		}
		stack := glances(before)
		if pc := int(before.pc); pc >= 0 && pc < len(before.b.positions) {
			if call, ok := before.b.positions[pc].instr.(*ssa.Call); ok {
				name = calleeName(&call.Call)
			}
		}
		return name, e.calls(stack)
	}
	return "", nil
}

// glance looks at a goroutine that may run. What it returns counts only if another
// glance returns the same: until a call of compiled code returns, nothing of it
// changes. Each field is loaded once: what was found out about a value holds for that
// value only.
//
//go:norace
func glance(th *thread) sighting {
	fr := &th.bottom
	b, pc := fr.body, fr.pc
	for range maxGlances {
		inCall := b == noBody || pc == deferring || pc >= 0 && int(pc) < len(b.positions) && b.positions[pc].calls
		callee := fr.callee
		if !inCall || callee == nil {
			break
		}
		calleePC := callee.pc
		if calleePC == unentered {
			break
		}
		calleeBody := callee.body
		fr, b, pc = callee, calleeBody, calleePC
	}
	return sighting{fr, b, pc, th.fuel}
}

// maxGlances bounds a stack that changes while it is looked at.
const maxGlances = 1 << 20

// glances is callSites for a goroutine that may come back from its call meanwhile.
//
//go:norace
func glances(from sighting) []callSite {
	stack := []callSite{{b: from.b, pc: from.pc}}
	for fr := from.fr.caller; fr != nil && len(stack) < shownOfOverflow; fr = fr.caller {
		b, pc := fr.body, fr.pc
		if b == noBody {
			break
		}
		stack = append(stack, callSite{b: b, pc: pc})
	}
	return stack
}

// calleeName names what a call calls, if that is a compiled function: sort.Ints,
// bufio.(*Reader).Read.
func calleeName(call *ssa.CallCommon) string {
	obj := call.Method
	if fn := call.StaticCallee(); fn != nil {
		obj, _ = fn.Object().(*types.Func)
	}
	if obj == nil || obj.Pkg() == nil {
		return ""
	}
	if obj.Signature().Recv() != nil {
		return obj.Pkg().Path() + "." + methodName(obj)
	}
	return obj.Pkg().Path() + "." + obj.Name()
}
