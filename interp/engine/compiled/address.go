package compiled

import (
	"go/types"
	"unsafe"

	"golang.org/x/tools/go/ssa"
)

// An address is where a pointer operand leads: into the frame, or delta bytes
// past a pointer that a register holds or that is computed.
type address struct {
	inFrame bool
	off     uintptr // of the variable, or of the register that holds the pointer
	base    pointerValue
	delta   uintptr
	// element is set if base is the address of one, which is never nil.
	element bool
}

// address resolves a pointer operand.
func (c *compiler) address(v ssa.Value) address {
	if c.fold.folded[v] {
		return c.derive(v)
	}
	switch v := v.(type) {
	case *ssa.Alloc, *ssa.FieldAddr:
		if a := c.derive(v); a.inFrame {
			return a
		}
	case *ssa.IndexAddr:
		if _, ok := c.constantOffset(v); ok {
			if a := c.derive(v); a.inFrame {
				return a
			}
		}
	}
	off, base := operand[pointer](c, v)
	return address{off: off, base: base}
}

// derive resolves a pointer that an instruction computes.
func (c *compiler) derive(v ssa.Value) address {
	switch v := v.(type) {
	case *ssa.Alloc:
		if c.inFrame(v) {
			return address{inFrame: true, off: c.local(v)}
		}
		return address{off: c.register(v)}
	case *ssa.FieldAddr:
		a := c.address(v.X)
		a.move(c.e.typ(v.X.Type().Underlying().(*types.Pointer).Elem()).Field(v.Field).Offset)
		return a
	case *ssa.IndexAddr:
		if n, ok := c.constantOffset(v); ok {
			a := c.address(v.X)
			a.move(n)
			return a
		}
		return address{base: c.element(v), element: true}
	}
	off, base := operand[pointer](c, v)
	return address{off: off, base: base}
}

func (a *address) move(n uintptr) {
	if a.inFrame {
		a.off += n
	} else {
		a.delta += n
	}
}

// past returns what stands delta bytes past p. If p is nil, the access that follows
// panics as Go's does; the race detector's check of pointers must not see it.
//
//go:nocheckptr
func past(p pointer, delta uintptr) pointer { return unsafe.Add(p, delta) }

// pageSize is how far from nil the runtime takes a fault for one of nil.
const pageSize = 4096

// touch panics if p is nil. The race detector must not see it: the program reads
// nothing there.
//
//go:norace
func touch(p pointer) { _ = *(*byte)(p) }

// pointer computes the address itself, which must not be of nil.
func (a address) pointer() pointerValue {
	off, delta, base := a.off, a.delta, a.base
	switch {
	case a.inFrame:
		return func(fr *frame) pointer { return fr.pointer(off) }
	case base == nil:
		return func(fr *frame) pointer {
			p := *at[pointer](fr, off)
			touch(p)
			return unsafe.Add(p, delta)
		}
	case a.element && delta == 0:
		return base
	case a.element:
		return func(fr *frame) pointer { return unsafe.Add(base(fr), delta) }
	}
	return func(fr *frame) pointer {
		p := base(fr)
		touch(p)
		return unsafe.Add(p, delta)
	}
}
