package shm

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// ErrUnsupported is returned by New and Open where processes cannot share memory
// in the way of this package.
var ErrUnsupported = errors.New("shared memory between processes needs a Unix system; on Windows use WSL")

// errClosed is the error of a Region after its Close.
var errClosed = errors.New("the shared memory is closed")

// A Region is a piece of memory that is shared with whoever has the same file
// mapped. It is unmapped when it becomes unreachable, unless Bytes was called.
type Region struct {
	file    *os.File
	memory  []byte
	waiting atomic.Int32 // goroutines of this process that block a thread here

	mu      sync.Mutex
	cleanup runtime.Cleanup
	lent    bool // somebody has the memory itself, which the collector does not see
	closed  bool
}

// New returns a Region of size bytes, all zero.
func New(size int) (*Region, error) {
	if size <= 0 {
		return nil, fmt.Errorf("making shared memory: a size of %d bytes", size)
	}
	f, err := create(int64(size))
	if err != nil {
		return nil, fmt.Errorf("making %d bytes of shared memory: %w", size, err)
	}
	return mapRegion(f, size)
}

// Open returns the Region whose File f is, or was in another process. It takes
// over f and closes it on error. A file that somebody could shrink, which would make
// those that have it mapped fault, is refused where the system can tell.
func Open(f *os.File) (*Region, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening shared memory: %w", err)
	}
	size := info.Size()
	if size <= 0 || int64(int(size)) != size || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("opening shared memory: the descriptor is none, or has %d bytes", size)
	}
	if err := sealed(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("opening shared memory: %w", err)
	}
	return mapRegion(f, int(size))
}

func mapRegion(f *os.File, size int) (*Region, error) {
	memory, err := mapFile(f, size)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("mapping %d bytes of shared memory: %w", size, err)
	}
	r := &Region{file: f, memory: memory}
	r.cleanup = runtime.AddCleanup(r, func(memory []byte) { _ = unmap(memory) }, memory) // nobody is left to be told
	return r, nil
}

// Size returns the number of bytes.
func (r *Region) Size() int { return len(r.memory) }

// File returns the file behind the memory. It stays the Region's.
func (r *Region) File() *os.File { return r.file }

// Bytes returns the memory itself. From now on it is mapped until Close or the
// end of the process. After Close the bytes are private to the holder, and zero.
func (r *Region) Bytes() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.lent && !r.closed {
		r.lent = true
		r.cleanup.Stop()
	}
	return r.memory
}

// Close gives the memory back. Views of the Region must not be used afterwards;
// what Bytes returned may be, but is shared no more. A second Close is an error.
func (r *Region) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	r.closed = true
	r.cleanup.Stop()
	var err error
	if r.lent {
		err = replace(r.memory)
	} else {
		err = unmap(r.memory)
		r.memory = nil
	}
	return errors.Join(err, r.file.Close())
}
