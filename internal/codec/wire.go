package codec

import (
	"encoding/binary"
	"math"
)

func (e *Encoder) uvarint(x uint64) { e.out = binary.AppendUvarint(e.out, x) }

func (e *Encoder) flag(b bool) {
	if b {
		e.out = append(e.out, 1)
	} else {
		e.out = append(e.out, 0)
	}
}

func (e *Encoder) text(s string) {
	e.uvarint(uint64(len(s)))
	e.out = append(e.out, s...)
}

func (d *Decoder) byte() (byte, error) {
	if len(d.in) == 0 {
		return 0, errShort
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b, nil
}

func (d *Decoder) flag() (bool, error) {
	b, err := d.byte()
	if err != nil {
		return false, err
	}
	if b > 1 {
		return false, errBool
	}
	return b == 1, nil
}

func (d *Decoder) uvarint() (uint64, error) {
	if len(d.in) > 0 && d.in[0] < 0x80 {
		x := d.in[0]
		d.in = d.in[1:]
		return uint64(x), nil
	}
	x, n := binary.Uvarint(d.in)
	if n <= 0 {
		return 0, errShort
	}
	d.in = d.in[n:]
	return x, nil
}

func (d *Decoder) varint() (int64, error) {
	x, n := binary.Varint(d.in)
	if n <= 0 {
		return 0, errShort
	}
	d.in = d.in[n:]
	return x, nil
}

// bytes returns the next n bytes, part of the message.
func (d *Decoder) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(d.in)) {
		return nil, errShort
	}
	b := d.in[:n:n]
	d.in = d.in[n:]
	return b, nil
}

func (d *Decoder) text() (string, error) {
	n, err := d.uvarint()
	if err != nil {
		return "", err
	}
	b, err := d.bytes(n)
	return string(b), err
}

func (d *Decoder) float() (float64, error) {
	b, err := d.bytes(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

// count reads the number of things that take at least size bytes each, and
// refuses one that the rest of the message cannot hold.
func (d *Decoder) count(size int) (int, error) {
	n, err := d.uvarint()
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt32 && size == 0 || size > 0 && n > uint64(len(d.in)/size) {
		return 0, errMemory
	}
	return int(n), nil
}

// take accounts for n variables of a size.
func (d *Decoder) take(n int, size uintptr) error {
	if n > 0 && uint64(size) > d.budget/uint64(n) {
		return errMemory
	}
	d.budget -= uint64(n) * uint64(size)
	return nil
}
