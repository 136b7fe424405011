package compiled

import (
	"go/types"
	"reflect"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// Channel operations are tried without waiting first. What has to wait does so
// in a select with the end of the goroutine's cell, so that a stop ends it.

// makeChan compiles make(chan T, n).
func (c *compiler) makeChan(i *ssa.MakeChan) step {
	dst, rt, size := c.register(i), c.e.typ(i.Type()), c.intOperand(i.Size)
	e, elem := c.e, rt.Elem().Size()
	return func(fr *frame) {
		n := size.get(fr)
		if !e.large(elem, n) {
			*at[pointer](fr, dst) = rtype.MakeChan(rt, n)
			return
		}
		*at[pointer](fr, dst) = fr.th.allocate(e, elem, n, func() pointer { return rtype.MakeChan(rt, n) })
	}
}

// send compiles ch <- x.
func (c *compiler) send(i *ssa.Send) step {
	return chanStepsOf(i.X.Type()).send(c.reg(i.Chan), c.reg(i.X))
}

// receive compiles <-ch, with and without the second result.
func (c *compiler) receive(i *ssa.UnOp) step {
	state := inReceive
	if isTime(elemOf(i.X.Type())) {
		state = inTimer
	}
	dst, ok := c.results(i, i.CommaOk)
	if !i.CommaOk {
		ok = c.memory.value(boolean, nil)
	}
	return chanStepsOf(elemOf(i.X.Type())).receive(c.reg(i.X), dst, ok, state)
}

// chanSteps compile operations on channels, given the registers of the channel,
// of what is sent or received, and of whether it was received.
type chanSteps struct {
	send    func(ch, x uintptr) step
	receive func(ch, dst, ok uintptr, state waitState) step
}

// chanStepsOf returns the steps for channels with elements of type t. The runtime
// copies elements as the channel's own type says, so that a channel of any type
// of the same size serves.
func chanStepsOf(t types.Type) chanSteps {
	switch classOf(t) {
	case boolean, i8, u8:
		return chanSteps{sendOf[uint8], receiveOf[uint8]}
	case i16, u16:
		return chanSteps{sendOf[uint16], receiveOf[uint16]}
	case i32, u32, f32:
		return chanSteps{sendOf[uint32], receiveOf[uint32]}
	case i64, u64, f64, c64:
		return chanSteps{sendOf[uint64], receiveOf[uint64]}
	case c128:
		return chanSteps{sendOf[complex128], receiveOf[complex128]}
	case str:
		return chanSteps{sendOf[string], receiveOf[string]}
	case ptr:
		// Not unsafe.Pointer: reflect.ChanOf makes types that crash where a
		// program has the type *chan unsafe.Pointer, whose place in the program
		// it copies (reflect/type.go, PtrToThis).
		return chanSteps{sendOf[*byte], receiveOf[*byte]}
	case ifc:
		return chanSteps{sendOf[iface], receiveOf[iface]}
	case slc:
		return chanSteps{sendOf[slice], receiveOf[slice]}
	}
	if s, ok := t.Underlying().(*types.Struct); ok && s.NumFields() == 0 {
		return chanSteps{sendOf[struct{}], receiveOf[struct{}]}
	}
	return chanSteps{sendAny, receiveAny}
}

// The steps wait themselves: after a switch of goroutines the processor predicts
// no return, so that each call between the select and the loop over a block's
// steps would cost about as much as the step.

func sendOf[T any](ch, x uintptr) step {
	return func(fr *frame) {
		if rtype.ChanTrySend(*at[pointer](fr, ch), fr.pointer(x)) {
			return
		}
		th := fr.th
		th.wait(fr, waitOn(*at[pointer](fr, ch), inSend))
		select {
		case *at[chan T](fr, ch) <- *at[T](fr, x):
			th.woken()
		case <-th.done():
			th.stop()
		}
	}
}

func receiveOf[T any](ch, dst, ok uintptr, state waitState) step {
	return func(fr *frame) {
		ready, received := rtype.ChanTryRecv(*at[pointer](fr, ch), fr.pointer(dst))
		if ready {
			*at[bool](fr, ok) = received
			return
		}
		th := fr.th
		th.wait(fr, waitOn(*at[pointer](fr, ch), state))
		select {
		case *at[T](fr, dst), *at[bool](fr, ok) = <-*at[chan T](fr, ch):
			th.woken()
		case <-th.done():
			th.stop()
		}
	}
}

func sendAny(ch, x uintptr) step {
	return func(fr *frame) {
		if !rtype.ChanTrySend(*at[pointer](fr, ch), fr.pointer(x)) {
			fr.waitAny(reflect.SelectSend, *at[pointer](fr, ch), fr.pointer(x), inSend)
		}
	}
}

func receiveAny(ch, dst, ok uintptr, state waitState) step {
	return func(fr *frame) {
		ready, received := rtype.ChanTryRecv(*at[pointer](fr, ch), fr.pointer(dst))
		if !ready {
			received = fr.waitAny(reflect.SelectRecv, *at[pointer](fr, ch), fr.pointer(dst), state)
		}
		*at[bool](fr, ok) = received
	}
}

// waitAny sends or receives the value at elem, of whatever size. It reports
// whether it received a value that was sent.
func (fr *frame) waitAny(dir reflect.SelectDir, ch, elem pointer, state waitState) (received bool) {
	th := fr.th
	th.wait(fr, waitOn(ch, state))
	done := th.done()
	chosen, received := rtype.Select([]rtype.SelectCase{
		{Dir: dir, Chan: ch, Elem: elem},
		{Dir: reflect.SelectRecv, Chan: *(*pointer)(pointer(&done))},
	})
	if chosen == 1 {
		th.stop()
	}
	th.woken()
	return received
}

// An unwanted has room for what is received and dropped, whatever its type: the
// compiler may make a variable for it.
type unwanted [128]byte

// A pairWait sends or receives the value at elem, a register, or receives from
// another channel a value that nobody wants, and gives up when done is closed.
// chosen is 0, 1, or 2 if it gave up; received is of the receive.
type pairWait func(ch, elem, other pointer, done <-chan struct{}) (chosen int, received bool)

// pairWaitOf is chanStepsOf for pairs. It is nil for types that are not foreseen.
func pairWaitOf(t types.Type, send bool) pairWait {
	switch classOf(t) {
	case i64, u64, f64, c64:
		return pairOf[uint64](send)
	case boolean, i8, u8:
		return pairOf[uint8](send)
	case str:
		return pairOf[string](send)
	case ptr:
		return pairOf[*byte](send)
	case ifc:
		return pairOf[iface](send)
	case slc:
		return pairOf[slice](send)
	}
	if s, ok := t.Underlying().(*types.Struct); ok && s.NumFields() == 0 {
		return pairOf[struct{}](send)
	}
	return nil
}

func pairOf[T any](send bool) pairWait {
	if send {
		return pairSend[T]
	}
	return pairReceive[T]
}

func pairSend[T any](ch, elem, other pointer, done <-chan struct{}) (chosen int, received bool) {
	select {
	case *(*chan T)(pointer(&ch)) <- *(*T)(elem):
		return 0, false
	case _, ok := <-*(*chan unwanted)(pointer(&other)):
		return 1, ok
	case <-done:
		return 2, false
	}
}

func pairReceive[T any](ch, elem, other pointer, done <-chan struct{}) (chosen int, received bool) {
	select {
	case v, ok := <-*(*chan T)(pointer(&ch)):
		*(*T)(elem) = v
		return 0, ok
	case _, ok := <-*(*chan unwanted)(pointer(&other)):
		return 1, ok
	case <-done:
		return 2, false
	}
}
