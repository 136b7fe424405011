package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// sharedData is a row of elements of one fixed size in shared memory, with a lock:
// what values and arrays are when their type is taken away.
type sharedData struct {
	// variable comes first: the engine of cells finds it there.
	variable shm.Variable
	exclusion
	shape  string
	kind   reflect.Kind // of the elements if they are numbers or bools, else Invalid
	size   int          // of an element, in bytes
	base   address
	bounds []struct{} // as many as elements: indexing it is the check
	one    known      // the type of pointers to elements
	many   known      // the type of slices of elements
}

// Layout, from sharedAt: the lock, and on the same cache line the first elements.
const dataAt = sharedAt + 32

// newSharedData makes n elements of type t, all zero. what is their name in
// messages.
func newSharedData(what string, t reflect.Type, n int) *sharedData {
	s := &sharedData{exclusion: exclusion{what: "lock of a " + what}}
	shape, ok := shapeOf(t)
	switch {
	case !ok:
		s.shared = failedShared(what, errorf("%s is not of a fixed size: only numbers, bools, and arrays and structs of them can be shared", t))
	case n < 0 || t.Size() > 0 && uintptr(n) > (math.MaxInt-2*dataAt)/t.Size():
		s.shared = failedShared(what, fmt.Errorf("with %d elements", n))
	default:
		s.shared = newShared(what, markData, dataAt-sharedAt+n*int(t.Size()))
	}
	if s.err == nil {
		s.attach(shape, int(t.Size()), n)
	}
	return s
}

func (s *sharedData) attach(shape string, size, n int) {
	s.shape, s.kind, s.size = shape, kindOf(shape), size
	lock := s.region.Reentrant(sharedAt, goroutine)
	s.mutex = lock
	s.variable.SetLock(lock)
	s.base = s.region.Pointer(dataAt, n*size)
	s.bounds = make([]struct{}, n)
}

// ready reports whether there is memory; otherwise it fails the cell.
func (s *sharedData) ready() bool {
	if s != nil && s.base != nil {
		return true
	}
	if s == nil {
		fail(errUnmade)
	} else {
		fail(s.Err())
	}
	return false
}

// problem is Err also of nothing at all.
func (s *sharedData) problem() error {
	if s == nil {
		return errUnmade
	}
	return s.Err()
}

// load copies element i to the variable that to points to.
func (s *sharedData) load(i int, to any) {
	if !s.ready() {
		return
	}
	_ = s.bounds[i]
	if p := s.operand(to); p != nil {
		s.move(p, s.element(i))
	}
	runtime.KeepAlive(s)
}

// store copies to element i the variable that from points to.
func (s *sharedData) store(i int, from any) {
	if !s.ready() {
		return
	}
	_ = s.bounds[i]
	if p := s.operand(from); p != nil {
		s.move(s.element(i), p)
	}
	runtime.KeepAlive(s)
}

// operand returns the address of the caller's variable that x points to; see
// [known.variable]. From then on the engine of cells knows where the element is, if
// it is the only one.
func (s *sharedData) operand(x any) address {
	if s.one.knows(x) {
		return addressIn(x)
	}
	p := s.one.variable(x, s.shape)
	if p != nil && len(s.bounds) == 1 && s.kind != reflect.Invalid && s.size <= 8 {
		s.variable.SetAddress(s.base)
	}
	return p
}

// add adds the variable that delta points to to element i, with the lock, and
// leaves the sum in the variable.
func (s *sharedData) add(i int, delta any) {
	if !s.ready() {
		return
	}
	_ = s.bounds[i]
	p := s.operand(delta)
	if p == nil || !s.mutex.Take() && !s.begin() {
		return
	}
	ok := sum(s.kind, s.element(i), p)
	s.mutex.Unlock()
	if !ok {
		fail(fmt.Errorf("mp: Add: elements of type %s are not added: use Update", s.shape))
	}
	runtime.KeepAlive(s)
}

// begin takes the lock, or fails the cell and returns false.
func (s *sharedData) begin() bool {
	if !s.ready() {
		return false
	}
	if err := s.lock(context.Background()); err != nil {
		fail(err)
		return false
	}
	return true
}

// end undoes begin.
func (s *sharedData) end() { s.mutex.Unlock() }

// length returns the number of elements.
func (s *sharedData) length() int {
	if !s.ready() {
		return 0
	}
	return len(s.bounds)
}

// copyOut copies all elements, or as many as there is room for, to the slice to,
// with the lock.
func (s *sharedData) copyOut(to any) int { return s.copyAll(to, true) }

// copyIn copies the slice from, which must not be longer, to the first elements,
// with the lock.
func (s *sharedData) copyIn(from any) int { return s.copyAll(from, false) }

func (s *sharedData) copyAll(slice any, out bool) int {
	if !s.ready() {
		return 0
	}
	p := s.many.variable(slice, s.shape)
	if p == nil || !s.begin() {
		return 0
	}
	defer s.end()
	n := min(reflect.ValueOf(slice).Len(), len(s.bounds))
	s.moveAll(p, n, out)
	runtime.KeepAlive(slice)
	return n
}

// raw returns the memory itself as a value of the type of like, a nil pointer to or
// slice of elements. It stays mapped as long as the process lives.
func (s *sharedData) raw(like any) any {
	if !s.ready() {
		return like
	}
	check := &s.one
	if reflect.TypeOf(like).Kind() == reflect.Slice {
		check = &s.many
	}
	if check.variable(like, s.shape); !check.knows(like) {
		return like
	}
	s.region.Bytes()
	return s.view(like)
}

// The methods of the lock, for elements that have one.
func (s *sharedData) lockAll() error {
	if s == nil {
		return errUnmade
	}
	return s.lock(context.Background())
}

func (s *sharedData) lockAllContext(ctx context.Context) error {
	if s == nil {
		return errUnmade
	}
	return s.lock(ctx)
}

func (s *sharedData) lockAllTimeout(d time.Duration) error {
	if s == nil {
		return errUnmade
	}
	return s.lockTimeout(d)
}

func (s *sharedData) tryLockAll() bool { return s.ready() && s.tryLock() }

func (s *sharedData) unlockAll() error {
	if s == nil {
		return errUnmade
	}
	return s.unlock()
}

func (s *sharedData) encodeHandle(e *codec.Encoder) error {
	if err := s.encode(e); err != nil {
		return err
	}
	e.Text(s.what)
	e.Text(s.shape)
	e.Uvarint(uint64(len(s.bounds)))
	return nil
}

func (s *sharedData) decodeHandle(d *codec.Decoder) (err error) {
	defer func() { s.discardAfter(err) }()
	if s.shared, err = decodeShared(d, markData, dataAt-sharedAt); err != nil {
		return err
	}
	if s.what, err = d.Text(); err != nil {
		return err
	}
	shape, err := d.Text()
	if err != nil {
		return err
	}
	n, err := d.Int()
	if err != nil {
		return err
	}
	size, ok := sizeOf(shape)
	if !ok {
		return errors.New("mp: decoding a value: its elements are of no type that can be shared")
	}
	room := s.region.Size() - dataAt
	if n < 0 || size > room || size > 0 && n > room/size || size == 0 && n > room {
		return errors.New("mp: decoding a value: the shared memory is too small for its elements")
	}
	s.attach(shape, size, n)
	return nil
}
