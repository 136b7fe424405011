package interp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"reflect"
	"slices"
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
// the file). It holds, for each declaration, from offsets that are multiples of 4:
// 4 little-endian bytes each of the length of a message of package codec, its CRC-32C
// and that of these two, and the message. The length is written last, so that a reader
// meets whole declarations and then a zero. Cells can write to the file: nothing in it
// is believed before its checksum. It is safe for concurrent use.
type declarationLog struct {
	file *os.File

	mu    sync.Mutex
	end   int64
	known map[int]*declaration // what was read, by serial
	order []*declaration
	at    map[int]int64 // the offsets of what was appended
}

func newDeclarationLog(file *os.File) *declarationLog {
	return &declarationLog{file: file, known: map[int]*declaration{}, at: map[int]int64{}}
}

const (
	lengthSize = 4
	headSize   = 3 * lengthSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// declarationHead is what precedes a message.
func declarationHead(length, sum uint32) []byte {
	head := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize), length)
	head = binary.LittleEndian.AppendUint32(head, sum)
	return binary.LittleEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
}

// errDamagedLog is why a log cannot be read in which something else was written.
var errDamagedLog = errors.New("reading what cells have declared: something has written to the file that it is kept in")

// nextOffset is the offset of what follows n bytes at offset.
func nextOffset(offset int64, n int) int64 {
	return (offset + headSize + int64(n) + lengthSize - 1) / lengthSize * lengthSize
}

// append adds a declaration.
func (l *declarationLog) append(d declaration) error {
	m, err := codec.Encode(reflect.ValueOf(d), "the declarations of a cell", nil)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	head := declarationHead(uint32(len(m.Bytes)), crc32.Checksum(m.Bytes, castagnoli))
	if _, err := l.file.WriteAt(slices.Concat(head[lengthSize:], m.Bytes), l.end+lengthSize); err != nil {
		return err
	}
	if _, err := l.file.WriteAt(head[:lengthSize], l.end); err != nil {
		return err
	}
	l.at[d.Serial] = l.end
	l.end = nextOffset(l.end, len(m.Bytes))
	return nil
}

// read returns all declarations so far, in the order of their serials.
func (l *declarationLog) read() ([]*declaration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		d, next, err := l.readAt(l.end)
		if err != nil {
			return nil, err
		}
		if d == nil {
			return l.order, nil
		}
		l.known[d.Serial] = d
		l.order = append(l.order, d)
		l.end = next
	}
}

// readAt reads the declaration at an offset, nil if there is none, and where the next
// is.
func (l *declarationLog) readAt(offset int64) (d *declaration, next int64, err error) {
	// The length comes first: the rest is there when it is.
	var length [lengthSize]byte
	if _, err := l.file.ReadAt(length[:], offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("reading what cells have declared: %w", err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n == 0 {
		return nil, 0, nil
	}
	var head [headSize]byte
	if _, err := l.file.ReadAt(head[:], offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("reading what cells have declared: %w", err)
	}
	want := binary.LittleEndian.Uint32(head[lengthSize:])
	if !bytes.Equal(head[:], declarationHead(n, want)) {
		return nil, 0, errDamagedLog
	}
	data := make([]byte, n)
	if _, err := l.file.ReadAt(data, offset+headSize); err != nil {
		return nil, 0, fmt.Errorf("reading what cells have declared: %w", err)
	}
	if crc32.Checksum(data, castagnoli) != want {
		return nil, 0, errDamagedLog
	}
	d = &declaration{}
	if err := codec.DecodeInto(codec.Message{Bytes: data}, reflect.ValueOf(d).Elem(), nil); err != nil {
		return nil, 0, fmt.Errorf("reading what cells have declared: %w", err)
	}
	return d, nextOffset(offset, int(n)), nil
}

// find returns the declaration of a unit, nil if there is none.
func (l *declarationLog) find(serial int) (*declaration, error) {
	l.mu.Lock()
	d := l.known[serial]
	offset, appended := l.at[serial]
	l.mu.Unlock()
	if d != nil {
		return d, nil
	}
	if appended {
		d, _, err := l.readAt(offset)
		return d, err
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
// which no reader is to meet behind a shorter one. Damage is why what they declared
// cannot be read; the log is empty then.
func (l *declarationLog) resume() (all []*declaration, damage, err error) {
	all, damage = l.read()
	l.mu.Lock()
	defer l.mu.Unlock()
	if damage != nil {
		all, l.order, l.known, l.end = nil, nil, map[int]*declaration{}, 0
	}
	return all, damage, l.clear()
}

// clear writes zeros over what follows the last declaration.
func (l *declarationLog) clear() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("reading what cells have declared: %w", err)
	}
	zeros := make([]byte, 64<<10)
	rest := make([]byte, len(zeros))
	for at := l.end; at < info.Size(); at += int64(len(zeros)) {
		n, err := l.file.ReadAt(rest, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading what cells have declared: %w", err)
		}
		if bytes.Equal(rest[:n], zeros[:n]) {
			break
		}
		if _, err := l.file.WriteAt(zeros[:n], at); err != nil {
			return fmt.Errorf("clearing what a cell had begun to declare: %w", err)
		}
	}
	return nil
}
