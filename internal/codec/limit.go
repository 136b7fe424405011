package codec

import (
	"errors"
	"reflect"
	"time"
)

// ErrTooLarge and ErrTooLong are why an Encoder with limits gives up.
var (
	ErrTooLarge = errors.New("the message would be too large")
	ErrTooLong  = errors.New("encoding would take too long")
)

// A limit is how large a message may become, and until when it may be made.
type limit struct {
	bytes int // 0 is no limit
	until time.Time
	steps int
}

// Limit has Encode give up with [ErrTooLarge] once the message would have more than
// bytes bytes, and with [ErrTooLong] soon after a moment. It holds until Reset.
func (e *Encoder) Limit(bytes int, until time.Time) {
	e.limit = limit{bytes: max(bytes, 1), until: until}
}

// clockSteps is how many parts of values are appended between looks at the clock.
const clockSteps = 256

// room returns an error if there is no room for n more bytes, or no time.
func (e *Encoder) room(n int) error {
	if e.limit.bytes == 0 {
		return nil
	}
	if n > e.limit.bytes-len(e.out) {
		return ErrTooLarge
	}
	if e.limit.steps++; e.limit.steps%clockSteps == 0 && time.Now().After(e.limit.until) {
		return ErrTooLong
	}
	return nil
}

// References calls yield with what the message refers to by number, its variables
// included: the address and the size of the memory. That of a map is one byte, which
// stands for all of it. Functions are left out; what they have captured is not.
func (e *Encoder) References(yield func(at, size uintptr) bool) {
	for i := range e.refs.list {
		if at, size, ok := e.Reference(i); ok && !yield(at, size) {
			return
		}
	}
}

// Reference returns what the message refers to by the number i; it is not ok for a
// function.
func (e *Encoder) Reference(i int) (at, size uintptr, ok bool) {
	r := e.refs.list[i]
	switch {
	case r.length >= 0:
		size = uintptr(r.length) * r.elem.typ.Size()
	case r.length == lengthPointer:
		size = r.elem.typ.Size()
	case r.length == lengthFunc:
		return 0, 0, false
	default:
		size = 1
	}
	return uintptr(r.address), size, true
}

// Referenced returns how many numbers there are so far.
func (e *Encoder) Referenced() int { return len(e.refs.list) }

// An Image lets values of a compiled type travel as the memory that they are, which
// has no pointers and whose words others may write by package sync/atomic. It returns
// why this one, of which memory are the bytes, cannot, "" if it can. The receiver has
// a program of the same build.
type Image func(memory []byte) (why string)

func (e *Encoder) image(v reflect.Value, p *plan) error {
	data := words(addressable(v).Addr(), int(p.typ.Size()))
	if why := e.domain.Images[p.typ](data); why != "" {
		return Refuse(p.typ, why)
	}
	e.out = append(e.out, data...)
	return nil
}

func (d *Decoder) image(v reflect.Value, p *plan) error {
	size := int(p.typ.Size())
	if size > len(d.in) {
		return errShort
	}
	copy(memory(v.Addr(), 1, size), d.in)
	d.in = d.in[size:]
	return nil
}

// Types calls yield with the types that the message describes and numbers: those of
// its values, and of what they hold in interfaces.
func (e *Encoder) Types(yield func(t reflect.Type) bool) {
	for _, p := range e.types.list {
		if !yield(p.typ) {
			return
		}
	}
}

// Memory returns a copy of the bytes that a pointer leads to.
func Memory(p reflect.Value) []byte { return words(p, int(p.Type().Elem().Size())) }
