package compiled

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// Calls of functions that only calculate run on the frame of the caller, where a
// check before each call says that the function is still the one expected: a
// literal's func value, or the newest version of what a cell declares. Such a
// function calls nothing, does not wait and cannot panic, so that nobody who looks
// at the stack misses its frame.

// maxInlined is how many instructions such a function may have.
const maxInlined = 12

// inline compiles a call of fn as steps on the frame of the caller, nil if fn does
// more than calculate. captures says which registers are to hold the captured
// variables.
func (c *compiler) inline(call *ssa.CallCommon, fn *ssa.Function, dst uintptr, wanted bool) (run step, captures []capture) {
	if !calculates(fn) || wraps(fn) {
		return nil, nil
	}
	regs := map[ssa.Value]uintptr{}
	var steps []step
	for i, p := range fn.Params {
		if arg := call.Args[i]; !c.fold.folded[arg] {
			regs[p] = c.reg(arg)
		} else {
			if steps == nil {
				steps = append(steps, (*frame).unenter)
			}
			regs[p] = c.memory.value(classOf(p.Type()), nil)
			steps = append(steps, c.into(regs[p], arg))
		}
	}
	for i, v := range fn.FreeVars {
		regs[v] = c.forgotten()
		captures = append(captures, capture{reg: regs[v], off: c.e.closureType(fn).offsets[i]})
	}
	in := &compiler{e: c.e, b: c.b, fn: fn, memory: c.memory, regs: regs, consts: c.consts, fold: folding{}}
	in.fold.analyse(fn)
	instrs := fn.Blocks[0].Instrs
	for _, instr := range instrs[:len(instrs)-1] {
		if v, ok := instr.(ssa.Value); ok && in.fold.folded[v] {
			continue
		}
		if s := in.step(instr); s != nil {
			steps = append(steps, s)
		}
	}
	if wanted {
		steps = append(steps, in.into(dst, instrs[len(instrs)-1].(*ssa.Return).Results[0]))
	}
	c.memory = in.memory
	return together(steps), captures
}

// forgotten adds a register for a pointer that need not outlive a collection.
func (c *compiler) forgotten() uintptr {
	off := c.memory.value(ptr, nil)
	c.passed = append(c.passed, register{off: off, typ: registerTypes[ptr]})
	return off
}

// unenter notes that fr calls no function now: an argument may panic.
func (fr *frame) unenter() {
	if cf := fr.callee; cf != nil {
		cf.pc = unentered
	}
}

// together makes one step of several.
func together(steps []step) step {
	switch len(steps) {
	case 1:
		return steps[0]
	case 2:
		s0, s1 := steps[0], steps[1]
		return func(fr *frame) {
			s0(fr)
			s1(fr)
		}
	case 3:
		s0, s1, s2 := steps[0], steps[1], steps[2]
		return func(fr *frame) {
			s0(fr)
			s1(fr)
			s2(fr)
		}
	}
	return func(fr *frame) {
		for _, s := range steps {
			s(fr)
		}
	}
}

// inlineLiteral compiles a call of a func value that is likely to be a known
// literal's. other makes the call if it is not.
func (c *compiler) inlineLiteral(call *ssa.CallCommon, dst uintptr, wanted bool, other step) step {
	literal := c.literal(call.Value)
	if literal == nil {
		return other
	}
	run, captures := c.inline(call, literal, dst, wanted)
	if run == nil {
		return other
	}
	// last is the func value whose captured variables the registers hold.
	expected, value, last := c.e.ssaFunc(literal), c.reg(call.Value), c.forgotten()
	t := trampolineOf(expected.layout.typ)
	return func(fr *frame) {
		fv := *at[pointer](fr, value)
		if fv == nil {
			other(fr)
			return
		}
		if fv != *at[pointer](fr, last) {
			fn := t.function(fv)
			if fn == nil || fn.fn != expected {
				other(fr)
				return
			}
			for _, v := range captures {
				*at[pointer](fr, v.reg) = *(*pointer)(past(pointer(fn), v.off))
			}
			*at[pointer](fr, last) = fv
		}
		run(fr)
	}
}

// inlineDeclared compiles a call of f, which a cell may declare again. other makes
// the call then.
func (c *compiler) inlineDeclared(call *ssa.CallCommon, f *Func, dst uintptr, wanted bool, other step) step {
	if f.source == nil || f.source.Blocks == nil {
		return other
	}
	run, _ := c.inline(call, f.source, dst, wanted)
	if run == nil {
		return other
	}
	if f.body.Load() == nil {
		f.body.Store(c.e.compile(f, f.source))
	}
	expected := f.body.Load()
	return func(fr *frame) {
		if f.body.Load() == expected {
			run(fr)
			return
		}
		other(fr)
	}
}

// literal returns the function literal that the func value v is likely to have:
// the one that v is, or that the newest version of the function returns whose
// result it is. nil if there is none.
func (c *compiler) literal(v ssa.Value) *ssa.Function {
	switch v := v.(type) {
	case *ssa.MakeClosure:
		return v.Fn.(*ssa.Function)
	case *ssa.Call:
		fn, ok := v.Call.Value.(*ssa.Function)
		if !ok {
			return nil
		}
		f := c.e.target(fn)
		if f == nil || f.source == nil {
			return nil
		}
		for _, b := range f.source.Blocks {
			if ret, ok := b.Instrs[len(b.Instrs)-1].(*ssa.Return); ok && len(ret.Results) == 1 {
				if m, ok := ret.Results[0].(*ssa.MakeClosure); ok {
					return m.Fn.(*ssa.Function)
				}
			}
		}
	}
	return nil
}

// calculates reports whether all that fn does is to calculate with numbers, which
// are its parameters and in variables.
func calculates(fn *ssa.Function) bool {
	if len(fn.Blocks) != 1 || len(fn.Blocks[0].Instrs) > maxInlined || fn.Signature.Results().Len() > 1 {
		return false
	}
	for _, p := range fn.Params {
		if !isNumber(p.Type()) {
			return false
		}
	}
	for _, instr := range fn.Blocks[0].Instrs {
		switch i := instr.(type) {
		case *ssa.DebugRef:
		case *ssa.BinOp:
			if !isNumber(i.X.Type()) || !isNumber(i.Y.Type()) || mayPanic(i) {
				return false
			}
		case *ssa.UnOp:
			if !isNumber(i.Type()) || i.Op == token.ARROW || i.Op == token.MUL && !alwaysThere(i.X) {
				return false
			}
		case *ssa.Convert:
			if !isNumber(i.X.Type()) || !isNumber(i.Type()) {
				return false
			}
		case *ssa.Store:
			if !isNumber(i.Val.Type()) || !alwaysThere(i.Addr) {
				return false
			}
		case *ssa.Return:
			for _, r := range i.Results {
				if !isNumber(r.Type()) {
					return false
				}
			}
		default:
			return false
		}
	}
	return true
}

// isNumber reports whether values of type t are booleans or numbers of at most
// eight bytes.
func isNumber(t types.Type) bool { return classOf(t) <= f64 }

// alwaysThere reports whether v is the address of a variable, captured or of the
// session.
func alwaysThere(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.FreeVar:
		return v.Parent().Parent() != nil
	case *ssa.Global:
		return true
	}
	return false
}

// mayPanic reports whether an operation on numbers divides by what may be zero, or
// shifts by what may be negative.
func mayPanic(op *ssa.BinOp) bool {
	switch op.Op {
	case token.QUO, token.REM, token.SHL, token.SHR:
		y, ok := op.Y.(*ssa.Const)
		return classOf(op.Type()).integer() && (!ok || constant.Sign(y.Value) <= 0)
	}
	return false
}
