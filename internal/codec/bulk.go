package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
)

// numberSize returns how many bytes a boolean or integer takes in a block. It does
// not depend on the machine.
func numberSize(k reflect.Kind) int {
	switch k {
	case reflect.Bool, reflect.Int8, reflect.Uint8:
		return 1
	case reflect.Int16, reflect.Uint16:
		return 2
	case reflect.Int32, reflect.Uint32:
		return 4
	}
	return 8
}

// block appends the elements of v, a slice or array of n, whose plan says that
// they travel as one block.
func (e *Encoder) block(v reflect.Value, n int, p *plan) {
	if v.Kind() == reflect.Array {
		v = addressable(v)
	}
	if p.image {
		e.grow(n * p.flat)
		e.out = append(e.out, memory(v, n, p.flat)...)
		return
	}
	e.grow(n * p.flat)
	for i := range n {
		e.out = appendFlat(e.out, v.Index(i), p)
	}
}

// maxDoubling is the length up to which a message that is too long for its memory
// moves to twice as much.
const maxDoubling = 32 << 20

// grow makes room for n bytes.
func (e *Encoder) grow(n int) {
	if n > cap(e.out)-len(e.out) {
		if len(e.out) <= maxDoubling {
			n = max(n, len(e.out))
		}
		e.out = slices.Grow(e.out, n)
	}
}

// appendFlat appends the numbers in x, little-endian.
func appendFlat(b []byte, x reflect.Value, p *plan) []byte {
	var bits uint64
	switch p.op {
	case opArray:
		for i := range x.Len() {
			b = appendFlat(b, x.Index(i), p.elem)
		}
		return b
	case opStruct:
		for i := range p.fields {
			b = appendFlat(b, field(x, &p.fields[i]), p.fields[i].plan)
		}
		return b
	case opComplex:
		c := x.Complex()
		return appendFloat(appendFloat(b, real(c), p.flat/2), imag(c), p.flat/2)
	case opFloat:
		return appendFloat(b, x.Float(), p.flat)
	case opBool:
		if x.Bool() {
			bits = 1
		}
	case opInt:
		bits = uint64(x.Int())
	default:
		bits = x.Uint()
	}
	return appendBits(b, bits, p.flat)
}

func appendFloat(b []byte, x float64, size int) []byte {
	if size == 4 {
		return appendBits(b, uint64(math.Float32bits(float32(x))), 4)
	}
	return appendBits(b, math.Float64bits(x), 8)
}

func appendBits(b []byte, bits uint64, size int) []byte {
	for range size {
		b = append(b, byte(bits))
		bits >>= 8
	}
	return b
}

// newBlock sets v, a slice, to n elements that were sent as the block data.
func (d *Decoder) newBlock(v reflect.Value, n int, p *plan, data []byte) error {
	if n > 0 && p.image {
		if p.holdsBool() && !areBools(data) {
			return errBool
		}
		if d.keeps && len(data) >= len(d.message)/2 && isAligned(data, p.typ.Align()) {
			d.kept = true
			setMemory(v, data, n)
			return nil
		}
		setMemory(v, append([]byte(nil), data...), n)
		return nil
	}
	s := reflect.MakeSlice(v.Type(), n, n)
	v.Set(s)
	return setBlock(s, n, p, data)
}

var errBool = fmt.Errorf("%w: a bool is neither true nor false", errCorrupt)

// setBlock sets the n elements of v from data, which has exactly their size.
func setBlock(v reflect.Value, n int, p *plan, data []byte) error {
	if p.image {
		if p.holdsBool() && !areBools(data) {
			return errBool
		}
		copy(memory(v, n, p.flat), data)
		return nil
	}
	for i := range n {
		if err := setFlat(v.Index(i), p, data[i*p.flat:][:p.flat]); err != nil {
			return err
		}
	}
	return nil
}

// areBools reports whether all bytes are 0 or 1.
func areBools(data []byte) bool {
	for len(data) >= 8 {
		if binary.LittleEndian.Uint64(data)&^0x0101_0101_0101_0101 != 0 {
			return false
		}
		data = data[8:]
	}
	for _, b := range data {
		if b > 1 {
			return false
		}
	}
	return true
}

func setFlat(x reflect.Value, p *plan, data []byte) error {
	switch p.op {
	case opArray:
		return setBlock(x, x.Len(), p.elem, data)
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			if err := setFlat(field(x, f), f.plan, data[:f.flat]); err != nil {
				return err
			}
			data = data[f.flat:]
		}
		return nil
	case opComplex:
		half := p.flat / 2
		x.SetComplex(complex(float(data[:half]), float(data[half:])))
		return nil
	case opFloat:
		x.SetFloat(float(data))
		return nil
	}
	var bits uint64
	for i, b := range data {
		bits |= uint64(b) << (8 * i)
	}
	switch p.op {
	case opBool:
		if bits > 1 {
			return errBool
		}
		x.SetBool(bits == 1)
	case opInt:
		unused := 64 - 8*len(data)
		number := int64(bits<<unused) >> unused
		if x.OverflowInt(number) {
			return errRange
		}
		x.SetInt(number)
	default:
		if x.OverflowUint(bits) {
			return errRange
		}
		x.SetUint(bits)
	}
	return nil
}

func float(data []byte) float64 {
	if len(data) == 4 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(data)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(data))
}

// strings appends the elements of a slice of strings.
func (e *Encoder) strings(list []string) error {
	size := 0
	for _, s := range list {
		size += len(s) + 1
	}
	if err := e.room(size); err != nil {
		return err
	}
	e.grow(size)
	for _, s := range list {
		if err := e.room(len(s)); err != nil {
			return err
		}
		e.text(s)
	}
	return nil
}

// Strings of a slice that are no longer than maxPacked share memory, at most
// packed bytes, which are kept as long as one of them is.
const (
	packed    = 4096
	maxPacked = 256
)

// strings reads the elements of a slice of strings.
func (d *Decoder) strings(list []string) error {
	block, at := "", 0 // a copy of a part of the message, and how far it has been read
	for i := range list {
		left := len(d.in)
		n, err := d.uvarint()
		if err != nil {
			return err
		}
		if n > uint64(len(d.in)) {
			return errShort
		}
		size := int(n)
		at += left - len(d.in)
		switch {
		case size <= 1 || size > maxPacked || len(list) < 8:
			list[i] = string(d.in[:size])
		default:
			if at+size > len(block) {
				block, at = string(d.in[:min(packed, len(d.in))]), 0
			}
			list[i] = block[at : at+size]
		}
		at += size
		d.in = d.in[size:]
	}
	return nil
}
