package compiled

import (
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/engine"
)

// A hostSite calls compiled functions of one type from one place of a function
// of the notebook: their words go from the frame into registers and back.
type hostSite struct {
	// prepare computes the arguments that have no register of their own.
	prepare []step
	enter   hostCaller
	pauses  *engine.Pauses
	// acquires says that what the call returns with is the caller's to release: a
	// stop that came meanwhile waits until the caller has deferred that.
	acquires bool
}

// acquires reports whether a call may be that of a lock.
func acquires(call *ssa.CallCommon) bool {
	obj := call.Method
	if fn := call.StaticCallee(); fn != nil {
		obj, _ = fn.Object().(*types.Func)
	}
	if obj == nil {
		return false
	}
	if pkg := obj.Pkg(); pkg != nil && (pkg.Path() == "sync" || pkg.Path() == mpruntimePath) {
		return true // they see to stops themselves
	}
	return obj.Name() == "Lock" || obj.Name() == "RLock"
}

// halted reports whether a stop of the goroutine's cell awaits it.
func (th *thread) halted() bool { return th.g != nil && th.g.Cell.Stopped() }

// returned stands still, or meets a stop, after a call of compiled code.
func (th *thread) returned(acquires bool) {
	th.park()
	if !acquires && th.halted() {
		th.meetStop()
	}
}

// hostSite compiles the passing of args, after first, to a function of type typ,
// and of its results to the register at dst.
func (c *compiler) hostSite(typ reflect.Type, first []place, args []ssa.Value, sig *types.Signature, dst uintptr, wanted bool) hostSite {
	l := &layout{typ: typ, params: first}
	s := hostSite{pauses: c.e.pauses}
	for _, a := range args {
		t := c.e.typ(a.Type())
		var off uintptr
		if c.fold.folded[a] {
			off = c.memory.value(classOf(a.Type()), t)
			c.passed = append(c.passed, register{off: off, typ: t})
			s.prepare = append(s.prepare, c.into(off, a))
		} else {
			off = c.reg(a)
		}
		l.params = append(l.params, place{off, t})
	}
	switch n := sig.Results().Len(); n {
	case 0:
	case 1:
		t := sig.Results().At(0).Type()
		if !wanted {
			dst = c.memory.value(classOf(t), c.e.typ(t))
		}
		l.results = []place{{dst, c.e.typ(t)}}
	default:
		tt := c.tuple(sig.Results())
		if !wanted {
			dst = c.memory.value(agg, tt.typ)
		}
		for i := range n {
			l.results = append(l.results, place{dst + tt.offsets[i], c.e.typ(sig.Results().At(i).Type())})
		}
	}
	s.enter = hostCall(l)
	return s
}

// call calls fv.
func (s *hostSite) call(fr *frame, fv pointer) {
	for _, step := range s.prepare {
		step(fr)
	}
	fr.enterHost()
	s.enter(fv, pointer(fr))
	if s.pauses.On() || fr.th.halted() {
		fr.th.returned(s.acquires)
	}
}

// panicNil is the call of a nil func value: the arguments come first.
func (s *hostSite) panicNil(fr *frame) {
	for _, step := range s.prepare {
		step(fr)
	}
	panicNil()
}

// hostStep compiles a call of fv.
func (c *compiler) hostStep(fv pointer, call *ssa.CallCommon, sig *types.Signature, dst uintptr, wanted bool) step {
	site := c.hostSite(c.e.funcType(sig), nil, call.Args, sig, dst, wanted)
	site.acquires = acquires(call)
	enter, pauses, acquires := site.enter, site.pauses, site.acquires
	switch len(site.prepare) {
	case 0:
		return func(fr *frame) {
			fr.enterHost()
			enter(fv, pointer(fr))
			if pauses.On() || fr.th.halted() {
				fr.th.returned(acquires)
			}
		}
	case 1:
		p0 := site.prepare[0]
		return func(fr *frame) {
			p0(fr)
			fr.enterHost()
			enter(fv, pointer(fr))
			if pauses.On() || fr.th.halted() {
				fr.th.returned(acquires)
			}
		}
	}
	return func(fr *frame) { site.call(fr, fv) }
}

// enterHost notes that fr calls compiled code, which may call back.
func (fr *frame) enterHost() {
	fr.th.top = fr
	if cf := fr.callee; cf != nil {
		cf.pc = unentered
	}
}
