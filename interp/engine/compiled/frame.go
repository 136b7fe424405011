package compiled

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// A frame is the header of a call's memory. Parameters and results follow at
// the offsets of the signature's layout, registers and constants after them.
// Each frame keeps the frame of the call that it made last, for the next one.
type frame struct {
	body   *body
	th     *thread
	callee *frame
	caller *frame
	// fn is the func value that was called, whose captures the registers hold.
	fn *function
	// defers are the pending deferred calls, panicking what they run for.
	defers *deferral
	// recovers is the panic that a call of recover in this frame ends: the frame
	// is that of a deferred call, or of a wrapper's callee.
	recovers *panicking
	pc       int32 // of the root instruction that runs, into body.positions
	depth    int32
}

const headerSize = unsafe.Sizeof(frame{})

// A step is one root instruction, a value one operand.
type (
	step         func(*frame)
	value[T any] func(*frame) T
)

// at returns the register at off.
func at[T any](fr *frame, off uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(fr), off)) }

// pointer returns the address of the register at off.
func (fr *frame) pointer(off uintptr) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(fr), off) }

// iface and slice are what interfaces and slices look like in memory.
type iface struct{ tab, data unsafe.Pointer }

type slice struct {
	ptr      unsafe.Pointer
	len, cap int
}

// A Func is a function as its callers know it. Its body may change.
type Func struct {
	body   atomic.Pointer[body]
	engine *Engine
	layout *layout
	// name as in a Go traceback.
	name string
	// resolve finds the function's SSA when it is first called; nil for a
	// function of the session whose body a cell declares.
	resolve func() *ssa.Function
	source  *ssa.Function // guarded by engine.mu
	// value is the func value of a function without captures, made on demand.
	value atomic.Pointer[function]
}

// A function is what a func value of the notebook leads to. It is laid out as
// a Go closure whose code is a trampoline with one captured variable, self; the
// captured variables of the notebook's function follow.
type function struct {
	pc   uintptr
	self *function
	fn   *Func
}

// A body is a compiled function.
type body struct {
	fn  *Func
	ssa *ssa.Function
	// number tells bodies apart in a thread's free frames.
	number uint32
	entry  *block
	// protected is set if the function defers or recovers calls.
	protected bool
	onRecover *block
	layout    *layout
	typ       frameType
	// captures says where captured variables go: copied from the function object.
	captures []capture
	// positions are those of the root instructions, by pc.
	positions []position
	// pointers are the registers with pointers, moved the instructions that run
	// where others do, by those.
	pointers []register
	moved    map[ssa.Instruction][]ssa.Instruction
}

// A block is a basic block: run returns the one that follows, nil at the end.
type block struct {
	run func(*frame) *block
}

// call runs the function of fr, whose parameters are set.
func (b *body) call(fr *frame) {
	if b.protected {
		b.callProtected(fr)
		return
	}
	for blk := b.entry; blk != nil; {
		blk = blk.run(fr)
	}
}

// next returns the frame for a call of f by fr, with constants in place. It looks
// at the poll: recursion needs no loop.
func (fr *frame) next(f *Func) *frame {
	th := fr.th
	th.fuel--
	if cf := fr.callee; cf != nil && th.fuel >= 0 && cf.body == f.body.Load() {
		return cf
	}
	return fr.link(f)
}

// link makes or finds the frame for a call that is not like the one before.
func (fr *frame) link(f *Func) *frame {
	b := f.compiled()
	th := fr.th
	if th.fuel < 0 {
		th.poll()
		if cf := fr.callee; cf != nil && cf.body == b {
			return cf
		}
	}
	if fr.depth%depthInterval == 0 {
		th.checkDepth(fr)
	}
	cf := th.take(b)
	if depth := fr.depth + 1; cf.depth != depth {
		cf.depth = depth
		if below := cf.callee; below != nil {
			cf.callee = nil
			th.give(below)
		}
	}
	cf.caller = fr
	if old := fr.callee; old != nil {
		fr.callee = nil
		th.give(old)
	}
	fr.callee = cf
	return cf
}

// newFrame makes a frame with its constants.
func (b *body) newFrame(th *thread) *frame {
	fr := (*frame)(rtype.New(b.typ.rt))
	typedMove(b.typ.rt, pointer(fr), b.typ.proto)
	fr.th = th
	th.frames += b.typ.rt.Size()
	return fr
}

// compiled returns the body of f, compiling it when it is first called.
func (f *Func) compiled() *body {
	if b := f.body.Load(); b != nil {
		return b
	}
	return f.engine.bodyOf(f)
}
