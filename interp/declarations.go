package interp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sync"

	"cuaderno/internal/codec"
)

// A declaration is a cell that declared something, as another process needs it to
// declare the same.
type declaration struct {
	// Serial is the number of the cell's unit, and Count the one that people know
	// the cell by, if it is Shown.
	Serial, Count int
	Shown         bool
	Code          string
	// Needs are the units to declare before, and Grows those to whose types this
	// one gives methods.
	Needs, Grows []int
	// Imports are the packages that the cell sees, path by name, and Names leads
	// from what it mentions to the unit that declared that.
	Imports map[string]string
	Names   map[string]int
	// Defines says that it has functions or types: processes will want it.
	Defines bool
	// Variables, and Others, which are functions, types and constants, are the names
	// that got a new meaning by the cell, and Gone those that lost theirs to an import.
	Variables, Others, Gone []string
}

// A declarationLog is what cells have declared, in a file that all processes of a
// notebook share: the session appends, the others read. A session that takes the
// place of one that died goes on where that was (package remains has the rest of
// the file). It holds a 4-byte
// little-endian length and a message of package codec for each declaration, from
// offsets that are multiples of 4; the length is written last, so that a reader
// meets whole declarations and then a zero. It is safe for concurrent use.
type declarationLog struct {
	file *os.File

	mu    sync.Mutex
	end   int64
	known map[int]*declaration // what was read or appended, by serial
	order []*declaration
}

func newDeclarationLog(file *os.File) *declarationLog {
	return &declarationLog{file: file, known: map[int]*declaration{}}
}

const lengthSize = 4

// next is the offset of what follows n bytes at offset.
func nextOffset(offset int64, n int) int64 {
	return (offset + lengthSize + int64(n) + lengthSize - 1) / lengthSize * lengthSize
}

// append adds a declaration.
func (l *declarationLog) append(d declaration) error {
	m, err := codec.Encode(reflect.ValueOf(d), "the declarations of a cell", nil)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.WriteAt(m.Bytes, l.end+lengthSize); err != nil {
		return err
	}
	if _, err := l.file.WriteAt(binary.LittleEndian.AppendUint32(nil, uint32(len(m.Bytes))), l.end); err != nil {
		return err
	}
	l.end = nextOffset(l.end, len(m.Bytes))
	l.known[d.Serial] = &d
	return nil
}

// read returns all declarations so far, in the order of their serials.
func (l *declarationLog) read() ([]*declaration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		var length [lengthSize]byte
		if _, err := l.file.ReadAt(length[:], l.end); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading what cells have declared: %w", err)
		}
		n := binary.LittleEndian.Uint32(length[:])
		if n == 0 {
			return l.order, nil
		}
		data := make([]byte, n)
		if _, err := l.file.ReadAt(data, l.end+lengthSize); err != nil {
			return nil, fmt.Errorf("reading what cells have declared: %w", err)
		}
		d := &declaration{}
		if err := codec.DecodeInto(codec.Message{Bytes: data}, reflect.ValueOf(d).Elem(), nil); err != nil {
			return nil, fmt.Errorf("reading what cells have declared: %w", err)
		}
		l.known[d.Serial] = d
		l.order = append(l.order, d)
		l.end = nextOffset(l.end, int(n))
	}
}

// find returns the declaration of a unit, nil if there is none.
func (l *declarationLog) find(serial int) (*declaration, error) {
	l.mu.Lock()
	d := l.known[serial]
	l.mu.Unlock()
	if d != nil {
		return d, nil
	}
	if _, err := l.read(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[serial], nil
}

// resume returns what sessions before this one have declared, and makes the log
// ready to be appended to: a writer that died may have left a part of a declaration,
// which no reader is to meet behind a shorter one.
func (l *declarationLog) resume() ([]*declaration, error) {
	all, err := l.read()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := l.file.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading what cells have declared: %w", err)
	}
	zeros := make([]byte, 64<<10)
	rest := make([]byte, len(zeros))
	for at := l.end; at < info.Size(); at += int64(len(zeros)) {
		n, err := l.file.ReadAt(rest, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading what cells have declared: %w", err)
		}
		if bytes.Equal(rest[:n], zeros[:n]) {
			break
		}
		if _, err := l.file.WriteAt(zeros[:n], at); err != nil {
			return nil, fmt.Errorf("clearing what a cell had begun to declare: %w", err)
		}
	}
	return all, nil
}
