package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// An Array is a row of a fixed number of variables that processes share (CPython:
// multiprocessing.Array), of the types and with the lock of a [Value]. At and Set
// do not take the lock; Slice and Copy do. An index out of range panics as that of
// a slice does.
type Array[T any] struct{ data *sharedData }

// NewArray makes an array of n elements, all zero.
func NewArray[T any](n int) *Array[T] {
	return &Array[T]{newSharedData("array", reflect.TypeFor[T](), n)}
}

// NewArrayOf makes an array of the elements given. A text as bytes is
// mp.NewArrayOf([]byte("abc")...).
func NewArrayOf[T any](xs ...T) *Array[T] {
	a := NewArray[T](len(xs))
	if a.data.problem() == nil {
		a.data.copyIn(xs)
	}
	return a
}

// Err returns why the array could not be made, nil if it was.
func (a *Array[T]) Err() error { return a.data.problem() }

// Len returns the number of elements.
func (a *Array[T]) Len() int { return a.data.length() }

// At returns element i.
func (a *Array[T]) At(i int) T {
	var x T
	a.data.load(i, &x)
	return x
}

// Set changes element i.
func (a *Array[T]) Set(i int, x T) { a.data.store(i, &x) }

// Add adds delta to element i, with the lock, and returns the sum.
func (a *Array[T]) Add(i int, delta T) T {
	a.data.add(i, &delta)
	return delta
}

// Update sets element i to f of it, with the lock, and returns what it has become.
func (a *Array[T]) Update(i int, f func(T) T) T {
	var x T
	if !a.data.begin() {
		return x
	}
	defer a.data.end()
	a.data.load(i, &x)
	x = f(x)
	a.data.store(i, &x)
	return x
}

// Slice returns a copy of all elements (CPython: a[:]).
func (a *Array[T]) Slice() []T {
	xs := make([]T, a.data.length())
	a.data.copyOut(xs)
	return xs
}

// Copy changes the first elements to those of xs, as far as there are elements,
// and returns how many it has changed (CPython: a[:] = xs).
func (a *Array[T]) Copy(xs []T) int { return a.data.copyIn(xs) }

// Lock takes the lock of the array; see [Lock.Lock].
func (a *Array[T]) Lock() error { return a.data.lockAll() }

// LockContext is Lock that also returns, with the context's cause, when ctx ends.
func (a *Array[T]) LockContext(ctx context.Context) error { return a.data.lockAllContext(ctx) }

// LockTimeout is Lock that gives up after d; see [Lock.LockTimeout].
func (a *Array[T]) LockTimeout(d time.Duration) error { return a.data.lockAllTimeout(d) }

// TryLock takes the lock if that is possible without waiting.
func (a *Array[T]) TryLock() bool { return a.data.tryLockAll() }

// Unlock undoes one Lock; see [RLock.Unlock].
func (a *Array[T]) Unlock() error { return a.data.unlockAll() }

// String shows the elements.
func (a *Array[T]) String() string {
	if err := a.Err(); err != nil {
		return fmt.Sprintf("<Array failed: %v>", err)
	}
	xs := make([]T, a.Len())
	for i := range xs {
		xs[i] = a.At(i) // without the lock, which somebody may have
	}
	return fmt.Sprintf("<Array %v>", xs)
}

// A RawArray is an [Array] without a lock (CPython: RawArray).
type RawArray[T any] struct{ data *sharedData }

// NewRawArray makes an array of n elements, all zero, without a lock.
func NewRawArray[T any](n int) *RawArray[T] {
	return &RawArray[T]{newSharedData("array", reflect.TypeFor[T](), n)}
}

// NewRawArrayOf makes an array of the elements given, without a lock.
func NewRawArrayOf[T any](xs ...T) *RawArray[T] {
	a := NewRawArray[T](len(xs))
	if a.data.problem() == nil {
		a.data.copyIn(xs)
	}
	return a
}

// Err returns why the array could not be made, nil if it was.
func (a *RawArray[T]) Err() error { return a.data.problem() }

// Len returns the number of elements.
func (a *RawArray[T]) Len() int { return a.data.length() }

// At returns element i.
func (a *RawArray[T]) At(i int) T {
	var x T
	a.data.load(i, &x)
	return x
}

// Set changes element i.
func (a *RawArray[T]) Set(i int, x T) { a.data.store(i, &x) }

// Raw returns the shared memory itself, as this process sees it, mapped as long as
// the process lives; nil if the making failed. Pass the array to other processes and
// call Raw there: of a slice that is passed or captured they get a copy.
func (a *RawArray[T]) Raw() []T { return a.data.raw([]T(nil)).([]T) }

// String shows the elements.
func (a *RawArray[T]) String() string {
	if err := a.Err(); err != nil {
		return fmt.Sprintf("<RawArray failed: %v>", err)
	}
	return fmt.Sprintf("<RawArray %v>", a.Raw())
}
