package mpruntime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"cuaderno/internal/codec"
)

// A ShareableList is a list of a fixed length in a [SharedMemory] (CPython:
// multiprocessing.shared_memory.ShareableList). Its items are ints, floats, bools,
// strings, []byte and nil; they may be changed to items of another type, but not to
// a text longer than the room that the first item left: its length, rounded up to
// the next multiple of 8.
//
// Processes that change the same item at the same time need a [Lock].
type ShareableList struct {
	memory *SharedMemory
	err    error
}

// Layout of the memory, in little-endian order: a mark and the number of items, 8
// bytes each; for each item its kind, the length of a text, and the offset of its
// room, 8 bytes each; the end of the last room; the rooms.
const (
	listMark      = 0x74_73_69_6c_70_6d // "mplist"
	listEntries   = 16
	listEntrySize = 24
	listAlign     = 8
)

// Kinds of items.
const (
	itemNil uint64 = iota
	itemInt
	itemFloat
	itemBool
	itemString
	itemBytes
)

// NewShareableList makes a list of the items, under a name of its own.
func NewShareableList(items ...any) *ShareableList { return NewNamedShareableList("", items...) }

// NewNamedShareableList makes a list of the items under a name; see
// [NewSharedMemory].
func NewNamedShareableList(name string, items ...any) *ShareableList {
	l := &ShareableList{}
	rooms := make([]int, len(items))
	size := listEntries + listEntrySize*len(items) + 8
	for i, item := range items {
		_, _, text, err := encodeItem(item)
		if err != nil {
			l.err = note(errorf("mp: making the shareable list: item %d: %w", i, err))
			return l
		}
		rooms[i] = listAlign * (len(text)/listAlign + 1)
		size += rooms[i]
	}
	l.memory = NewSharedMemory(name, size)
	if l.err = l.memory.Err(); l.err != nil {
		return l
	}
	b := l.memory.Bytes()
	binary.LittleEndian.PutUint64(b[8:], uint64(len(items)))
	at := listEntries + listEntrySize*len(items) + 8
	for i := range items {
		binary.LittleEndian.PutUint64(b[l.entry(i)+16:], uint64(at))
		at += rooms[i]
	}
	binary.LittleEndian.PutUint64(b[l.entry(len(items)):], uint64(at))
	for i, item := range items {
		if l.err = l.Set(i, item); l.err != nil {
			return l
		}
	}
	binary.LittleEndian.PutUint64(b, listMark)
	return l
}

// OpenShareableList opens the list with a name; see [OpenSharedMemory].
func OpenShareableList(name string) *ShareableList {
	l := &ShareableList{memory: OpenSharedMemory(name)}
	l.check()
	return l
}

// check sees whether the memory holds a list.
func (l *ShareableList) check() {
	if l.err = l.memory.Err(); l.err != nil {
		return
	}
	b := l.memory.Bytes()
	if len(b) < listEntries+8 || binary.LittleEndian.Uint64(b) != listMark ||
		binary.LittleEndian.Uint64(b[8:]) > uint64((len(b)-listEntries-8)/listEntrySize) {
		l.err = fmt.Errorf("mp: the shared memory %q holds no shareable list", l.memory.Name())
	}
}

// Err returns why the list could not be made or opened, nil if it was.
func (l *ShareableList) Err() error {
	if l.err == nil && l.memory == nil {
		return errUnmade
	}
	return l.err
}

// bytes returns the memory of the list; nil, after fail, if it has none.
func (l *ShareableList) bytes() ([]byte, error) {
	if err := l.Err(); err != nil {
		return nil, err
	}
	region, err := l.memory.opened()
	if err != nil {
		return nil, err
	}
	return region.Bytes(), nil
}

func (l *ShareableList) entry(i int) int { return listEntries + listEntrySize*i }

// room returns where the text of item i may lie.
func (l *ShareableList) room(b []byte, i int) ([]byte, error) {
	from, to := binary.LittleEndian.Uint64(b[l.entry(i)+16:]), uint64(0)
	if n := int(binary.LittleEndian.Uint64(b[8:])); i+1 < n {
		to = binary.LittleEndian.Uint64(b[l.entry(i+1)+16:])
	} else {
		to = binary.LittleEndian.Uint64(b[l.entry(n):])
	}
	if from > to || to > uint64(len(b)) || to-from < listAlign {
		return nil, errors.New("mp: the shareable list is damaged")
	}
	return b[from:to], nil
}

// Name returns the name of the memory behind the list.
func (l *ShareableList) Name() string {
	if err := l.Err(); err != nil {
		fail(err)
		return ""
	}
	return l.memory.Name()
}

// Len returns the number of items.
func (l *ShareableList) Len() int {
	b, err := l.bytes()
	if err != nil {
		fail(err)
		return 0
	}
	return int(binary.LittleEndian.Uint64(b[8:]))
}

// At returns item i: an int, float64, bool, string, []byte or nil.
func (l *ShareableList) At(i int) any {
	b, err := l.bytes()
	if err != nil {
		fail(err)
		return nil
	}
	_ = make([]struct{}, binary.LittleEndian.Uint64(b[8:]))[i]
	room, err := l.room(b, i)
	if err != nil {
		fail(err)
		return nil
	}
	entry := b[l.entry(i):]
	kind, length := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
	word := binary.LittleEndian.Uint64(room)
	text := room[:min(length, uint64(len(room)))]
	switch kind {
	case itemInt:
		return int(word)
	case itemFloat:
		return math.Float64frombits(word)
	case itemBool:
		return word != 0
	case itemString:
		return string(text)
	case itemBytes:
		return append([]byte{}, text...)
	}
	return nil
}

// Set changes item i. The error says that the list cannot hold the item, or that
// it is longer than the room for it.
func (l *ShareableList) Set(i int, item any) error {
	b, err := l.bytes()
	if err != nil {
		return err
	}
	_ = make([]struct{}, binary.LittleEndian.Uint64(b[8:]))[i]
	kind, word, text, err := encodeItem(item)
	if err != nil {
		return errorf("mp: setting item %d: %w", i, err)
	}
	room, err := l.room(b, i)
	if err != nil {
		return err
	}
	if len(text) > len(room) {
		return fmt.Errorf("mp: setting item %d: %d bytes exceed the %d that there is room for", i, len(text), len(room))
	}
	if kind == itemString || kind == itemBytes {
		copy(room, text)
	} else {
		binary.LittleEndian.PutUint64(room, word)
	}
	entry := b[l.entry(i):]
	binary.LittleEndian.PutUint64(entry[8:], uint64(len(text)))
	binary.LittleEndian.PutUint64(entry, kind)
	return nil
}

// Count returns how many items equal item.
func (l *ShareableList) Count(item any) int {
	n := 0
	for i := range l.Len() {
		if sameItem(l.At(i), item) {
			n++
		}
	}
	return n
}

// Index returns the position of the first item that equals item, -1 if none does
// (CPython: ValueError).
func (l *ShareableList) Index(item any) int {
	for i := range l.Len() {
		if sameItem(l.At(i), item) {
			return i
		}
	}
	return -1
}

// Items returns a copy of all items.
func (l *ShareableList) Items() []any {
	items := make([]any, l.Len())
	for i := range items {
		items[i] = l.At(i)
	}
	return items
}

// Close gives back the memory in this process; see [SharedMemory.Close].
func (l *ShareableList) Close() error {
	if err := l.Err(); err != nil {
		return err
	}
	return l.memory.Close()
}

// Unlink takes the name away; see [SharedMemory.Unlink].
func (l *ShareableList) Unlink() error {
	if err := l.Err(); err != nil {
		return err
	}
	return l.memory.Unlink()
}

// String shows the items and the name.
func (l *ShareableList) String() string {
	if _, err := l.bytes(); err != nil {
		return fmt.Sprintf("<ShareableList: %v>", err)
	}
	return fmt.Sprintf("<ShareableList %v name=%q>", l.Items(), l.memory.Name())
}

// encodeItem returns how an item is kept: a number in word, a text in text.
func encodeItem(item any) (kind, word uint64, text []byte, err error) {
	switch item := item.(type) {
	case nil:
		return itemNil, 0, nil, nil
	case int:
		return itemInt, uint64(item), nil, nil
	case int64:
		return itemInt, uint64(item), nil, nil
	case float64:
		return itemFloat, math.Float64bits(item), nil, nil
	case bool:
		if item {
			word = 1
		}
		return itemBool, word, nil, nil
	case string:
		return itemString, 0, []byte(item), nil
	case []byte:
		return itemBytes, 0, item, nil
	}
	return 0, 0, nil, fmt.Errorf("a shareable list holds no %s, only int, float64, bool, string, []byte and nil", typeName(item))
}

func sameItem(a, b any) bool {
	kindA, wordA, textA, errA := encodeItem(a)
	kindB, wordB, textB, errB := encodeItem(b)
	return errA == nil && errB == nil && kindA == kindB && wordA == wordB && string(textA) == string(textB)
}

func (l *ShareableList) encodeHandle(e *codec.Encoder) error {
	if err := l.Err(); err != nil {
		return err
	}
	return l.memory.encodeHandle(e)
}

func (l *ShareableList) decodeHandle(d *codec.Decoder) error {
	l.memory = &SharedMemory{}
	if err := l.memory.decodeHandle(d); err != nil {
		return err
	}
	if l.check(); l.err != nil {
		_ = l.memory.Close() // nobody has used it
	}
	return l.err
}
