package remains

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"cuaderno/internal/shm"
)

// A Store writes the remains of one session. It serves one goroutine.
type Store struct {
	file     *os.File
	sequence uint64
	table    extent   // of the last commit
	sum      uint32   // its checksum
	used     []extent // what the last commit needs, in order
	end      int64    // of what was ever written
}

// An extent is a part of the file.
type extent struct{ offset, length int64 }

func (x extent) end() int64 { return x.offset + x.length }

// A slot is what leads to a table: 8 bytes each, little-endian, of magic, sequence
// number, cell, offset, length and checksum of the table, and a checksum of these.
const (
	slotSize  = 64
	slotWords = 6 // without their checksum
	slotMagic = 0x3173_6e69_616d_6572
	headSize  = 2 * slotSize
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Open returns a Store that goes on after the last commit in the file, and that
// commit, an empty one if there is none. Where the commit is damaged, the Store begins
// anew, and the error wraps [ErrDamaged]; after any other error there is no Store.
func Open(file *os.File) (*Store, *Table, error) {
	if limit := shm.FileLimit(); limit < Offset<<1 {
		return nil, nil, fmt.Errorf("files may have no more than %d bytes here (ulimit -f)", limit)
	}
	s := &Store{file: file, end: Offset + headSize}
	t, err := s.read()
	switch {
	case errors.Is(err, ErrDamaged):
		s.table, t = extent{}, &Table{}
	case err != nil:
		return nil, nil, err
	}
	if info, err := file.Stat(); err == nil {
		s.end = max(s.end, info.Size())
	}
	s.use(t)
	return s, t, err
}

// Read returns the last commit in the file, an empty one if there is none. The error
// wraps [ErrDamaged] where that is so.
func Read(file *os.File) (*Table, error) { return (&Store{file: file}).read() }

// read reads the last commit.
func (s *Store) read() (*Table, error) {
	cell := uint64(0)
	for i := range int64(2) {
		var slot [slotSize]byte
		if _, err := s.file.ReadAt(slot[:], Offset+i*slotSize); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading what a session left: %w", err)
		}
		word := func(i int) uint64 { return binary.LittleEndian.Uint64(slot[8*i:]) }
		if word(0) == slotMagic && word(slotWords) == uint64(crc32.Checksum(slot[:8*slotWords], castagnoli)) && word(1) > s.sequence {
			s.sequence, cell, s.table, s.sum = word(1), word(2), extent{int64(word(3)), int64(word(4))}, uint32(word(5))
		}
	}
	if s.sequence == 0 {
		return &Table{}, nil
	}
	data := make([]byte, s.table.length)
	if _, err := s.file.ReadAt(data, s.table.offset); errors.Is(err, io.EOF) {
		return nil, ErrDamaged
	} else if err != nil {
		return nil, fmt.Errorf("reading what a session left: %w", err)
	}
	if crc32.Checksum(data, castagnoli) != s.sum {
		return nil, ErrDamaged
	}
	t, err := unmarshal(data)
	if err == nil {
		t.Cell = int(cell)
	}
	return t, err
}

// Load returns the message of an entry.
func Load(file *os.File, e Entry) ([]byte, error) {
	data := make([]byte, e.Length)
	if _, err := file.ReadAt(data, e.Offset); err != nil {
		return nil, fmt.Errorf("reading a value that a session left: %w", err)
	}
	return data, nil
}

// Commit makes t what there is. Messages are those of the entries that are new, by
// their index; Commit sets where they are. Others stay where they were in the last
// commit.
func (s *Store) Commit(t *Table, messages map[int][]byte) error {
	used := slices.Clone(s.used)
	for i, data := range messages {
		x, err := s.write(&used, data)
		if err != nil {
			return err
		}
		t.Entries[i].Offset, t.Entries[i].Length = x.offset, x.length
	}
	data := t.marshal()
	at, err := s.write(&used, data)
	if err != nil {
		return err
	}
	s.table, s.sum = at, crc32.Checksum(data, castagnoli)
	if err := s.Mark(t.Cell); err != nil {
		return err
	}
	s.use(t)
	return nil
}

// Mark says that what the last commit holds is also what there is after a cell. It
// does nothing before the first commit.
func (s *Store) Mark(cell int) error {
	if s.table.length == 0 {
		return nil
	}
	slot := make([]byte, 0, slotSize)
	for _, word := range [slotWords]uint64{slotMagic, s.sequence + 1, uint64(cell), uint64(s.table.offset), uint64(s.table.length), uint64(s.sum)} {
		slot = binary.LittleEndian.AppendUint64(slot, word)
	}
	slot = binary.LittleEndian.AppendUint64(slot, uint64(crc32.Checksum(slot, castagnoli)))
	if _, err := s.file.WriteAt(slot, Offset+int64((s.sequence+1)%2)*slotSize); err != nil {
		return fmt.Errorf("writing what the session leaves: %w", err)
	}
	s.sequence++
	return nil
}

// write puts data where nothing is that is used, and adds that to used.
func (s *Store) write(used *[]extent, data []byte) (extent, error) {
	x := extent{Offset + headSize, int64(len(data))}
	i := 0
	for ; i < len(*used); i++ {
		if next := (*used)[i]; next.offset-x.offset >= x.length {
			break
		} else {
			x.offset = next.end()
		}
	}
	if _, err := s.file.WriteAt(data, x.offset); err != nil {
		return x, fmt.Errorf("writing what the session leaves: %w", err)
	}
	*used = slices.Insert(*used, i, x)
	s.end = max(s.end, x.end())
	return x, nil
}

// use notes what the last commit, t, needs, and gives back the memory of what it does
// not, if that is much: what comes next needs memory again.
func (s *Store) use(t *Table) {
	s.used = s.used[:0]
	if s.table.length > 0 {
		s.used = append(s.used, s.table)
	}
	for _, e := range t.Entries {
		s.used = append(s.used, extent{e.Offset, e.Length})
	}
	slices.SortFunc(s.used, func(a, b extent) int { return cmp.Compare(a.offset, b.offset) })
	var free []extent
	unused, from := int64(0), int64(Offset+headSize)
	for _, x := range append(s.used, extent{s.end, 0}) {
		if gap := (extent{from, x.offset - from}); gap.length >= releasedSize {
			free = append(free, gap)
			unused += gap.length
		}
		from = x.end()
	}
	if unused <= s.end-(Offset+headSize)-unused+slack {
		return
	}
	for _, gap := range free {
		shm.Release(s.file, gap.offset, gap.length)
	}
	s.end = Offset + headSize
	if len(s.used) > 0 {
		s.end = s.used[len(s.used)-1].end()
	}
}

const (
	// releasedSize is the length from which on a part of the file that nothing uses
	// is given back.
	releasedSize = 64 << 10
	// slack is how much more may be unused than used.
	slack = 8 << 20
)
