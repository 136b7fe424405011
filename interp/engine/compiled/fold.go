package compiled

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// A folding says which values have no register of their own: they are used
// once, in their own block, and computed by their user. What reads memory or
// may panic must not move past an instruction with an effect.
type folding struct {
	folded map[ssa.Value]bool
	// appended are the x of calls append(s, x), parts the instructions that such a
	// call replaces.
	appended map[*ssa.Call]ssa.Value
	parts    map[ssa.Instruction]*ssa.Call
}

func (f *folding) analyse(fn *ssa.Function) {
	f.folded = map[ssa.Value]bool{}
	f.appended = map[*ssa.Call]ssa.Value{}
	f.parts = map[ssa.Instruction]*ssa.Call{}
	for _, b := range fn.Blocks {
		f.appends(b)
		f.block(b)
	}
}

func (f *folding) block(b *ssa.BasicBlock) {
	index := make(map[ssa.Instruction]int, len(b.Instrs))
	// effects counts the effects before each instruction.
	effects := make([]int, len(b.Instrs)+1)
	for i, instr := range b.Instrs {
		index[instr] = i
		effects[i+1] = effects[i]
		if hasEffect(instr) && f.parts[instr] == nil {
			effects[i+1]++
		}
	}
	root := make([]int, len(b.Instrs)) // where a folded instruction is computed
	shared := map[ssa.Instruction]bool{}
	end := len(b.Instrs) - 1
	for i := end; i >= 0; i-- {
		root[i] = i
		v, ok := b.Instrs[i].(ssa.Value)
		if !ok || !foldable(v) {
			continue
		}
		if store := updates(v); store != nil {
			if at, inBlock := index[store]; inBlock && effects[at] == effects[i+1] {
				f.folded[v], shared[b.Instrs[i]], root[i] = true, true, at
			}
			continue
		}
		user := soleUser(v)
		if user == nil || shared[user] || f.parts[b.Instrs[i]] != nil {
			continue
		}
		at, inBlock := index[user]
		if call := f.parts[user]; call != nil {
			at = index[call]
		}
		switch {
		case inBlock && at > i && takesFolded(user, v):
			if _, phi := user.(*ssa.Phi); phi {
				continue
			}
			at = root[at]
		case feedsEdge(user, v, b):
			if _, jump := b.Instrs[end].(*ssa.Jump); !jump && reads(v) {
				continue
			}
			at = end
		default:
			continue
		}
		if reads(v) && effects[at] != effects[i+1] {
			continue
		}
		f.folded[v] = true
		root[i] = at
	}
}

// updates returns the store of p.f op= x, nil if v is not the address there. It is
// computed for both the load and the store.
func updates(v ssa.Value) *ssa.Store {
	if _, ok := v.(*ssa.FieldAddr); !ok || len(*v.Referrers()) != 2 {
		return nil
	}
	refs := *v.Referrers()
	load, ok := refs[0].(*ssa.UnOp)
	if !ok || load.Block() != refs[1].Block() {
		return nil
	}
	if store, ok := refs[1].(*ssa.Store); ok && store.Addr == v && store.Val != v {
		return store
	}
	return nil
}

// soleUser returns the instruction that uses v, nil if none or more than once.
func soleUser(v ssa.Value) ssa.Instruction {
	refs := *v.Referrers()
	if len(refs) != 1 {
		return nil
	}
	n := 0
	var space [8]*ssa.Value
	for _, op := range refs[0].Operands(space[:0]) {
		if *op == v {
			n++
		}
	}
	if n != 1 {
		return nil
	}
	return refs[0]
}

// feedsEdge reports whether v is used by a phi of a block that follows b only.
func feedsEdge(user ssa.Instruction, v ssa.Value, b *ssa.BasicBlock) bool {
	phi, ok := user.(*ssa.Phi)
	if !ok {
		return false
	}
	for i, pred := range phi.Block().Preds {
		if phi.Edges[i] == v && pred != b {
			return false
		}
	}
	// Two edges between the same blocks cannot be told apart.
	n := 0
	for _, s := range b.Succs {
		if s == phi.Block() {
			n++
		}
	}
	return n == 1
}

// foldable reports whether value can compute v inside its user.
func foldable(v ssa.Value) bool {
	if !computes(v) || v.Type() == nil {
		return false
	}
	if _, tuple := v.Type().(*types.Tuple); tuple {
		return false
	}
	return classOf(v.Type()) != agg
}

// takesFolded reports whether user computes its operand v itself.
func takesFolded(user ssa.Instruction, v ssa.Value) bool {
	switch u := user.(type) {
	case *ssa.BinOp:
		return classOf(u.X.Type()) != agg
	case *ssa.UnOp:
		return u.Op != token.ARROW
	case *ssa.Convert, *ssa.ChangeType, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Store, *ssa.If, *ssa.Return:
		return true
	case *ssa.Index:
		return isStringIndex(u)
	case *ssa.Call:
		if lengthInMemory(u) {
			return true
		}
		return takesFoldedArguments(&u.Call, v)
	}
	return false
}

// takesFoldedArguments reports whether a call computes its arguments itself:
// those of the notebook's functions go straight to the callee's frame.
func takesFoldedArguments(call *ssa.CallCommon, v ssa.Value) bool {
	if call.IsInvoke() || call.Value == v {
		return false
	}
	_, builtin := call.Value.(*ssa.Builtin)
	return !builtin
}

// reads reports whether v depends on memory, or may panic.
func reads(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.UnOp:
		return v.Op == token.MUL
	case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Index, *ssa.Call:
		return true
	case *ssa.BinOp:
		switch v.Op {
		case token.QUO, token.REM, token.SHL, token.SHR:
			return true
		case token.EQL, token.NEQ:
			switch classOf(v.X.Type()) {
			case ifc, agg:
				return true
			}
			return false
		}
	case *ssa.Convert:
		return true // strings and byte slices are memory
	}
	return false
}

// hasEffect reports whether an instruction changes memory or control.
func hasEffect(instr ssa.Instruction) bool {
	switch i := instr.(type) {
	case *ssa.Call:
		_, _, length := lengthOf(i)
		return !length
	case *ssa.Index:
		return !isStringIndex(i)
	case *ssa.Store, *ssa.Go, *ssa.Defer, *ssa.RunDefers, *ssa.Send, *ssa.Select,
		*ssa.MapUpdate, *ssa.Next, *ssa.Alloc, *ssa.Panic, *ssa.TypeAssert, *ssa.Lookup, *ssa.Range,
		*ssa.MakeSlice, *ssa.MakeMap, *ssa.MakeChan, *ssa.Slice, *ssa.SliceToArrayPointer, *ssa.MakeInterface, *ssa.MakeClosure:
		return true
	case *ssa.UnOp:
		return i.Op == token.ARROW
	}
	return false
}

// moved returns the instructions that run where others do, by those.
func (f *folding) moved() map[ssa.Instruction][]ssa.Instruction {
	out := map[ssa.Instruction][]ssa.Instruction{}
	for v := range f.folded {
		if instr, ok := v.(ssa.Instruction); ok {
			root := f.root(v)
			out[root] = append(out[root], instr)
		}
	}
	for instr, call := range f.parts {
		out[call] = append(out[call], instr)
	}
	return out
}

// root returns the instruction that computes the folded value v.
func (f *folding) root(v ssa.Value) ssa.Instruction {
	for {
		if store := updates(v); store != nil {
			return store
		}
		user := soleUser(v)
		if _, phi := user.(*ssa.Phi); phi {
			b := v.(ssa.Instruction).Block()
			return b.Instrs[len(b.Instrs)-1]
		}
		if call := f.parts[user]; call != nil {
			return call
		}
		next, ok := user.(ssa.Value)
		if !ok || !f.folded[next] {
			return user
		}
		v = next
	}
}
