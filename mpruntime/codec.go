package mpruntime

import (
	"errors"
	"fmt"
	"reflect"
)

// The codec turns values into bytes and back, driven by their types.
//
// A message is a version byte followed by values, each a type description and
// the value proper. Descriptions are structural; the composite types of a message
// are numbered as they appear and described once. The receiver decodes into a type
// of its own, which must have the same description, so that a type that was
// changed meanwhile is refused and not read wrongly. Only values in interfaces
// are made from the description alone.
//
//   - Scalars are varints, floats 8 bytes; slices and arrays of numbers are their
//     elements in little-endian order.
//   - Pointers, maps and slices of what can hold references carry numbers, so that
//     sharing and cycles arrive as they were. Two slices that overlap without being
//     equal become two, and a pointer into a value is no longer into it.
//   - Struct fields travel in order; a type with unexported fields needs
//     MarshalBinary and UnmarshalBinary, or GobEncode and GobDecode.
//   - An error in an interface travels as its text; a few well-known ones stay
//     themselves (io.EOF, context.Canceled and others).
//
// Whatever the bytes, decoding ends with a value or an error, and takes memory in
// proportion to their number.

// codecVersion is the first byte of every message.
const codecVersion = 1

// maxDepth bounds the nesting of values, a linked list's length included.
const maxDepth = 100_000

var (
	errCorrupt  = errors.New("mp: decoding a value: the message is damaged")
	errVersion  = errors.New("mp: decoding a value: the message is of another version")
	errMismatch = errors.New("mp: decoding a value: it has another type")
)

// Encode returns a message that holds v. path is what v is called in errors, for
// example "argument 2". The error wraps [ErrNotCopyable] where a part of v cannot
// be copied.
func Encode(v reflect.Value, path string) ([]byte, error) {
	e := NewEncoder()
	if err := e.Encode(v, path); err != nil {
		return nil, err
	}
	return e.Bytes(), nil
}

// Decode returns the value of type t that [Encode] made data of.
func Decode(data []byte, t reflect.Type) (reflect.Value, error) {
	d, err := NewDecoder(data)
	if err != nil {
		return reflect.Value{}, err
	}
	v := reflect.New(t).Elem()
	if err := d.Decode(v); err != nil {
		return reflect.Value{}, err
	}
	if len(d.in) > 0 {
		return reflect.Value{}, fmt.Errorf("%w: %d bytes are left over", errCorrupt, len(d.in))
	}
	return v, nil
}

// An Encoder makes one message of several values, within which sharing is kept.
// After an error it is of no further use. It serves one goroutine.
type Encoder struct {
	// Types, if set before the first value, names types that the interpreter has
	// made.
	Types TypeNames

	out   []byte
	refs  map[reference]uint64
	kept  []reflect.Value // what has a number: memory must not be freed and used again meanwhile
	types map[reflect.Type]uint64
	depth int
}

// TypeNames gives types that an interpreter has made names by which the
// interpreter of another process finds its own.
type TypeNames interface {
	// TypeName returns the name of a type; ok is false for types of others.
	TypeName(t reflect.Type) (name string, ok bool)
	// TypeNamed returns the type with a name, nil if there is none.
	TypeNamed(name string) reflect.Type
}

// reference is what a pointer, map or slice refers to.
type reference struct {
	address uintptr
	length  int // of a slice
	typ     reflect.Type
}

// NewEncoder returns an Encoder with an empty message.
func NewEncoder() *Encoder {
	return &Encoder{
		out:   []byte{codecVersion},
		refs:  map[reference]uint64{},
		types: map[reflect.Type]uint64{},
	}
}

// Variable makes known a variable, an addressable value, so that pointers to it
// in the values that follow are pointers to the variable that the receiver names
// in its place. All variables come before the first value, on both sides in the
// same order.
func (e *Encoder) Variable(v reflect.Value) { e.remember(v.Addr()) }

// Encode appends a value; see the function Encode.
func (e *Encoder) Encode(v reflect.Value, path string) error {
	if !v.IsValid() {
		return fmt.Errorf("mp: encoding %s: there is no value", path)
	}
	e.describe(v.Type())
	err := e.value(v)
	var refusal *NotCopyableError
	if errors.As(err, &refusal) {
		refusal.Path = path + refusal.Path
		return refusal
	}
	if err != nil {
		return fmt.Errorf("mp: encoding %s: %w", path, err)
	}
	return nil
}

// Bytes returns the message, which is the Encoder's until its last use.
func (e *Encoder) Bytes() []byte { return e.out }

// A Decoder reads the values of one message in the order in which an [Encoder]
// was given them. After an error it is of no further use. It serves one goroutine.
type Decoder struct {
	// Types, if set before the first value, finds the types that the Encoder's
	// has named.
	Types TypeNames

	in    []byte
	refs  []reflect.Value
	types []*typeDescription
	sizes map[reflect.Type]int
	depth int
}

// NewDecoder returns a Decoder that reads data, which must not change meanwhile.
// The decoded values do not refer to it.
func NewDecoder(data []byte) (*Decoder, error) {
	if len(data) == 0 || data[0] != codecVersion {
		return nil, errVersion
	}
	return &Decoder{in: data[1:], sizes: map[reflect.Type]int{}}, nil
}

// Variable is the counterpart of [Encoder.Variable].
func (d *Decoder) Variable(v reflect.Value) { d.refs = append(d.refs, v.Addr()) }

// Decode reads the next value into v, which must be settable.
func (d *Decoder) Decode(v reflect.Value) error {
	t, err := d.description(0)
	if err != nil {
		return err
	}
	if !t.fits(d.Types, v.Type(), map[pairing]bool{}) {
		return fmt.Errorf("%w: %s was sent, %s is wanted", errMismatch, t, v.Type())
	}
	return d.value(v)
}
