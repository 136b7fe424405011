package codec

import (
	"errors"
	"math"
	"os"
	"syscall"

	"cuaderno/internal/rights"
)

// A Message is what an [Encoder] has made: bytes and open files, which whoever
// carries the message sends along in their order, and closes.
type Message struct {
	Bytes []byte
	Files []*os.File
}

// Close closes the files of a message, those that a Decoder has taken excepted.
func (m Message) Close() {
	for i, f := range m.Files {
		if f != nil {
			f.Close()
			m.Files[i] = nil
		}
	}
}

// Descriptor appends an open descriptor: the message holds a duplicate, so that c
// may be closed before the message is sent. It is meant for the Handles of a
// Domain.
func (e *Encoder) Descriptor(c syscall.Conn) error {
	f, err := rights.Duplicate(c)
	if err != nil {
		return Errorf("passing a descriptor on: %w", err)
	}
	e.Uvarint(uint64(len(e.message.Files)))
	e.message.Files = append(e.message.Files, f)
	return nil
}

// Descriptor returns the next descriptor of the message; it is the caller's.
func (d *Decoder) Descriptor() (*os.File, error) {
	i, err := d.Uvarint()
	if err != nil {
		return nil, err
	}
	if i >= uint64(len(d.files)) || d.files[i] == nil {
		return nil, errors.New("mp: decoding a value: a descriptor is missing from the message")
	}
	f := d.files[i]
	d.files[i] = nil
	return f, nil
}

// Uvarint appends a number.
func (e *Encoder) Uvarint(x uint64) { e.uvarint(x) }

// Uvarint reads a number.
func (d *Decoder) Uvarint() (uint64, error) { return d.uvarint() }

// Int reads a number that [Encoder.Uvarint] wrote, no more than the largest int.
func (d *Decoder) Int() (int, error) {
	x, err := d.uvarint()
	if err == nil && x > math.MaxInt {
		err = errRange
	}
	return int(x), err
}

// Text appends a string.
func (e *Encoder) Text(s string) { e.text(s) }

// Text reads a string.
func (d *Decoder) Text() (string, error) { return d.text() }
