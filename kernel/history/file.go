package history

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bberrors "go.etcd.io/bbolt/errors"
)

// How long another kernel's use of the file is waited for: by the writer, and by
// somebody who has asked.
const (
	writeLimit = 2 * time.Second
	readLimit  = 300 * time.Millisecond
)

// The cells are in one bucket, whose sequence is the number of the newest
// session. A key is session and line, 8 bytes each, big-endian. A value is the
// length of the input in 4 bytes, the input, and, when there is an output, a byte
// 1 and the output. The other bucket has the number and the size of all cells.
var (
	cellsBucket  = []byte("cells")
	totalsBucket = []byte("totals")
	totalsKey    = []byte("all")
)

var errDamaged = errors.New("the file is damaged: remove it to begin a new one")

// A file is one transaction on the database.
type file struct {
	cells, totals *bbolt.Bucket
}

// update runs f in a transaction that writes. The caller holds using.
func (h *History) update(limit time.Duration, f func(*file) error) error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	return h.open(&bbolt.Options{Timeout: limit}, func(db *bbolt.DB) error {
		return db.Update(func(tx *bbolt.Tx) error {
			cells, err := tx.CreateBucketIfNotExists(cellsBucket)
			if err != nil {
				return err
			}
			totals, err := tx.CreateBucketIfNotExists(totalsBucket)
			if err != nil {
				return err
			}
			cells.FillPercent = 0.9 // cells are appended
			return f(&file{cells, totals})
		})
	})
}

// view runs f in a transaction that reads. The caller holds using.
func (h *History) view(f func(*file) error) error {
	return h.open(&bbolt.Options{Timeout: readLimit, ReadOnly: true}, func(db *bbolt.DB) error {
		return db.View(func(tx *bbolt.Tx) error {
			cells := tx.Bucket(cellsBucket)
			if cells == nil {
				return errDamaged
			}
			return f(&file{cells: cells})
		})
	})
}

// open opens the database for the duration of f. The library trusts the bytes of
// its file, which it maps: what a damaged one leads it to, panics and faults, is
// an error here, after which the file is let alone.
func (h *History) open(options *bbolt.Options, f func(*bbolt.DB) error) (err error) {
	if h.gone {
		return errDamaged
	}
	var opened *os.File
	options.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		var err error
		opened, err = os.OpenFile(name, flag, mode)
		return opened, err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			h.gone = true
			err = fmt.Errorf("%w (%v)", errDamaged, p)
			// The database cannot be closed: it may hold its own locks for ever.
			// Closing the file does not unlock it for others while it is mapped.
			_ = unlock(opened)
			_ = opened.Close()
		}
	}()
	db, err := bbolt.Open(h.path, 0o600, options)
	if err != nil {
		if errors.Is(err, bberrors.ErrInvalid) || errors.Is(err, bberrors.ErrChecksum) || errors.Is(err, bberrors.ErrVersionMismatch) {
			h.gone = true
			err = fmt.Errorf("%w (%w)", errDamaged, err)
		}
		return err
	}
	return errors.Join(f(db), db.Close())
}

// begin returns the number of a new session.
func (f *file) begin() (int, error) {
	n, err := f.cells.NextSequence()
	return int(n), err
}

// put adds a cell, or replaces the one in its place.
func (f *file) put(c Cell) error {
	key := keyOf(c.Session, c.Line)
	count, size := f.total()
	if old := f.cells.Get(key); old != nil {
		count, size = count-1, size-uint64(len(old))
	}
	value := binary.BigEndian.AppendUint32(make([]byte, 0, 5+c.size()), uint32(len(c.Input)))
	value = append(value, c.Input...)
	if c.Output != nil {
		value = append(append(value, 1), *c.Output...)
	}
	if err := f.cells.Put(key, value); err != nil {
		return err
	}
	return f.setTotal(count+1, size+uint64(len(value)))
}

// trim deletes the oldest cells until there are at most count, of size bytes.
func (f *file) trim(maxCount, maxSize uint64) error {
	count, size := f.total()
	var old [][]byte
	cursor := f.cells.Cursor()
	for key, value := cursor.First(); key != nil && (count > maxCount || size > maxSize); key, value = cursor.Next() {
		old = append(old, bytes.Clone(key))
		count, size = count-1, size-uint64(len(value))
	}
	for _, key := range old {
		if err := f.cells.Delete(key); err != nil {
			return err
		}
	}
	if len(old) == 0 {
		return nil
	}
	return f.setTotal(count, size)
}

func (f *file) total() (count, size uint64) {
	if v := f.totals.Get(totalsKey); len(v) == 16 {
		return binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])
	}
	return 0, 0
}

func (f *file) setTotal(count, size uint64) error {
	return f.totals.Put(totalsKey, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, count), size))
}

// backwards yields the cells between two positions, newest first.
func (f *file) backwards(low, high position) iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		cursor := f.cells.Cursor()
		next := cursor.Prev
		if beyond, _ := cursor.Seek(keyOf(high.session, high.line)); beyond == nil {
			next = cursor.Last
		}
		key, value := next()
		for ; key != nil; key, value = cursor.Prev() {
			c, ok := cellOf(key, value)
			if !ok {
				continue
			}
			if (position{c.Session, c.Line}).before(low) || !yield(c) {
				return
			}
		}
	}
}

func keyOf(session, line int) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(max(session, 0))), uint64(max(line, 0)))
}

// cellOf reads an entry of the file; ok is false for one that is none of ours.
func cellOf(key, value []byte) (c Cell, ok bool) {
	if len(key) != 16 || len(value) < 4 {
		return c, false
	}
	n := uint64(binary.BigEndian.Uint32(value))
	rest := value[4:]
	if n > uint64(len(rest)) {
		return c, false
	}
	c = Cell{
		Session: int(binary.BigEndian.Uint64(key)),
		Line:    int(binary.BigEndian.Uint64(key[8:])),
		Input:   string(rest[:n]),
	}
	if rest = rest[n:]; len(rest) > 0 {
		output := string(rest[1:])
		c.Output = &output
	}
	return c, true
}
