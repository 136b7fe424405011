package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// shared is what the objects in shared memory have in common: their memory, or
// why they have none. An object travels as the descriptor of its memory, so that
// the receiver has the same one.
type shared struct {
	region *shm.Region
	err    error // of the making
}

// Everything that is shared starts with a mark of what it is, which keeps
// processes from taking one object for another.
const (
	markAt   = 0
	sharedAt = 64 // what follows the mark, on a cache line of its own
)

// mark is the kind of an object in shared memory.
type mark uint64

const (
	markLock mark = 0x6d70_0001 + iota
	markRLock
	markSemaphore
	markCondition
	markEvent
	markBarrier
	markData
)

var (
	errUnmade  = errors.New("mp: the object was not made by its mp.New… function")
	errNotHeld = errors.New("mp: releasing what is not held")
)

// newShared makes size bytes behind the mark.
func newShared(what string, m mark, size int) shared {
	region, err := shm.New(sharedAt + size)
	if err != nil {
		return failedShared(what, err)
	}
	region.Uint64(markAt).Store(uint64(m))
	return shared{region: region}
}

// failedShared is an object whose making failed.
func failedShared(what string, err error) shared {
	return shared{err: note(errorf("mp: making the %s: %w", what, err))}
}

// note tells the calling cell why the making of an object failed, and returns err.
func note(err error) error {
	if host := here.getHost(); host != nil {
		host.Cell().Note(err)
	}
	return err
}

// Err returns why the object could not be made, nil if it was.
func (s *shared) Err() error {
	if s == nil || s.err == nil && s.region == nil {
		return errUnmade
	}
	return s.err
}

func (s *shared) encode(e *codec.Encoder) error {
	if err := s.Err(); err != nil {
		return err
	}
	return e.Descriptor(s.region.File())
}

// decodeShared reads an object of at least size bytes behind the mark.
func decodeShared(d *codec.Decoder, m mark, size int) (shared, error) {
	f, err := d.Descriptor()
	if err != nil {
		return shared{}, err
	}
	region, err := shm.Open(f)
	if err != nil {
		return shared{}, errorf("mp: decoding a value: %w", err)
	}
	if size < 0 || region.Size()-sharedAt < size || region.Uint64(markAt).Load() != uint64(m) {
		return shared{}, errors.Join(errors.New("mp: decoding a value: the memory is another object's"), region.Close())
	}
	return shared{region: region}, nil
}

// discardHandle gives back what decoding has opened.
func (s *shared) discardHandle() {
	if s.region != nil {
		_ = s.region.Close() // nobody has used it
	}
}

// discardAfter gives it back if the rest could not be decoded.
func (s *shared) discardAfter(err error) {
	if err != nil {
		s.discardHandle()
	}
}

// fail reports an error where there is no result for it: it ends the work of the
// calling cell. If it returns, the caller does with zero values.
func fail(err error) {
	if host := here.getHost(); host != nil {
		host.Cell().Fail(err)
		return
	}
	panic(err)
}

// goroutine names the calling goroutine as the owner of re-entrant locks.
func goroutine() uint64 {
	if host := here.getHost(); host != nil {
		if id := host.Goroutine(); id != 0 {
			return uint64(id)
		}
	}
	return shm.Goroutine()
}

// warnOfDeath tells the user that a lock was taken from a process that had ended.
func warnOfDeath(what string, died shm.Owner) {
	text := fmt.Sprintf("mp: process %d ended while it held the %s; the %s is taken from it\n", died.PID(), what, what)
	fmt.Fprint(here.stderr(), text)
}

// waitContext returns a context that ends with ctx and with the calling cell.
func waitContext(ctx context.Context) (context.Context, context.CancelFunc) {
	cell := cellContext()
	if ctx.Done() == nil {
		return cell, func() {}
	}
	both, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(cell, func() { cancel(context.Cause(cell)) })
	return both, func() { stop(); cancel(nil) }
}

// deadline returns when a wait of d is over. No wait is endless: d <= 0 is over
// at once.
func deadline(d time.Duration) time.Time { return time.Now().Add(d) }
