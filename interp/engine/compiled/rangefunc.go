package compiled

import (
	"go/constant"
	"iter"

	"golang.org/x/tools/go/ssa"
)

// A loop over a function panics where the function breaks the rules. go/ssa does
// so with strings of its own; Go's are errors of the runtime, which compiled loops
// that break the same rules give.

// rangePanic returns what Go panics with where go/ssa panics with x, nil for the
// panics of programs.
func rangePanic(x ssa.Value) any {
	boxed, ok := x.(*ssa.MakeInterface)
	if !ok || boxed.Pos().IsValid() {
		return nil
	}
	text, ok := boxed.X.(*ssa.Const)
	if !ok || text.Value == nil || text.Value.Kind() != constant.String {
		return nil
	}
	switch constant.StringVal(text.Value) {
	case "yield function called after range loop exit":
		return loopPanic(func(yield func(int) bool) {
			yield(0)
			yield(1)
		})
	case "iterator call did not preserve panic":
		return loopPanic(func(yield func(int) bool) {
			defer func() { _ = recover() }()
			yield(2)
		})
	}
	return nil
}

// loopPanic returns what a loop over seq panics with, which leaves the loop in its
// first turn: for 2 by a panic.
func loopPanic(seq iter.Seq[int]) (value any) {
	defer func() { value = recover() }()
	for i := range seq {
		if i == 2 {
			panic(i)
		}
		break
	}
	return nil
}
