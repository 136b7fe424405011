package compiled

import (
	"errors"
	"runtime"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/engine"
	"cuaderno/interp/rtype"
)

// A laterCall is a call whose function and arguments were evaluated. It is made
// by parent; a recover in it ends p.
type laterCall func(parent *frame, p *panicking)

// later compiles a call that a defer or go statement makes later. What it returns
// evaluates function and arguments, for a call on th.
func (c *compiler) later(call *ssa.CallCommon, isGo bool) func(fr *frame, th *thread) laterCall {
	switch fn := call.Value.(type) {
	case *ssa.Builtin:
		return c.builtinLater(call, fn)
	case *ssa.Function:
		if f := c.e.target(fn); f != nil {
			args := c.arguments(f.layout, nil, call.Args)
			return func(fr *frame, th *thread) laterCall {
				cf := th.take(f.compiled())
				for _, put := range args {
					put(fr, pointer(cf))
				}
				return cf.later
			}
		}
		fv, err := c.e.host(fn)
		if err != nil {
			return func(*frame, *thread) laterCall { panic(err) }
		}
		return c.hostLater(newLayout(c.e.funcType(fn.Signature), 0), func(*frame) pointer { return fv }, call.Args)
	}
	if call.IsInvoke() {
		return c.invokeLater(call)
	}
	rt := c.e.funcType(call.Signature())
	l, t := newLayout(rt, headerSize), trampolineOf(rt)
	value := get[pointer](c, call.Value)
	args := c.arguments(l, nil, call.Args)
	host := c.hostLater(newLayout(rt, 0), value, call.Args)
	return func(fr *frame, th *thread) laterCall {
		fv := value(fr)
		if fv == nil {
			if isGo {
				panic(errGoOfNil)
			}
			return func(*frame, *panicking) { panicNil() }
		}
		fn := t.function(fv)
		if fn == nil {
			return host(fr, th)
		}
		cf := th.take(fn.fn.compiled())
		for _, put := range args {
			put(fr, pointer(cf))
		}
		cf.restore(fn)
		return cf.later
	}
}

type goOfNil struct{ error }

func (goOfNil) RuntimeError() {}

var errGoOfNil error = goOfNil{errors.New("go of nil func value")}

// later runs the function of fr, whose parameters are set.
func (fr *frame) later(parent *frame, p *panicking) {
	if old := parent.callee; old != nil {
		parent.th.give(old)
	}
	parent.callee = fr
	fr.caller = parent
	fr.depth = parent.depth + 1
	if below := fr.callee; below != nil {
		fr.callee = nil // its depth is that of another call
		fr.th.give(below)
	}
	if fr.depth%depthInterval == 0 {
		parent.th.checkDepth(parent)
	}
	fr.recovers = p
	defer func() { fr.recovers = nil }()
	fr.body.call(fr)
}

// hostLater is later for compiled functions.
func (c *compiler) hostLater(l *layout, fv pointerValue, operands []ssa.Value) func(fr *frame, th *thread) laterCall {
	args := c.arguments(l, nil, operands)
	enter, rt := hostCall(l), l.block()
	return func(fr *frame, _ *thread) laterCall {
		fv, block := fv(fr), rtype.New(rt)
		for _, put := range args {
			put(fr, block)
		}
		return func(parent *frame, p *panicking) {
			parent.enterHost()
			defer parent.th.park()
			if p != nil && isBridge(*(*uintptr)(fv)) {
				parent.th.bridged = p
				defer func() { parent.th.bridged = nil }()
			}
			enter(fv, block)
		}
	}
}

func (c *compiler) invokeLater(call *ssa.CallCommon) func(fr *frame, th *thread) laterCall {
	it := call.Value.Type()
	x := get[iface](c, call.Value)
	rt := withReceiver(c.e.plainType(call.Method.Signature()))
	ours, host := newLayout(rt, headerSize), newLayout(rt, 0)
	args := c.arguments(ours, []transfer{nil}, call.Args)[1:]
	hostArgs := c.arguments(host, []transfer{nil}, call.Args)[1:]
	enter, block := hostCall(host), host.block()
	e, method := c.e, call.Method
	var found methodCache
	return func(fr *frame, th *thread) laterCall {
		i := x(fr)
		if i.tab == nil {
			panicNil()
		}
		m := found.last.Load()
		if m == nil || m.tab != i.tab {
			m = found.find(e, it, method, i.tab)
		}
		if m.f != nil {
			cf := th.take(m.f.compiled())
			*at[pointer](cf, ours.params[0].off) = i.data
			for _, put := range args {
				put(fr, pointer(cf))
			}
			return cf.later
		}
		base := rtype.New(block)
		*(*pointer)(base) = i.data
		for _, put := range hostArgs {
			put(fr, base)
		}
		return func(parent *frame, _ *panicking) {
			parent.enterHost()
			enter(m.code, base)
			parent.th.park()
		}
	}
}

// builtinLater runs a builtin on a copy of the frame as it is when the statement
// is executed.
func (c *compiler) builtinLater(call *ssa.CallCommon, fn *ssa.Builtin) func(fr *frame, th *thread) laterCall {
	var run step
	switch fn.Name() {
	case "recover":
		// It is as if called by the function that deferred it, unless a panic
		// makes the call.
		return func(*frame, *thread) laterCall {
			return func(parent *frame, p *panicking) {
				if p == nil {
					parent.recover()
				}
			}
		}
	case "panic":
		x := c.reg(call.Args[0])
		run = func(fr *frame) { goPanic(*at[any](fr, x)) }
	default:
		dst := uintptr(0)
		if res := call.Signature().Results(); res.Len() == 1 {
			t := res.At(0).Type()
			dst = c.memory.value(classOf(t), c.e.typ(t))
		}
		run = c.builtin(call, dst, dst != 0)
	}
	return func(fr *frame, th *thread) laterCall {
		snapshot := fr.body.newFrame(th)
		typedMove(fr.body.typ.rt, pointer(snapshot), pointer(fr))
		snapshot.th, snapshot.callee = th, nil
		th.frames -= fr.body.typ.rt.Size() // it serves one call
		return func(*frame, *panicking) { run(snapshot) }
	}
}

// deferStatement compiles a defer statement.
func (c *compiler) deferStatement(d *ssa.Defer) step {
	prepare := c.later(&d.Call, false)
	if d.DeferStack != nil {
		stack := c.reg(d.DeferStack)
		return func(fr *frame) {
			to := *at[*frame](fr, stack)
			to.defers = &deferral{to.defers, prepare(fr, fr.th)}
		}
	}
	return func(fr *frame) { fr.defers = &deferral{fr.defers, prepare(fr, fr.th)} }
}

// goStatement compiles a go statement.
func (c *compiler) goStatement(g *ssa.Go) step {
	prepare, e := c.later(&g.Call, true), c.e
	return func(fr *frame) {
		th := newThread(nil)
		run := prepare(fr, th)
		if fr.th.g == nil {
			go run(&th.bottom, nil)
			return
		}
		e.startThread(fr.th.g.Cell, th, func() { run(&th.bottom, nil) })
	}
}

// startThread runs f as th on a new goroutine of the cell.
func (e *Engine) startThread(cell *engine.Cell, th *thread, f func()) {
	th.cell = cell.Count
	e.census.begin(th)
	cell.Go(func() {
		defer e.census.end(th)
		th.attach()
		th.park()
		f()
	})
}

// start runs f on a new goroutine of the calling one's cell.
func (e *Engine) start(f func()) {
	if g := engine.Current(); g != nil {
		e.startThread(g.Cell, newThread(nil), f)
		return
	}
	go f()
}

// Guarded returns a function that runs f as a goroutine of the calling one's
// cell does, for compiled code that will call it on a goroutine of its own making.
func (e *Engine) Guarded(f func()) func() {
	if f == nil {
		return nil
	}
	return engine.Guard(func() {
		th := newThread(engine.Current())
		if th.g != nil {
			th.cell = th.g.Cell.Count
			e.census.begin(th)
			defer e.census.end(th)
		}
		f()
	})
}

// enter returns the frame for a call by compiled code.
func (f *function) enter() *frame {
	th, foreign := current()
	if foreign {
		if latest := f.fn.engine.latest.Load(); th.g == nil && latest != nil {
			th.g = latest.Foreign()
			th.g.Local = th
		}
		th.foreign = true
	}
	if th.waits.state() != awake {
		th.woken() // the compiled code waited, and does not now
	} else if f.fn.engine.pauses.On() {
		th.park()
	}
	fr := th.top.next(f.fn)
	fr.pc = unentered
	if fr.fn != f && len(fr.body.captures) > 0 {
		fr.restore(f)
	}
	if th.bridged != nil {
		fr.recovers, th.bridged = th.bridged, nil
	}
	return fr
}

// run runs the function of a frame that enter has returned. On a goroutine that
// compiled code started, a panic ends the goroutine and is the cell's.
func (fr *frame) run() {
	if fr.recovers != nil {
		defer func() { fr.recovers = nil }()
	}
	if fr.th.foreign && fr.caller == &fr.th.bottom && fr.th.g != nil {
		fr.runForeign()
		return
	}
	fr.body.call(fr)
}

// runForeign leaves a panic alone where a caller is known to recover it.
func (fr *frame) runForeign() {
	th, e := fr.th, fr.body.fn.engine
	defer th.g.Enter()()
	th.cell = th.g.Cell.Count
	e.census.begin(th)
	defer e.census.end(th)
	th.park()
	done := false
	defer func() {
		if done || recovered() {
			return
		}
		if v := recover(); v != nil {
			th.g.Cell.Ended(th.g, v)
			runtime.Goexit()
		}
	}()
	fr.body.call(fr)
	done = true
}

// leave ends a call by compiled code.
func (fr *frame) leave() {
	fr.th.top = fr.caller
	fr.pc = unentered
}
