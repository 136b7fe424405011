package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A compiler compiles one function.
type compiler struct {
	e      *Engine
	b      *body
	fn     *ssa.Function
	memory memory
	regs   map[ssa.Value]uintptr
	consts map[constKey]uintptr
	passed []register
	fold   folding
	blocks []*block
	ends   []token.Pos // the last position in each block
}

// A position is where a root instruction comes from.
type position struct {
	pos token.Pos
	// calls is set if the instruction runs functions: the frame's callee may be
	// in the middle of one.
	calls bool
	instr ssa.Instruction
}

// compile makes the body of f from SSA.
func (e *Engine) compile(f *Func, fn *ssa.Function) *body {
	c := &compiler{
		e:      e,
		b:      &body{fn: f, ssa: fn, layout: f.layout, number: e.bodies},
		fn:     fn,
		regs:   map[ssa.Value]uintptr{},
		consts: map[constKey]uintptr{},
		fold:   folding{},
		blocks: make([]*block, len(fn.Blocks)),
		ends:   make([]token.Pos, len(fn.Blocks)),
	}
	e.bodies++
	c.memory.params(f.layout)
	for i, p := range fn.Params {
		c.regs[p] = f.layout.params[i].off
	}
	for i, v := range fn.FreeVars {
		t := c.e.typ(v.Type())
		off := c.memory.value(classOf(v.Type()), t)
		c.regs[v] = off
		c.b.captures = append(c.b.captures, capture{off, e.closureType(fn).offsets[i], t, classOf(v.Type())})
	}
	c.fold.analyse(fn)
	c.shareCounters()
	for i := range fn.Blocks {
		c.blocks[i] = &block{}
	}
	for i, b := range fn.Blocks {
		c.compileBlock(b, c.blocks[i])
	}
	c.b.entry = c.blocks[0]
	if fn.Recover != nil {
		c.b.onRecover = c.blocks[fn.Recover.Index]
		c.b.protected = true
	}
	c.b.protected = c.b.protected || defers(fn)
	c.b.pointers, c.b.moved = c.pointerRegisters(), c.fold.moved()
	c.memory.finish(c.b)
	return c.b
}

// defers reports whether fn has calls to run when it ends.
func defers(fn *ssa.Function) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			switch instr.(type) {
			case *ssa.Defer, *ssa.RunDefers:
				return true
			}
		}
	}
	return false
}

// register returns the register of an instruction's result.
func (c *compiler) register(v ssa.Value) uintptr {
	off, ok := c.regs[v]
	if !ok {
		if t, isTuple := v.Type().(*types.Tuple); isTuple {
			off = c.memory.value(agg, c.tuple(t).typ)
		} else {
			off = c.memory.value(classOf(v.Type()), c.e.typ(v.Type()))
		}
		c.regs[v] = off
	}
	return off
}

// reg returns where the operand v stands in the frame.
func (c *compiler) reg(v ssa.Value) uintptr {
	if off, ok := c.regs[v]; ok {
		return off
	}
	switch v := v.(type) {
	case *ssa.Const:
		return c.constant(v)
	case *ssa.Global:
		return c.constantPointer(v, c.e.global(v))
	case *ssa.Function:
		return c.constantPointer(v, c.e.funcValue(v))
	case *ssa.Builtin:
		panic(fmt.Sprintf("builtin %s as a value", v.Name()))
	}
	if c.fold.folded[v] {
		panic(fmt.Sprintf("%s = %s is folded and has no register", v.Name(), v))
	}
	if off, ok := c.alias(v); ok {
		return off
	}
	return c.register(v)
}

// alias returns the register of a value that is part of another's, or the same
// bits with another type.
func (c *compiler) alias(v ssa.Value) (uintptr, bool) {
	switch v := v.(type) {
	case *ssa.ChangeType:
		if c.fold.folded[v.X] {
			return 0, false
		}
		return c.reg(v.X), true
	case *ssa.Field:
		if c.fold.folded[v.X] {
			return 0, false
		}
		return c.reg(v.X) + c.e.typ(v.X.Type()).Field(v.Field).Offset, true
	case *ssa.Call:
		x, off, ok := lengthOf(v)
		if !ok || c.fold.folded[x] {
			return 0, false
		}
		return c.reg(x) + off, true
	case *ssa.Extract:
		return c.reg(v.Tuple) + c.tuple(v.Tuple.Type().(*types.Tuple)).offsets[v.Index], true
	}
	return 0, false
}

// operand returns where v stands, or what computes it.
func operand[T any](c *compiler, v ssa.Value) (uintptr, value[T]) {
	if c.fold.folded[v] {
		return 0, as[T](c.value(v))
	}
	return c.reg(v), nil
}

// get returns a closure that reads v.
func get[T any](c *compiler, v ssa.Value) value[T] {
	off, computed := operand[T](c, v)
	if computed != nil {
		return computed
	}
	return func(fr *frame) T { return *at[T](fr, off) }
}

func as[T any](v any) value[T] {
	f, ok := v.(value[T])
	if !ok {
		panic(fmt.Sprintf("an operand is a %T", v))
	}
	return f
}

// value compiles the instruction v, which is not an aggregate, as a value[T] of
// its class.
func (c *compiler) value(v ssa.Value) any {
	switch v := v.(type) {
	case *ssa.BinOp:
		return c.binary(v)
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return c.load(v)
		}
		return c.unary(v)
	case *ssa.Convert:
		return c.convert(v)
	case *ssa.ChangeType:
		return c.reinterpret(v)
	case *ssa.FieldAddr, *ssa.IndexAddr:
		return c.derive(v).pointer()
	case *ssa.Field:
		return c.field(v)
	case *ssa.Call:
		return c.loadLength(v)
	case *ssa.Index:
		return c.byteOf(v)
	}
	panic(fmt.Sprintf("%s = %s cannot be folded", v.Name(), v))
}

// compileBlock compiles the instructions of b that are not folded.
func (c *compiler) compileBlock(b *ssa.BasicBlock, to *block) {
	var steps []step
	first := len(c.b.positions)
	// What has no position of its own is where the code before it was.
	last := c.fn.Pos()
	if dom := b.Idom(); dom != nil && c.ends[dom.Index].IsValid() {
		last = c.ends[dom.Index]
	}
	panics := c.panicPositions(b)
	for _, instr := range b.Instrs[:len(b.Instrs)-1] {
		if c.fold.parts[instr] != nil {
			continue
		}
		if v, ok := instr.(ssa.Value); ok && c.fold.folded[v] {
			if p := instr.Pos(); p.IsValid() {
				last = p
			}
			continue
		}
		if s := c.step(instr); s != nil {
			if p := c.positionOf(instr, panics); p.IsValid() {
				last = p
			}
			steps = append(steps, s)
			c.b.positions = append(c.b.positions, position{last, calls(instr), instr})
		}
	}
	end := b.Instrs[len(b.Instrs)-1]
	if p := c.positionOf(end, panics); p.IsValid() {
		last = p
	}
	empty := len(b.Instrs) == 1 && len(b.Succs) == 1 && b.Succs[0] == b
	if empty {
		last = emptyLoop(c.fn, last)
	}
	c.ends[b.Index] = last
	c.b.positions = append(c.b.positions, position{last, false, end})
	to.run = sequence(to, int32(first), steps, c.terminator(b, end))
	if turn := to.run; empty {
		to.run = func(fr *frame) *block {
			fr.pc = int32(first)
			return turn(fr)
		}
	}
}

// emptyLoop returns where the first loop without anything in it is, for {}, that fn
// has after a position. No instruction has the place of that.
func emptyLoop(fn *ssa.Function, after token.Pos) token.Pos {
	if fn.Syntax() == nil {
		return after
	}
	found := token.NoPos
	ast.Inspect(fn.Syntax(), func(n ast.Node) bool {
		if loop, ok := n.(*ast.ForStmt); ok && !found.IsValid() && loop.Pos() > after && len(loop.Body.List) == 0 {
			found = loop.Pos()
		}
		return !found.IsValid()
	})
	if found.IsValid() {
		return found
	}
	return after
}

func calls(instr ssa.Instruction) bool {
	switch instr.(type) {
	case *ssa.Call, *ssa.RunDefers:
		return true
	}
	return false
}

// step compiles an instruction that is not folded. It is nil where there is
// nothing to do.
func (c *compiler) step(instr ssa.Instruction) step {
	switch i := instr.(type) {
	case *ssa.Phi, *ssa.DebugRef:
		return nil
	case *ssa.Extract, *ssa.ChangeType, *ssa.Field:
		v := i.(ssa.Value)
		if _, ok := c.alias(v); ok {
			return nil
		}
		return c.into(c.register(v), v)
	case *ssa.BinOp:
		return c.into(c.register(i), i)
	case *ssa.UnOp:
		if i.Op == token.ARROW {
			return c.receive(i)
		}
		return c.into(c.register(i), i)
	case *ssa.Convert, *ssa.FieldAddr, *ssa.IndexAddr:
		v := i.(ssa.Value)
		return c.into(c.register(v), v)
	case *ssa.Alloc:
		return c.alloc(i)
	case *ssa.Store:
		return c.store(i)
	case *ssa.Call:
		if x, _, ok := lengthOf(i); ok {
			if !c.fold.folded[x] {
				return nil // it is an alias
			}
			return c.into(c.register(i), i)
		}
		return c.call(i)
	case *ssa.Go:
		return c.goStatement(i)
	case *ssa.Defer:
		return c.deferStatement(i)
	case *ssa.RunDefers:
		return func(fr *frame) { fr.runDefers() }
	case *ssa.MakeClosure:
		return c.makeClosure(i)
	case *ssa.MakeInterface:
		return c.makeInterface(i)
	case *ssa.ChangeInterface:
		return c.changeInterface(i)
	case *ssa.TypeAssert:
		return c.modern(i, c.typeAssert(i))
	case *ssa.MakeSlice:
		return c.makeSlice(i)
	case *ssa.MakeMap:
		return c.makeMap(i)
	case *ssa.MakeChan:
		return c.makeChan(i)
	case *ssa.Slice:
		return c.sliceOf(i)
	case *ssa.Index:
		if isStringIndex(i) {
			return c.into(c.register(i), i)
		}
		return c.index(i)
	case *ssa.Lookup:
		return c.lookup(i)
	case *ssa.MapUpdate:
		return c.mapUpdate(i)
	case *ssa.Range:
		return c.rangeOver(i)
	case *ssa.Next:
		return c.next(i)
	case *ssa.Send:
		return c.send(i)
	case *ssa.Select:
		return c.selectStatement(i)
	case *ssa.SliceToArrayPointer:
		return c.sliceToArrayPointer(i)
	case *ssa.MultiConvert:
		return c.multiConvert(i)
	}
	panic(fmt.Sprintf("no step for %T", instr))
}
