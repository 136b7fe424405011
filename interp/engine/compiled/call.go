package compiled

import (
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A transfer copies between a caller's frame and memory outside it.
type transfer = func(fr *frame, base pointer)

// call compiles a call.
func (c *compiler) call(i *ssa.Call) step {
	var dst uintptr
	wanted := i.Type() != nil && (i.Referrers() == nil || len(*i.Referrers()) > 0)
	if t, ok := i.Type().(*types.Tuple); ok && t.Len() == 0 {
		wanted = false
	}
	if wanted {
		dst = c.register(i)
	}
	call := &i.Call
	if x := c.fold.appended[i]; x != nil {
		if !wanted {
			dst = c.memory.value(slc, nil)
		}
		return c.appendValue(dst, call.Args[0], x)
	}
	switch fn := call.Value.(type) {
	case *ssa.Builtin:
		return c.builtinCall(call, fn, dst, wanted)
	case *ssa.Function:
		return c.staticCall(call, fn, dst, wanted)
	}
	if call.IsInvoke() {
		return c.invoke(call, dst, wanted)
	}
	return c.inlineLiteral(call, dst, wanted, c.dynamicCall(call, dst, wanted))
}

func (c *compiler) builtinCall(call *ssa.CallCommon, fn *ssa.Builtin, dst uintptr, wanted bool) step {
	switch fn.Name() {
	case "recover":
		return func(fr *frame) {
			v := fr.recover()
			if wanted {
				*at[any](fr, dst) = v
			}
		}
	case "ssa:deferstack":
		return func(fr *frame) { *at[pointer](fr, dst) = pointer(fr) }
	}
	return c.builtin(call, dst, wanted)
}

func (c *compiler) staticCall(call *ssa.CallCommon, fn *ssa.Function, dst uintptr, wanted bool) step {
	if m := c.e.markerOf(fn); m != 0 {
		return c.mark(m, call)
	}
	if f := c.e.target(fn); f != nil {
		return c.sharedCall(fn, call, dst, wanted, c.inlineDeclared(call, f, dst, wanted, c.sessionCall(call, f, dst, wanted)))
	}
	if s := c.intrinsic(fn, call, dst, wanted); s != nil {
		return s
	}
	fv, err := c.e.host(fn)
	if err != nil {
		return func(*frame) { panic(err) }
	}
	s := c.hostStep(fv, call, fn.Signature, dst, wanted)
	if declaringPath(fn) == mpruntimePath {
		waits := mayWait(fn.Signature, fn.Name())
		return func(fr *frame) {
			if waits {
				fr.th.wait(fr, inProcess)
				s(fr)
				fr.th.woken()
			} else {
				s(fr)
			}
			if th := fr.th; th.g != nil && th.g.Cell.Cause() != nil {
				th.meetStop() // which is why it returned
			}
		}
	}
	return s
}

// mayWait reports whether a function of package mp may wait for another process.
// Those that touch shared memory only are to cost nothing more.
func mayWait(sig *types.Signature, name string) bool {
	switch name {
	case "Unlock", "Release", "Err":
		return false
	}
	if n := sig.Results().Len(); n > 0 && types.Identical(sig.Results().At(n-1).Type(), types.Universe.Lookup("error").Type()) {
		return true
	}
	for _, part := range []string{"Wait", "Lock", "Join"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// declaringPath returns the import path of the package that declares fn.
func declaringPath(fn *ssa.Function) string {
	if obj := fn.Object(); obj != nil && obj.Pkg() != nil {
		return obj.Pkg().Path()
	}
	return ""
}

// arguments compiles the copying of arguments to where l wants them; skip is how
// many of its parameters come first.
func (c *compiler) arguments(l *layout, first []transfer, args []ssa.Value) []transfer {
	skip := len(first)
	out := first
	for i, a := range args {
		out = append(out, c.moveOut(l.params[skip+i].off, a))
	}
	return out
}

// taking compiles the copying of results to the register of the call.
func (c *compiler) taking(l *layout, sig *types.Signature, dst uintptr, wanted bool) []transfer {
	if !wanted || sig.Results().Len() == 0 {
		return nil
	}
	if sig.Results().Len() == 1 {
		return []transfer{c.moveIn(dst, l.results[0].off, sig.Results().At(0).Type())}
	}
	tt := c.tuple(sig.Results())
	var out []transfer
	for i := range l.results {
		out = append(out, c.moveIn(dst+tt.offsets[i], l.results[i].off, sig.Results().At(i).Type()))
	}
	return out
}

// block returns the struct type of the parameters and results of a layout without
// a header.
func (l *layout) block() reflect.Type {
	// The first field makes it a multiple of eight bytes.
	fields := []reflect.StructField{{Name: "F0", Type: reflect.TypeFor[[0]uint64]()}}
	for _, list := range [][]place{l.params, l.results} {
		for _, p := range list {
			fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(len(fields)), Type: p.typ})
		}
	}
	return reflect.StructOf(fields)
}

// sessionCall compiles a call of a function that is known.
func (c *compiler) sessionCall(call *ssa.CallCommon, f *Func, dst uintptr, wanted bool) step {
	sig := call.Signature()
	args := c.arguments(f.layout, nil, call.Args)
	results := c.taking(f.layout, sig, dst, wanted)
	if c.forwardsRecover() {
		return func(fr *frame) {
			cf := fr.next(f)
			cf.pc = unentered
			for _, put := range args {
				put(fr, pointer(cf))
			}
			fr.forward(cf)
			for _, take := range results {
				take(fr, pointer(cf))
			}
		}
	}
	if len(results) <= 1 {
		return simpleCall(f, args, results, sig, f.layout, dst)
	}
	return func(fr *frame) {
		cf := fr.next(f)
		cf.pc = unentered
		for _, put := range args {
			put(fr, pointer(cf))
		}
		cf.body.call(cf)
		for _, take := range results {
			take(fr, pointer(cf))
		}
	}
}

// simpleCall is a call with at most one result.
func simpleCall(f *Func, args, results []transfer, sig *types.Signature, l *layout, dst uintptr) step {
	word := len(results) == 1
	var off uintptr
	if word {
		off = l.results[0].off
		switch classOf(sig.Results().At(0).Type()) {
		case i64, u64, f64:
		default:
			word = false
		}
	}
	var take transfer
	if len(results) == 1 {
		take = results[0]
	}
	switch {
	case len(args) == 1 && word:
		a0 := args[0]
		return func(fr *frame) {
			cf := fr.next(f)
			cf.pc = unentered
			a0(fr, pointer(cf))
			cf.body.call(cf)
			*at[uint64](fr, dst) = *at[uint64](cf, off)
		}
	case len(args) == 2 && word:
		a0, a1 := args[0], args[1]
		return func(fr *frame) {
			cf := fr.next(f)
			cf.pc = unentered
			a0(fr, pointer(cf))
			a1(fr, pointer(cf))
			cf.body.call(cf)
			*at[uint64](fr, dst) = *at[uint64](cf, off)
		}
	case take == nil:
		return func(fr *frame) {
			cf := fr.next(f)
			cf.pc = unentered
			for _, put := range args {
				put(fr, pointer(cf))
			}
			cf.body.call(cf)
		}
	}
	return func(fr *frame) {
		cf := fr.next(f)
		cf.pc = unentered
		for _, put := range args {
			put(fr, pointer(cf))
		}
		cf.body.call(cf)
		take(fr, pointer(cf))
	}
}

// forwardsRecover reports whether the function that is compiled is a wrapper,
// which recover in the function that it wraps does not see.
func (c *compiler) forwardsRecover() bool { return wraps(c.fn) }

func wraps(fn *ssa.Function) bool {
	s := fn.Synthetic
	return strings.HasPrefix(s, "wrapper") || strings.HasPrefix(s, "thunk") || strings.HasPrefix(s, "bound")
}

// forward runs the function of cf, which sees a recover as fr's.
func (fr *frame) forward(cf *frame) {
	cf.recovers = fr.recovers
	defer func() { cf.recovers = nil }()
	cf.body.call(cf)
}

// dynamicCall compiles a call of a func value.
func (c *compiler) dynamicCall(call *ssa.CallCommon, dst uintptr, wanted bool) step {
	sig := call.Signature()
	rt := c.e.funcType(sig)
	ours, host := newLayout(rt, headerSize), c.hostSite(rt, nil, call.Args, sig, dst, wanted)
	t := trampolineOf(rt)
	value := get[pointer](c, call.Value)
	args := c.arguments(ours, nil, call.Args)
	results := c.taking(ours, sig, dst, wanted)
	forwards := c.forwardsRecover()
	if vo, ve := operand[pointer](c, call.Value); ve == nil && len(args) == 1 && len(results) <= 1 && !forwards {
		a0 := args[0]
		take := func(*frame, pointer) {}
		if len(results) == 1 {
			take = results[0]
		}
		return func(fr *frame) {
			fv := *at[pointer](fr, vo)
			if fv == nil {
				host.panicNil(fr)
			}
			fn := t.function(fv)
			if fn == nil {
				host.call(fr, fv)
				return
			}
			cf := fr.next(fn.fn)
			cf.pc = unentered
			a0(fr, pointer(cf))
			if cf.fn != fn {
				cf.restore(fn)
			}
			cf.body.call(cf)
			take(fr, pointer(cf))
		}
	}
	return func(fr *frame) {
		fv := value(fr)
		if fv == nil {
			host.panicNil(fr)
		}
		if fn := t.function(fv); fn != nil {
			cf := fr.next(fn.fn)
			cf.pc = unentered
			for _, put := range args {
				put(fr, pointer(cf))
			}
			if cf.fn != fn {
				cf.restore(fn)
			}
			if forwards {
				fr.forward(cf)
			} else {
				cf.body.call(cf)
			}
			for _, take := range results {
				take(fr, pointer(cf))
			}
			return
		}
		host.call(fr, fv)
	}
}

// panicNil panics as a nil pointer dereference does.
func panicNil() { _ = *(*int)(nilPointer()) }

//go:noinline
func nilPointer() pointer { return nil }
