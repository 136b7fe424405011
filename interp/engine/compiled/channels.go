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
	return func(fr *frame) { *at[pointer](fr, dst) = rtype.MakeChan(rt, size.get(fr)) }
}

// A chanWait sends or receives the value at elem, a register, and gives up when
// done is closed. It reports whether it gave up and, of a receive, whether it
// received a value that was sent.
type chanWait func(ch, elem pointer, done <-chan struct{}) (stopped, received bool)

// send compiles ch <- x.
func (c *compiler) send(i *ssa.Send) step {
	ch, x := c.reg(i.Chan), c.reg(i.X)
	wait := chanWaitOf(i.X.Type(), true)
	return func(fr *frame) {
		ch, elem := *at[pointer](fr, ch), fr.pointer(x)
		if rtype.ChanTrySend(ch, elem) {
			return
		}
		fr.th.wait(fr, waitOn(ch, inSend))
		if stopped, _ := wait(ch, elem, fr.th.done()); stopped {
			fr.th.stop()
		}
		fr.th.woken()
	}
}

// receive compiles <-ch, with and without the second result.
func (c *compiler) receive(i *ssa.UnOp) step {
	ch, commaOk := c.reg(i.X), i.CommaOk
	dst, ok := c.results(i, commaOk)
	wait, state := chanWaitOf(elemOf(i.X.Type()), false), inReceive
	if isTime(elemOf(i.X.Type())) {
		state = inTimer
	}
	return func(fr *frame) {
		ch, elem := *at[pointer](fr, ch), fr.pointer(dst)
		ready, received := rtype.ChanTryRecv(ch, elem)
		if !ready {
			fr.th.wait(fr, waitOn(ch, state))
			var stopped bool
			if stopped, received = wait(ch, elem, fr.th.done()); stopped {
				fr.th.stop()
			}
			fr.th.woken()
		}
		if commaOk {
			*at[bool](fr, ok) = received
		}
	}
}

// chanWaitOf returns how to wait on channels with elements of type t. The runtime
// copies elements as the channel's own type says, so that a channel of any type
// of the same size serves.
func chanWaitOf(t types.Type, send bool) chanWait {
	switch classOf(t) {
	case boolean, i8, u8:
		return waitOf[uint8](send)
	case i16, u16:
		return waitOf[uint16](send)
	case i32, u32, f32:
		return waitOf[uint32](send)
	case i64, u64, f64, c64:
		return waitOf[uint64](send)
	case c128:
		return waitOf[complex128](send)
	case str:
		return waitOf[string](send)
	case ptr:
		// Not unsafe.Pointer: reflect.ChanOf makes types that crash where a
		// program has the type *chan unsafe.Pointer, whose place in the program
		// it copies (reflect/type.go, PtrToThis).
		return waitOf[*byte](send)
	case ifc:
		return waitOf[iface](send)
	case slc:
		return waitOf[slice](send)
	}
	if s, ok := t.Underlying().(*types.Struct); ok && s.NumFields() == 0 {
		return waitOf[struct{}](send)
	}
	if send {
		return func(ch, elem pointer, done <-chan struct{}) (stopped, received bool) {
			return waitAny(reflect.SelectSend, ch, elem, done)
		}
	}
	return func(ch, elem pointer, done <-chan struct{}) (stopped, received bool) {
		return waitAny(reflect.SelectRecv, ch, elem, done)
	}
}

func waitOf[T any](send bool) chanWait {
	if send {
		return waitSend[T]
	}
	return waitReceive[T]
}

func waitSend[T any](ch, elem pointer, done <-chan struct{}) (stopped, received bool) {
	select {
	case *(*chan T)(pointer(&ch)) <- *(*T)(elem):
		return false, false
	case <-done:
		return true, false
	}
}

func waitReceive[T any](ch, elem pointer, done <-chan struct{}) (stopped, received bool) {
	select {
	case v, ok := <-*(*chan T)(pointer(&ch)):
		*(*T)(elem) = v
		return false, ok
	case <-done:
		return true, false
	}
}

func waitAny(dir reflect.SelectDir, ch, elem pointer, done <-chan struct{}) (stopped, received bool) {
	chosen, received := rtype.Select([]rtype.SelectCase{
		{Dir: dir, Chan: ch, Elem: elem},
		{Dir: reflect.SelectRecv, Chan: *(*pointer)(pointer(&done))},
	})
	return chosen == 1, received
}

// An unwanted has room for what is received and dropped, whatever its type: the
// compiler may make a variable for it.
type unwanted [128]byte

// A pairWait waits as a chanWait does, or for a receive from another channel whose
// value nobody wants. chosen is 0, 1, or 2 if it gave up.
type pairWait func(ch, elem, other pointer, done <-chan struct{}) (chosen int, received bool)

// pairWaitOf is chanWaitOf for pairs. It is nil for types that are not foreseen.
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
