package mpruntime

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// A SharedMemory is a row of bytes that processes share and find by a name
// (CPython: multiprocessing.shared_memory.SharedMemory). It can also be passed on
// like any object of this package.
//
// The name is known to the processes of one notebook, or program, and is no file:
// memory that nobody unlinks is gone when MainProcess ends, of whatever cause.
type SharedMemory struct {
	err  error // of the making
	name string

	mu     sync.Mutex
	region *shm.Region // nil after Close
	size   int         // after Close
}

// NewSharedMemory makes size bytes, all zero, with a name; an empty one stands for a
// name of its own. A name that is taken is an error that wraps fs.ErrExist.
func NewSharedMemory(name string, size int) *SharedMemory {
	m := &SharedMemory{name: name}
	if m.region, m.err = m.create(size); m.err != nil {
		m.err = note(errorf("mp: making the shared memory %q: %w", name, m.err))
	}
	return m
}

func (m *SharedMemory) create(size int) (*shm.Region, error) {
	given, err := m.name != "", error(nil)
	if given {
		if m.name, err = checkSegmentName(m.name); err != nil {
			return nil, err
		}
	}
	region, err := shm.New(size)
	if err != nil {
		return nil, err
	}
	for {
		if !given {
			m.name = "psm_" + rand.Text()[:8]
		}
		_, err = here.segments.do(segmentCreate, m.name, region.File())
		if err == nil {
			return region, nil
		}
		if given || !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(err, region.Close())
		}
	}
}

// OpenSharedMemory opens the memory with a name that a process of this notebook, or
// program, has made. If there is none the error wraps fs.ErrNotExist.
func OpenSharedMemory(name string) *SharedMemory {
	m := &SharedMemory{name: name}
	if m.region, m.err = m.open(); m.err != nil {
		m.err = note(errorf("mp: opening the shared memory %q: %w", name, m.err))
	}
	return m
}

func (m *SharedMemory) open() (_ *shm.Region, err error) {
	if m.name, err = checkSegmentName(m.name); err != nil {
		return nil, err
	}
	f, err := here.segments.do(segmentOpen, m.name, nil)
	if err != nil {
		return nil, err
	}
	return shm.Open(f)
}

// Err returns why the memory could not be made or opened, nil if it was.
func (m *SharedMemory) Err() error {
	if m.err == nil && m.name == "" {
		return errUnmade
	}
	return m.err
}

// Name returns the name by which others open the memory.
func (m *SharedMemory) Name() string { return m.name }

// opened returns the memory, which Close ends.
func (m *SharedMemory) opened() (*shm.Region, error) {
	if err := m.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.region == nil {
		return nil, ErrClosed
	}
	return m.region, nil
}

// Size returns the number of bytes, also after Close.
func (m *SharedMemory) Size() int {
	if err := m.Err(); err != nil {
		fail(err)
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.region == nil {
		return m.size
	}
	return m.region.Size()
}

// Bytes returns the memory itself (CPython: buf). Nothing orders what processes do
// with it: use a [Lock]. After Close the bytes are no longer shared.
func (m *SharedMemory) Bytes() []byte {
	region, err := m.opened()
	if err != nil {
		fail(err)
		return nil
	}
	return region.Bytes()
}

// Close gives back the memory in this process; others, and the name, keep it. A
// second Close does nothing.
func (m *SharedMemory) Close() error {
	if err := m.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.region == nil {
		return nil
	}
	region := m.region
	m.region, m.size = nil, region.Size()
	return region.Close()
}

// Unlink takes the name away. The memory lives on in the processes that have it
// open. A name that is gone already is an error that wraps fs.ErrNotExist.
func (m *SharedMemory) Unlink() error {
	if err := m.Err(); err != nil {
		return err
	}
	if _, err := here.segments.do(segmentUnlink, m.name, nil); err != nil {
		return errorf("mp: unlinking the shared memory %q: %w", m.name, err)
	}
	return nil
}

// String shows name and size.
func (m *SharedMemory) String() string {
	region, err := m.opened()
	if err != nil {
		return fmt.Sprintf("<SharedMemory %q: %v>", m.name, err)
	}
	return fmt.Sprintf("<SharedMemory %q size=%d>", m.name, region.Size())
}

func (m *SharedMemory) encodeHandle(e *codec.Encoder) error {
	region, err := m.opened()
	if err != nil {
		return err
	}
	e.Text(m.name)
	return e.Descriptor(region.File())
}

func (m *SharedMemory) decodeHandle(d *codec.Decoder) (err error) {
	if m.name, err = d.Text(); err != nil {
		return err
	}
	f, err := d.Descriptor()
	if err != nil {
		return err
	}
	m.region, err = shm.Open(f)
	return err
}
