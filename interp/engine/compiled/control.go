package compiled

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// An edge leads to a block: move sets the block's phis, looks at the poll on the
// way back in a loop, and returns what runs next. Without any of that to do it
// is nil, and to runs next.
type edge struct {
	to   *block
	move func(*frame) *block
}

func (e edge) follow() func(*frame) *block {
	if e.move != nil {
		return e.move
	}
	to := e.to
	return func(*frame) *block { return to }
}

// terminator compiles the last instruction of b.
func (c *compiler) terminator(b *ssa.BasicBlock, instr ssa.Instruction) func(*frame) *block {
	switch i := instr.(type) {
	case *ssa.Jump:
		return c.edge(b, 0, true).follow()
	case *ssa.If:
		return c.branch(b, i, true)
	case *ssa.Return:
		return c.returns(i)
	case *ssa.Panic:
		if v := rangePanic(i.X); v != nil {
			return func(*frame) *block {
				goPanic(v)
				return nil
			}
		}
		x := c.reg(i.X)
		return func(fr *frame) *block {
			fr.th.raised = nil // one that compiled code has recovered
			goPanic(*at[any](fr, x))
			return nil
		}
	}
	panic("no terminator")
}

// goPanic is the panic statement.
func goPanic(v any) { panic(v) }

// edge compiles the way from b to its n-th successor. With through, a successor
// that only chooses between two others is passed on the way.
func (c *compiler) edge(b *ssa.BasicBlock, n int, through bool) edge {
	to := b.Succs[n]
	target := c.blocks[to.Index]
	moves, last := c.phiMoves(b, to)
	poll := to.Index <= b.Index
	if through && poll && to != b {
		if turn := c.turn(to, moves, last); turn != nil {
			return edge{to: target, move: turn}
		}
	}
	var pass func(*frame) *block
	switch {
	case through && to != b && c.chooses(to):
		pass = c.branch(to, to.Instrs[len(to.Instrs)-1].(*ssa.If), false)
	case len(moves) == 0 && !poll:
		return edge{to: target}
	default:
		pass = func(*frame) *block { return target }
	}
	return edge{to: target, move: along(moves, poll, pass)}
}

// along returns what makes the moves, polls if told to, and passes on.
func along(moves []step, poll bool, pass func(*frame) *block) func(*frame) *block {
	if !poll {
		switch len(moves) {
		case 0:
			return pass
		case 1:
			m0 := moves[0]
			return func(fr *frame) *block {
				m0(fr)
				return pass(fr)
			}
		}
		return func(fr *frame) *block {
			for _, m := range moves {
				m(fr)
			}
			return pass(fr)
		}
	}
	switch len(moves) {
	case 0:
		return func(fr *frame) *block {
			if fr.th.fuel--; fr.th.fuel < 0 {
				fr.th.poll()
			}
			return pass(fr)
		}
	case 1:
		m0 := moves[0]
		return func(fr *frame) *block {
			m0(fr)
			if fr.th.fuel--; fr.th.fuel < 0 {
				fr.th.poll()
			}
			return pass(fr)
		}
	case 2:
		m0, m1 := moves[0], moves[1]
		return func(fr *frame) *block {
			m0(fr)
			m1(fr)
			if fr.th.fuel--; fr.th.fuel < 0 {
				fr.th.poll()
			}
			return pass(fr)
		}
	}
	return func(fr *frame) *block {
		for _, m := range moves {
			m(fr)
		}
		if fr.th.fuel--; fr.th.fuel < 0 {
			fr.th.poll()
		}
		return pass(fr)
	}
}

// chooses reports whether b does nothing but choose: its instructions are phis,
// folded values and an If.
func (c *compiler) chooses(b *ssa.BasicBlock) bool { return c.choosesAfter(b, nil) }

// choosesAfter reports whether b does nothing but choose, once first is done.
func (c *compiler) choosesAfter(b *ssa.BasicBlock, first ssa.Value) bool {
	last := len(b.Instrs) - 1
	if _, ok := b.Instrs[last].(*ssa.If); !ok {
		return false
	}
	for _, instr := range b.Instrs[:last] {
		switch i := instr.(type) {
		case *ssa.Phi, *ssa.DebugRef:
		case ssa.Value:
			if !c.fold.folded[i] && i != first {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// branch compiles an If.
func (c *compiler) branch(b *ssa.BasicBlock, i *ssa.If, through bool) func(*frame) *block {
	yes, no := c.edge(b, 0, through), c.edge(b, 1, through)
	if cond, ok := i.Cond.(*ssa.BinOp); ok && c.fold.folded[cond] {
		if f := c.comparisonBranch(cond, yes, no); f != nil {
			return f
		}
	}
	if not, ok := i.Cond.(*ssa.UnOp); ok && c.fold.folded[not] && not.Op == token.NOT {
		return branch(get[bool](c, not.X), no, yes)
	}
	return branch(get[bool](c, i.Cond), yes, no)
}

func branch(cond value[bool], yes, no edge) func(*frame) *block {
	switch {
	case yes.move == nil && no.move == nil:
		yb, nb := yes.to, no.to
		return func(fr *frame) *block {
			if cond(fr) {
				return yb
			}
			return nb
		}
	case yes.move == nil:
		yb, move := yes.to, no.move
		return func(fr *frame) *block {
			if cond(fr) {
				return yb
			}
			return move(fr)
		}
	case no.move == nil:
		nb, move := no.to, yes.move
		return func(fr *frame) *block {
			if cond(fr) {
				return move(fr)
			}
			return nb
		}
	}
	yf, nf := yes.move, no.move
	return func(fr *frame) *block {
		if cond(fr) {
			return yf(fr)
		}
		return nf(fr)
	}
}

// returns compiles a return.
func (c *compiler) returns(r *ssa.Return) func(*frame) *block {
	var steps []step
	for i, v := range r.Results {
		if i < len(c.b.layout.results) {
			steps = append(steps, c.into(c.b.layout.results[i].off, v))
		}
	}
	switch len(steps) {
	case 0:
		return func(*frame) *block { return nil }
	case 1:
		s0 := steps[0]
		return func(fr *frame) *block {
			s0(fr)
			return nil
		}
	}
	return func(fr *frame) *block {
		for _, s := range steps {
			s(fr)
		}
		return nil
	}
}

// A phiMove sets a phi's register on one edge.
type phiMove struct {
	phi   *ssa.Phi
	value ssa.Value
	reads map[uintptr]bool
}

// phiMoves compiles the parallel assignment to the phis of to. Where one reads
// what another sets, it goes first, or through a temporary. last describes the
// last one if it counts.
func (c *compiler) phiMoves(from, to *ssa.BasicBlock) (steps []step, last *counting) {
	var pending []phiMove
	for _, instr := range to.Instrs {
		phi, ok := instr.(*ssa.Phi)
		if !ok {
			break
		}
		v := phi.Edges[predecessor(to, from)]
		if v == phi || len(*phi.Referrers()) == 0 {
			continue
		}
		if !c.fold.folded[v] && c.reg(v) == c.register(phi) {
			continue // they share a register
		}
		m := phiMove{phi, v, map[uintptr]bool{}}
		c.readsOf(v, m.reads)
		pending = append(pending, m)
	}
	for len(pending) > 0 {
		ready := -1
		for i, m := range pending {
			if ready >= 0 && c.counting(c.register(m.phi), m.value) != nil {
				continue // what counts goes last where it can
			}
			free := true
			for j, other := range pending {
				if i != j && other.reads[c.register(m.phi)] {
					free = false
				}
			}
			if free {
				if ready = i; c.counting(c.register(m.phi), m.value) == nil {
					break
				}
			}
		}
		if ready >= 0 {
			m := pending[ready]
			last = c.counting(c.register(m.phi), m.value)
			steps = append(steps, c.into(c.register(m.phi), m.value))
			pending = append(pending[:ready], pending[ready+1:]...)
			continue
		}
		// A cycle: all that remain go through temporaries.
		var after []step
		for _, m := range pending {
			t := m.phi.Type()
			temp := c.memory.value(classOf(t), c.e.typ(t))
			steps = append(steps, c.into(temp, m.value))
			after = append(after, c.move(c.register(m.phi), temp, t))
		}
		return append(steps, after...), nil
	}
	return steps, last
}

func predecessor(to, from *ssa.BasicBlock) int {
	for i, p := range to.Preds {
		if p == from {
			return i
		}
	}
	panic("no edge between the blocks")
}

// readsOf adds the registers that computing v reads.
func (c *compiler) readsOf(v ssa.Value, reads map[uintptr]bool) {
	if !c.fold.folded[v] {
		for {
			if f, ok := v.(*ssa.Field); ok {
				v = f.X
				continue
			}
			if x, _, ok := lengthOf(v); ok && !c.fold.folded[x] {
				v = x
				continue
			}
			if t, ok := v.(*ssa.ChangeType); ok && !c.fold.folded[t.X] {
				v = t.X
				continue
			}
			break
		}
		reads[c.reg(v)] = true
		return
	}
	var space [8]*ssa.Value
	for _, op := range v.(ssa.Instruction).Operands(space[:0]) {
		if _, builtin := (*op).(*ssa.Builtin); *op != nil && !builtin {
			c.readsOf(*op, reads)
		}
	}
}
