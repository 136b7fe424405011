package compiled

import (
	"go/types"
	"math/rand/v2"
	"reflect"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// maxTried is how many cases of a select are tried one by one.
const maxTried = 8

// A selectState is a case of a select statement: the registers of its channel
// and of what is sent or received.
type selectState struct {
	send     bool
	ch, elem uintptr
}

// try is the case without waiting.
func (s *selectState) try(fr *frame) (ready, received bool) {
	if s.send {
		return rtype.ChanTrySend(*at[pointer](fr, s.ch), fr.pointer(s.elem)), false
	}
	return rtype.ChanTryRecv(*at[pointer](fr, s.ch), fr.pointer(s.elem))
}

// selectStatement compiles a select. The cases are tried one by one, in an order
// that favours none. If none is ready, the runtime looks at all of them at once,
// and waits for one or for the end of the goroutine's cell.
func (c *compiler) selectStatement(i *ssa.Select) step {
	dst := c.register(i)
	offsets := c.tuple(i.Type().(*types.Tuple)).offsets
	index, ok := dst+offsets[0], dst+offsets[1]
	states := make([]selectState, len(i.States))
	for n, s := range i.States {
		states[n] = selectState{send: s.Dir == types.SendOnly, ch: c.reg(s.Chan)}
		if states[n].send {
			states[n].elem = c.reg(s.Send)
		} else {
			states[n].elem = dst + offsets[receivedIndex(i, n)]
		}
	}
	if !i.Blocking && len(states) == 1 {
		only := &states[0]
		return func(fr *frame) {
			ready, received := only.try(fr)
			*at[bool](fr, ok) = received
			*at[int](fr, index) = -1
			if ready {
				*at[int](fr, index) = 0
			}
		}
	}
	if wait, first := c.pairOfStates(i); wait != nil {
		return selectPair(wait, selectWait(i), states, first, index, ok)
	}
	// The runtime is given the cases in memory of the frame: one more is the
	// default, or the end of the cell.
	n := len(states)
	cases := c.memory.value(agg, reflect.ArrayOf(n+1, reflect.TypeFor[rtype.SelectCase]()))
	blocking, state := i.Blocking, selectWait(i)
	return func(fr *frame) {
		if chosen, received := tryStates(fr, states); chosen >= 0 {
			*at[int](fr, index) = chosen
			*at[bool](fr, ok) = received
			return
		}
		list := selectCases(fr, cases, states)
		if blocking {
			fr.th.wait(fr, state)
			done := fr.th.done()
			list[n] = rtype.SelectCase{Dir: reflect.SelectRecv, Chan: *(*pointer)(pointer(&done))}
		} else {
			list[n] = rtype.SelectCase{Dir: reflect.SelectDefault}
		}
		chosen, received := rtype.Select(list)
		clear(list)
		if blocking {
			fr.th.woken()
		}
		if chosen == n {
			if blocking {
				fr.th.stop()
			}
			chosen = -1
		}
		*at[int](fr, index) = chosen
		*at[bool](fr, ok) = received
	}
}

// pairOfStates returns how to wait for the two cases of a blocking select of which
// one receives what nobody uses, and which case is the other one. It is nil for
// other selects.
func (c *compiler) pairOfStates(i *ssa.Select) (wait pairWait, first int) {
	if !i.Blocking || len(i.States) != 2 {
		return nil, 0
	}
	for first := range 2 {
		one, other := i.States[first], i.States[1-first]
		if other.Dir != types.RecvOnly || extracts(i, receivedIndex(i, 1-first)) ||
			c.e.typ(elemOf(other.Chan.Type())).Size() > unsafe.Sizeof(unwanted{}) {
			continue
		}
		if wait := pairWaitOf(elemOf(one.Chan.Type()), one.Dir == types.SendOnly); wait != nil {
			return wait, first
		}
	}
	return nil, 0
}

// receivedIndex returns which component of a select's tuple has what a state
// received.
func receivedIndex(i *ssa.Select, state int) int {
	n := 2
	for _, s := range i.States[:state] {
		if s.Dir == types.RecvOnly {
			n++
		}
	}
	return n
}

// selectPair compiles a select of two states that wait knows.
func selectPair(wait pairWait, state waitState, states []selectState, first int, index, ok uintptr) step {
	one, other := states[first], states[1-first]
	return func(fr *frame) {
		chosen, received := tryStates(fr, states)
		if chosen < 0 {
			fr.th.wait(fr, state)
			chosen, received = wait(*at[pointer](fr, one.ch), fr.pointer(one.elem), *at[pointer](fr, other.ch), fr.th.done())
			fr.th.woken()
			if chosen == 2 {
				fr.th.stop()
			}
			chosen ^= first
		}
		*at[int](fr, index) = chosen
		*at[bool](fr, ok) = received
	}
}

// tryStates tries the states in an order of chance. chosen is -1 if none is
// ready.
func tryStates(fr *frame, states []selectState) (chosen int, received bool) {
	n := len(states)
	if n > maxTried {
		return -1, false
	}
	var order [maxTried]uint8
	for i := range n {
		j := 0
		if i > 0 {
			j = int(rand.Uint32N(uint32(i + 1)))
		}
		order[i] = order[j]
		order[j] = uint8(i)
	}
	for _, i := range order[:n] {
		if ready, received := states[i].try(fr); ready {
			return int(i), received
		}
	}
	return -1, false
}

// selectCases fills the frame's memory at off with the states, and leaves room
// for one case more.
func selectCases(fr *frame, off uintptr, states []selectState) []rtype.SelectCase {
	list := unsafe.Slice(at[rtype.SelectCase](fr, off), len(states)+1)
	for i, s := range states {
		dir := reflect.SelectRecv
		if s.send {
			dir = reflect.SelectSend
		}
		list[i] = rtype.SelectCase{Dir: dir, Chan: *at[pointer](fr, s.ch), Elem: fr.pointer(s.elem)}
	}
	return list
}
