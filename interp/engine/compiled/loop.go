package compiled

import (
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// A counting is an addition of ints in registers: dst = x + y.
type counting struct{ dst, x, y uintptr }

// counting describes v, set to the register at dst, nil if it does not count.
func (c *compiler) counting(dst uintptr, v ssa.Value) *counting {
	op, ok := v.(*ssa.BinOp)
	if !ok || op.Op != token.ADD || classOf(op.Type()) != i64 || c.fold.folded[op.X] || c.fold.folded[op.Y] {
		return nil
	}
	if !c.fold.folded[op] && c.regs[op] != dst {
		return nil
	}
	return &counting{dst, c.reg(op.X), c.reg(op.Y)}
}

// turn compiles the way back to the head of a loop that counts, with the counter's
// addition, poll and comparison in one closure. The counter is added to by the
// last of the moves, or by the head. It returns nil if the loop has another form.
func (c *compiler) turn(head *ssa.BasicBlock, moves []step, last *counting) func(*frame) *block {
	choice, ok := head.Instrs[len(head.Instrs)-1].(*ssa.If)
	if !ok {
		return nil
	}
	cond, ok := choice.Cond.(*ssa.BinOp)
	if !ok || !c.fold.folded[cond] || c.fold.folded[cond.X] || c.fold.folded[cond.Y] || classOf(cond.X.Type()) != i64 || c.comparesWith(cond) {
		return nil
	}
	if c.chooses(head) {
		if last == nil || c.reg(cond.X) != last.dst {
			return nil
		}
		moves = moves[:len(moves)-1]
	} else {
		inc, ok := cond.X.(*ssa.BinOp)
		if !ok || inc.Block() != head || !c.choosesAfter(head, inc) {
			return nil
		}
		if last = c.counting(c.register(inc), inc); last == nil {
			return nil
		}
	}
	limit := c.reg(cond.Y)
	yes, no := c.edge(head, 0, false), c.edge(head, 1, false)
	if limit == last.dst || yes.move != nil {
		return nil
	}
	body, exit := yes.to, no.follow()
	switch cond.Op {
	case token.LSS:
		return lssTurn(moves, *last, limit, body, exit)
	case token.LEQ:
		return leqTurn(moves, *last, limit, body, exit)
	case token.GTR:
		return gtrTurn(moves, *last, limit, body, exit)
	case token.GEQ:
		return geqTurn(moves, *last, limit, body, exit)
	case token.EQL:
		return eqlTurn(moves, *last, limit, body, exit)
	case token.NEQ:
		return neqTurn(moves, *last, limit, body, exit)
	}
	return nil
}

// shareCounters gives a phi that is only there to be added to the register of the
// sum, as go/ssa has it in loops over slices and integers: the phi is dead once
// the sum is known, and the sum is until the phi is set for the next turn.
func (c *compiler) shareCounters() {
	for _, b := range c.fn.Blocks {
		for _, instr := range b.Instrs {
			phi, ok := instr.(*ssa.Phi)
			if !ok {
				break
			}
			if len(*phi.Referrers()) != 1 {
				continue
			}
			inc, ok := soleUser(phi).(*ssa.BinOp)
			if ok && inc.Block() == b && !c.fold.folded[inc] && inc.X == phi && classOf(inc.Type()) == i64 {
				c.regs[phi] = c.register(inc)
			}
		}
	}
}
