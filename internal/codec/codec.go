// Package codec turns Go values into messages for another process and back,
// driven by their types.
//
// A message is a version byte followed by values, each a type description and
// the value proper, and the descriptors that go along. Descriptions are
// structural; the composite and named types of a message are numbered as they
// appear and described once. The receiver decodes into a type of its own, which
// must have the same description, so that a type that was changed meanwhile is
// refused and not read wrongly. Only values in interfaces are made from the
// description alone.
//
//   - Scalars are varints, floats 8 bytes, texts a length and bytes.
//   - Slices and arrays of numbers, or of structs and arrays that consist of
//     numbers, are one block, in which a number takes its own size (an int 8 bytes),
//     little-endian: on most machines a copy of memory.
//   - Pointers, maps, functions and slices that are not empty carry numbers, so that
//     sharing and cycles arrive as they were. Two slices that overlap without being
//     equal become two, and a pointer into a value is no longer into it.
//   - Struct fields travel in order, blank ones excepted; a compiled type with
//     unexported fields needs MarshalBinary and UnmarshalBinary, or GobEncode and
//     GobDecode, or MarshalText and UnmarshalText.
//   - A function travels as its name and the values that it has captured, if the
//     [Domain] can name it.
//   - An object that lives outside a process, such as the end of a pipe, travels as
//     descriptors, if the Domain has it as a handle.
//   - An error in an interface that cannot travel as the value that it is travels as
//     its text and the names of those errors of the Domain that errors.Is finds in
//     it; these themselves stay what they are (io.EOF and others).
//   - A time.Time keeps its zone, whose rules the receiver takes from its own
//     database by the name.
//
// Whatever the bytes, decoding ends with a value or an error, and takes memory in
// proportion to their number.
package codec

import (
	"errors"
	"fmt"
	"os"
	"reflect"
)

// version is the first byte of every message.
const version = 2

// maxDepth bounds the nesting of values, a linked list's length included.
const maxDepth = 100_000

// What decoding may take is so many bytes of memory, and so many for each byte of
// the message.
const (
	freeMemory    = 4 << 20
	memoryPerByte = 512
)

var (
	errCorrupt  = errors.New("mp: decoding a value: the message is damaged")
	errVersion  = errors.New("mp: decoding a value: the message is of another version")
	errMismatch = errors.New("mp: decoding a value: it has another type")

	errShort     = fmt.Errorf("%w: it ends too early", errCorrupt)
	errRange     = fmt.Errorf("%w: a number is out of its type's range", errCorrupt)
	errReference = fmt.Errorf("%w: it refers to a value that is not there", errCorrupt)
	errMemory    = fmt.Errorf("%w: it claims more memory than it can fill", errCorrupt)
	errNested    = fmt.Errorf("%w: it is nested deeper than %d levels", errCorrupt, maxDepth)
)

// Encode returns a message that holds v. path is what v is called in errors, for
// example "argument 2". The error wraps [ErrNotCopyable] where a part of v cannot
// be copied.
func Encode(v reflect.Value, path string, domain *Domain) (Message, error) {
	e := domain.encoder()
	if err := e.Encode(v, path); err != nil {
		e.Close()
		return Message{}, err
	}
	return e.handOver(), nil
}

// Decode returns the value of type t that [Encode] made m of. m's descriptors are
// used up or closed.
func Decode(m Message, t reflect.Type, domain *Domain) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	if err := DecodeInto(m, v, domain); err != nil {
		return reflect.Value{}, err
	}
	return v, nil
}

// DecodeInto is Decode into a settable value, of which an error may leave parts
// set.
func DecodeInto(m Message, v reflect.Value, domain *Domain) error {
	return decodeAll(m, domain, func(d *Decoder) error { return d.Decode(v) })
}

// DecodeKeeping is DecodeInto of a message whose bytes never change again: a slice
// that is most of it may stay a part of them, which kept reports.
func DecodeKeeping(m Message, v reflect.Value, domain *Domain) (kept bool, err error) {
	err = decodeAll(m, domain, func(d *Decoder) error {
		d.keeps = true
		err := d.Decode(v)
		kept = d.kept
		return err
	})
	return kept, err
}

// decodeAll calls read with a Decoder of m, of which nothing may be left.
func decodeAll(m Message, domain *Domain, read func(*Decoder) error) error {
	d, err := domain.decoder(m)
	if err != nil {
		return err
	}
	err = read(d)
	if err == nil && len(d.in) > 0 {
		err = fmt.Errorf("%w: %d bytes are left over", errCorrupt, len(d.in))
	}
	d.failed = d.failed || err != nil
	d.Close()
	if err == nil {
		d.release()
	}
	return err
}

// An Encoder makes one message of several values, within which sharing is kept.
// After an error it is of no further use until [Encoder.Reset]. It serves one
// goroutine.
type Encoder struct {
	domain  *Domain
	message Message
	out     []byte
	refs    numbers[reference]
	types   numbers[*plan]
	depth   int
	limit   limit
}

// reference is what a pointer, map, slice or func refers to.
type reference struct {
	address address
	length  int   // of a slice, or one of those below
	elem    *plan // so that a variable and its first field are two
}

const (
	lengthPointer = -1 - iota
	lengthMap
	lengthFunc
)

// NewEncoder returns an Encoder with an empty message.
func NewEncoder(domain *Domain) *Encoder {
	if domain == nil {
		domain = new(Domain)
	}
	return &Encoder{domain: domain, out: []byte{version}}
}

// Reset begins another message in the memory of the one before, which is of no
// further use; its descriptors are not closed.
func (e *Encoder) Reset() {
	e.message = Message{}
	e.out = append(e.out[:0], version)
	e.refs.reset()
	e.types.reset()
	e.depth, e.limit = 0, limit{}
}

// Variable makes known a variable, an addressable value, so that pointers to it
// in the values that follow are pointers to the variable that the receiver names
// in its place. All variables come before the first value, on both sides in the
// same order.
func (e *Encoder) Variable(v reflect.Value) {
	e.refs.add(reference{v.Addr().UnsafePointer(), lengthPointer, e.domain.plan(v.Type()).first})
}

// Encode appends a value; see the function Encode.
func (e *Encoder) Encode(v reflect.Value, path string) error {
	if !v.IsValid() {
		return fmt.Errorf("mp: encoding %s: there is no value", path)
	}
	p := e.domain.plan(v.Type())
	e.describe(p)
	err := e.value(v, p)
	if err == nil {
		return nil
	}
	var refusal *NotCopyableError
	if errors.As(err, &refusal) {
		refusal.Path = path + refusal.Path
		return refusal
	}
	return Errorf("mp: encoding %s: %w", path, err)
}

// Message returns the message, which is the Encoder's until its last use.
func (e *Encoder) Message() Message {
	e.message.Bytes = e.out
	return e.message
}

// Close closes the descriptors of a message that will not be sent.
func (e *Encoder) Close() { e.message.Close() }

// encoder returns an Encoder to be used for one message.
func (d *Domain) encoder() *Encoder {
	if d == nil {
		return NewEncoder(nil)
	}
	if e, ok := d.encoders.Get().(*Encoder); ok {
		return e
	}
	return NewEncoder(d)
}

// maxKept is the length of the longest message whose memory an Encoder keeps for
// the next.
const maxKept = 4096

// handOver returns the message, which is the caller's, and gives the Encoder back.
func (e *Encoder) handOver() Message {
	m := e.Message()
	if len(e.out) <= maxKept {
		m.Bytes = append([]byte(nil), e.out...)
	} else {
		e.out = nil
	}
	e.Reset()
	e.domain.encoders.Put(e)
	return m
}

// EncodeBriefly is [Encode] of a message that is needed until [Encoder.Release]
// only; its memory serves the next.
func EncodeBriefly(v reflect.Value, path string, domain *Domain) (*Encoder, error) {
	e := domain.encoder()
	if err := e.Encode(v, path); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// maxLent is the length of the longest message whose memory Release keeps.
const maxLent = 4 << 20

// Release closes the descriptors of the message of [EncodeBriefly] and gives the
// Encoder back.
func (e *Encoder) Release() {
	e.Close()
	if cap(e.out) > maxLent {
		e.out = nil
	}
	e.Reset()
	e.domain.encoders.Put(e)
}

// A Decoder reads the values of one message in the order in which an [Encoder]
// was given them. After an error it is of no further use. It serves one goroutine.
type Decoder struct {
	domain  *Domain
	message []byte
	in      []byte // what has not been read
	files   []*os.File
	handles []reflect.Value // that took files
	refs    []reflect.Value
	types   []received
	again   map[pairing]bool
	replays int // descriptions being read again
	depth   int
	budget  uint64 // memory that may be taken
	unknown int    // time zones
	failed  bool
	keeps   bool // values may keep a part of the message
	kept    bool // and one does
}

// NewDecoder returns a Decoder that reads m, whose bytes must not change
// meanwhile. The decoded values do not refer to them.
func NewDecoder(m Message, domain *Domain) (*Decoder, error) {
	if domain == nil {
		domain = new(Domain)
	}
	return domain.decoder(m)
}

func (d *Domain) decoder(m Message) (*Decoder, error) {
	if len(m.Bytes) == 0 || m.Bytes[0] != version {
		m.Close()
		return nil, errVersion
	}
	if d == nil {
		d = new(Domain)
	}
	decoder, ok := d.decoders.Get().(*Decoder)
	if !ok {
		decoder = &Decoder{domain: d}
	}
	decoder.message, decoder.in, decoder.files = m.Bytes, m.Bytes[1:], m.Files
	decoder.budget = freeMemory + memoryPerByte*uint64(len(m.Bytes))
	return decoder, nil
}

// release gives a Decoder back that has succeeded.
func (d *Decoder) release() {
	clear(d.refs)
	clear(d.types)
	clear(d.handles)
	refs, types, handles := d.refs[:0], d.types[:0], d.handles[:0]
	if cap(refs) > 1024 || cap(types) > 1024 {
		refs, types = nil, nil
	}
	*d = Decoder{domain: d.domain, refs: refs, types: types, handles: handles}
	d.domain.decoders.Put(d)
}

// Variable is the counterpart of [Encoder.Variable].
func (d *Decoder) Variable(v reflect.Value) { d.refs = append(d.refs, v.Addr()) }

// Decode reads the next value into v, which must be settable.
func (d *Decoder) Decode(v reflect.Value) error {
	p := d.domain.plan(v.Type())
	err := d.expect(p)
	if err == nil {
		err = d.value(v, p)
	}
	if err != nil {
		d.failed = true
	}
	return err
}

// Close closes the descriptors of the message that no decoded value has taken, and
// after an error those of the values too.
func (d *Decoder) Close() {
	Message{Files: d.files}.Close()
	if d.failed {
		for _, h := range d.handles {
			d.domain.Handles.DiscardHandle(h)
		}
		d.handles = nil
	}
}
