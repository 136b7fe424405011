package rtype

import (
	"reflect"
	"unsafe"
)

//go:linkname makechan reflect.makechan
func makechan(typ unsafe.Pointer, size int) unsafe.Pointer

//go:linkname chansend reflect.chansend0
//go:noescape
func chansend(ch, elem unsafe.Pointer, nb bool) bool

//go:linkname chanrecv reflect.chanrecv
//go:noescape
func chanrecv(ch unsafe.Pointer, nb bool, elem unsafe.Pointer) (selected, received bool)

//go:linkname chanlen reflect.chanlen
//go:noescape
func chanlen(ch unsafe.Pointer) int

//go:linkname chancap reflect.chancap
//go:noescape
func chancap(ch unsafe.Pointer) int

//go:linkname chanclose reflect.chanclose
//go:noescape
func chanclose(ch unsafe.Pointer)

//go:linkname rselect reflect.rselect
func rselect(cases []SelectCase) (chosen int, received bool)

// MakeChan is make(rt, size), with Go's panic for a size out of range.
func MakeChan(rt reflect.Type, size int) unsafe.Pointer { return makechan(TypePointer(rt), size) }

// ChanTrySend sends the value at elem if that can be done at once, and reports
// whether it did. It panics with Go's text when the channel is closed.
func ChanTrySend(ch, elem unsafe.Pointer) bool {
	contentEscapes(elem)
	return chansend(ch, elem, true)
}

// ChanTryRecv receives if that can be done at once, and stores the value at elem,
// unless elem is nil; ready reports whether it did. From a channel that is closed
// and empty it receives a zero, and received is false.
func ChanTryRecv(ch, elem unsafe.Pointer) (ready, received bool) { return chanrecv(ch, true, elem) }

// ChanLen is len(ch). The channel may be nil.
func ChanLen(ch unsafe.Pointer) int { return chanlen(ch) }

// ChanCap is cap(ch). The channel may be nil.
func ChanCap(ch unsafe.Pointer) int { return chancap(ch) }

// ChanClose is close(ch), with Go's panics for a nil or closed channel.
func ChanClose(ch unsafe.Pointer) { chanclose(ch) }

// A SelectCase is one case of Select. It mirrors reflect's runtimeSelect.
type SelectCase struct {
	// Dir is reflect.SelectSend, SelectRecv or SelectDefault.
	Dir reflect.SelectDir
	_   unsafe.Pointer // the channel's type, which the runtime does not read
	// Chan may be nil: the case is then never ready.
	Chan unsafe.Pointer
	// Elem is what is sent, or where to store what is received; nil to drop it.
	Elem unsafe.Pointer
}

// Select is a select statement: it waits until one of the cases can proceed,
// chooses fairly, and returns its index, and for a receive whether it received
// a value that was sent. At most one case is a default. Without cases it waits
// for ever.
func Select(cases []SelectCase) (chosen int, received bool) { return rselect(cases) }
