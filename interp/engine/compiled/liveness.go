package compiled

import (
	"go/types"
	"reflect"
	"runtime"
	"runtime/debug"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// Registers keep what they held until they are set again, and so do frames that
// wait for another call. The collector cannot see that nobody will read it: a cell
// that asks for a collection has that cleared first.

// A register holds values with pointers.
type register struct {
	v   ssa.Value
	off uintptr
	typ reflect.Type
}

// pointerRegisters returns the registers of c's values that hold pointers. That of
// an argument on its way to compiled code has no value.
func (c *compiler) pointerRegisters() []register {
	out := c.passed
	for v, off := range c.regs {
		if _, ok := v.(*ssa.Range); ok {
			continue
		}
		if tuple, ok := v.Type().(*types.Tuple); ok {
			out = append(out, register{v, off, c.tuple(tuple).typ})
		} else if k := classOf(v.Type()); k >= str {
			out = append(out, register{v, off, c.e.typ(v.Type())})
		}
	}
	return out
}

// A liveness says which values of a function are still read after an instruction.
type liveness struct {
	body *body
	// recovering are the values that are read after a panic.
	recovering map[ssa.Value]bool
	liveOut    map[*ssa.BasicBlock]map[ssa.Value]bool
	elsewhere  map[ssa.Instruction]bool // the instructions that run where others do
}

func newLiveness(b *body) *liveness {
	l := &liveness{b, map[ssa.Value]bool{}, map[*ssa.BasicBlock]map[ssa.Value]bool{}, map[ssa.Instruction]bool{}}
	for _, list := range b.moved {
		for _, instr := range list {
			l.elsewhere[instr] = true
		}
	}
	fn := b.ssa
	for _, b := range fn.Blocks {
		l.liveOut[b] = map[ssa.Value]bool{}
	}
	if fn.Recover != nil {
		for _, instr := range fn.Recover.Instrs {
			uses(instr, l.recovering)
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(fn.Blocks) - 1; i >= 0; i-- {
			b := fn.Blocks[i]
			out := l.liveOut[b]
			before := len(out)
			for _, succ := range b.Succs {
				for v := range l.before(succ, 0) {
					out[v] = true
				}
				for _, instr := range succ.Instrs {
					phi, ok := instr.(*ssa.Phi)
					if !ok {
						break
					}
					use(phi.Edges[predecessor(succ, b)], out)
				}
			}
			changed = changed || len(out) > before
		}
	}
	return l
}

// before returns the values that are read by the instruction with number n of b or
// after it, and were set before.
func (l *liveness) before(b *ssa.BasicBlock, n int) map[ssa.Value]bool {
	live := map[ssa.Value]bool{}
	for v := range l.liveOut[b] {
		live[v] = true
	}
	for i := len(b.Instrs) - 1; i >= n; i-- {
		if v, ok := b.Instrs[i].(ssa.Value); ok {
			delete(live, v)
		}
		for _, instr := range l.body.moved[b.Instrs[i]] {
			uses(instr, live)
		}
		if _, phi := b.Instrs[i].(*ssa.Phi); !phi && !l.elsewhere[b.Instrs[i]] {
			uses(b.Instrs[i], live)
		}
	}
	return live
}

func uses(instr ssa.Instruction, to map[ssa.Value]bool) {
	var space [8]*ssa.Value
	for _, op := range instr.Operands(space[:0]) {
		if *op != nil {
			use(*op, to)
		}
	}
}

// use adds v, and the values that have its memory.
func use(v ssa.Value, to map[ssa.Value]bool) {
	for {
		to[v] = true
		switch part := v.(type) {
		case *ssa.ChangeType:
			v = part.X
		case *ssa.Field:
			v = part.X
		case *ssa.Extract:
			v = part.Tuple
		case *ssa.Call:
			x, _, ok := lengthOf(part)
			if !ok {
				return
			}
			v = x
		default:
			return
		}
	}
}

// forget clears the registers of fr that its function does not read any more.
func (fr *frame) forget() {
	b := fr.body
	if fr.pc < 0 || int(fr.pc) >= len(b.positions) || len(b.pointers) == 0 {
		return
	}
	at, ok := b.positions[fr.pc].instr.(*ssa.Call)
	if !ok {
		return
	}
	l := newLiveness(b)
	n := 0
	for i, instr := range at.Block().Instrs {
		if instr == ssa.Instruction(at) {
			n = i + 1
		}
	}
	live := l.before(at.Block(), n)
	for _, a := range at.Call.Args {
		useConverted(a, live)
	}
	used := map[uintptr]bool{} // a register may be that of several values
	for _, r := range b.pointers {
		used[r.off] = used[r.off] || live[r.v] || l.recovering[r.v]
	}
	fr.fn = nil // its captured variables may be among what goes
	for _, r := range b.pointers {
		if !used[r.off] {
			rtype.TypedClear(r.typ, fr.pointer(r.off))
		}
	}
}

// useConverted adds the pointers whose numbers are an argument, or elements of a
// variadic one: what they lead to lives through the call.
func useConverted(arg ssa.Value, to map[ssa.Value]bool) {
	switch arg := arg.(type) {
	case *ssa.Convert:
		use(arg.X, to)
	case *ssa.Slice:
		array, ok := arg.X.(*ssa.Alloc)
		if !ok {
			return
		}
		for _, ref := range *array.Referrers() {
			if element, ok := ref.(*ssa.IndexAddr); ok {
				for _, ref := range *element.Referrers() {
					if store, ok := ref.(*ssa.Store); ok {
						useConverted(store.Val, to)
					}
				}
			}
		}
	}
}

// collect is runtime.GC.
func collect() {
	th, _ := current()
	th.forget()
	runtime.GC()
}

// freeMemory is debug.FreeOSMemory.
func freeMemory() {
	th, _ := current()
	th.forget()
	debug.FreeOSMemory()
}

// forget clears what the frames of the goroutine hold in vain.
func (th *thread) forget() {
	clear(th.free[:])
	th.top.callee = nil
	th.frames = 0
	for fr := th.top; fr != nil && fr.body != noBody; fr = fr.caller {
		th.frames += fr.body.typ.rt.Size()
		fr.forget()
	}
}
