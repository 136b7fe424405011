package compiled

import (
	"go/types"
	"runtime"
	"sync/atomic"

	"golang.org/x/tools/go/ssa"

	"cuaderno/internal/shm"
	"cuaderno/interp/engine"
)

// sharedCall compiles the methods of mp.Value and mp.RawValue that programs call
// in the innermost loops. The first word of such a value points to what begins with
// a [shm.Variable], which does what there is to do as a rule; other does it, and the
// rest, as any call is made. sharedCall returns other for all other functions.
func (c *compiler) sharedCall(fn *ssa.Function, call *ssa.CallCommon, dst uintptr, wanted bool, other step) step {
	name, sig := sharedMethod(fn), fn.Signature
	if name == "" {
		return other
	}
	variable := c.variable(call.Args[0])
	switch name {
	case "Get":
		if result := sig.Results().At(0).Type(); wanted && isNumber(result) {
			return loadShared(c.e.typ(result).Size(), variable, dst, other)
		}
	case "Set":
		if isNumber(call.Args[1].Type()) {
			return c.storeShared(call.Args[1], variable, other)
		}
	case "Lock":
		return func(fr *frame) {
			if !variable(fr).Take(fr.th.owner()) {
				other(fr)
			} else if wanted {
				*at[iface](fr, dst) = iface{}
			}
		}
	case "Unlock":
		return func(fr *frame) {
			if !variable(fr).Release() {
				other(fr)
			} else if wanted {
				*at[iface](fr, dst) = iface{}
			}
		}
	}
	return other
}

// sharedMethod returns the name of a method of mp.Value or mp.RawValue, else "".
func sharedMethod(fn *ssa.Function) string {
	if declaringPath(fn) != mpruntimePath || fn.Signature.Recv() == nil || wraps(fn) {
		return ""
	}
	p, ok := fn.Signature.Recv().Type().(*types.Pointer)
	if !ok {
		return ""
	}
	named, ok := p.Elem().(*types.Named)
	if !ok || named.Obj().Name() != "Value" && named.Obj().Name() != "RawValue" {
		return ""
	}
	return fn.Object().Name()
}

// variable returns that of the value which v points to, nil if it has none.
func (c *compiler) variable(v ssa.Value) value[*shm.Variable] {
	if off, computed := operand[pointer](c, v); computed == nil {
		return func(fr *frame) *shm.Variable { return variableOf(*at[pointer](fr, off)) }
	}
	p := get[pointer](c, v)
	return func(fr *frame) *shm.Variable { return variableOf(p(fr)) }
}

func variableOf(p pointer) *shm.Variable {
	if p == nil {
		return nil
	}
	return *(**shm.Variable)(p)
}

// owner names the goroutine as the owner of a re-entrant lock.
func (th *thread) owner() uint64 {
	if th.g != nil && th.g.Statements {
		return engine.StatementsGoroutine
	}
	return shm.Goroutine()
}

// loadShared returns a step that copies a shared number to a register, in one
// access.
func loadShared(size uintptr, variable value[*shm.Variable], dst uintptr, other step) step {
	switch size {
	case 8:
		return withShared(variable, other, func(fr *frame, p pointer) {
			*at[uint64](fr, dst) = atomic.LoadUint64((*uint64)(p))
		})
	case 4:
		return withShared(variable, other, func(fr *frame, p pointer) {
			*at[uint32](fr, dst) = atomic.LoadUint32((*uint32)(p))
		})
	}
	return other
}

// storeShared returns a step that changes a shared number to x, in one access.
func (c *compiler) storeShared(x ssa.Value, variable value[*shm.Variable], other step) step {
	folded := c.fold.folded[x]
	switch classOf(x.Type()) {
	case i64:
		return store64(get[int64](c, x), folded, variable, other)
	case u64:
		return store64(get[uint64](c, x), folded, variable, other)
	case f64:
		return store64(get[float64](c, x), folded, variable, other)
	case i32:
		return store32(get[int32](c, x), folded, variable, other)
	case u32:
		return store32(get[uint32](c, x), folded, variable, other)
	case f32:
		return store32(get[float32](c, x), folded, variable, other)
	}
	return other
}

func store64[T int64 | uint64 | float64](x value[T], folded bool, variable value[*shm.Variable], other step) step {
	return withShared(variable, other, func(fr *frame, p pointer) {
		if folded {
			fr.unenter()
		}
		x := x(fr)
		atomic.StoreUint64((*uint64)(p), *(*uint64)(pointer(&x)))
	})
}

func store32[T int32 | uint32 | float32](x value[T], folded bool, variable value[*shm.Variable], other step) step {
	return withShared(variable, other, func(fr *frame, p pointer) {
		if folded {
			fr.unenter()
		}
		x := x(fr)
		atomic.StoreUint32((*uint32)(p), *(*uint32)(pointer(&x)))
	})
}

// withShared returns a step that gives access the memory of a shared number, and
// does other where there is none.
func withShared(variable value[*shm.Variable], other step, access func(fr *frame, p pointer)) step {
	return func(fr *frame) {
		v := variable(fr)
		p := v.Address()
		if p == nil {
			other(fr)
			return
		}
		access(fr, p)
		runtime.KeepAlive(v)
	}
}
