package compiled

import "golang.org/x/tools/go/ssa"

// appends finds the calls append(s, x) in b. go/ssa makes an array of one
// element for x and slices it; appendValue does without.
func (f *folding) appends(b *ssa.BasicBlock) {
	for _, instr := range b.Instrs {
		call, ok := instr.(*ssa.Call)
		if !ok {
			continue
		}
		if fn, ok := call.Call.Value.(*ssa.Builtin); !ok || fn.Name() != "append" {
			continue
		}
		cut, ok := call.Call.Args[1].(*ssa.Slice)
		if !ok || cut.Block() != b || soleUser(cut) != instr {
			continue
		}
		array, ok := cut.X.(*ssa.Alloc)
		if !ok || array.Comment != "varargs" || array.Block() != b || len(*array.Referrers()) != 2 {
			continue
		}
		for _, user := range *array.Referrers() {
			addr, ok := user.(*ssa.IndexAddr)
			if !ok || addr.Block() != b {
				continue
			}
			if store, ok := soleUser(addr).(*ssa.Store); ok && store.Block() == b {
				f.appended[call] = store.Val
				for _, part := range []ssa.Instruction{array, addr, store, cut} {
					f.parts[part] = call
				}
			}
		}
	}
}
