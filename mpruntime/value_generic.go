package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"time"
)

// A Value is a variable that processes share (CPython: multiprocessing.Value): a
// number, a bool, or an array or a struct of such. It has a lock, which its owner,
// a goroutine of a process, may take again; see [RLock].
//
// Get and Set do not take the lock (CPython's do): v.Set(v.Get() + 1) loses updates
// of others in either language, and Lock, Add or Update is the cure. A struct or
// array that another process sets at the same time may be read half old and half
// new, other types not.
type Value[T any] struct{ data *sharedData }

// NewValue makes a shared variable with a first value, which also says its type.
func NewValue[T any](first T) *Value[T] {
	v := &Value[T]{newSharedData("value", reflect.TypeFor[T](), 1)}
	if v.data.problem() == nil {
		v.data.store(0, &first)
	}
	return v
}

// Err returns why the value could not be made, nil if it was.
func (v *Value[T]) Err() error { return v.data.problem() }

// Get returns the present value.
func (v *Value[T]) Get() T {
	var x T
	v.data.load(0, &x)
	return x
}

// Set changes the value.
func (v *Value[T]) Set(x T) { v.data.store(0, &x) }

// Add adds delta, with the lock, and returns the sum.
func (v *Value[T]) Add(delta T) T {
	v.data.add(0, &delta)
	return delta
}

// Update sets the value to f of it, with the lock, and returns what it has become.
func (v *Value[T]) Update(f func(T) T) T {
	var x T
	if !v.data.begin() {
		return x
	}
	defer v.data.end()
	v.data.load(0, &x)
	x = f(x)
	v.data.store(0, &x)
	return x
}

// Lock takes the lock of the value; see [Lock.Lock].
func (v *Value[T]) Lock() error { return v.data.lockAll() }

// LockContext is Lock that also returns, with the context's cause, when ctx ends.
func (v *Value[T]) LockContext(ctx context.Context) error { return v.data.lockAllContext(ctx) }

// LockTimeout is Lock that gives up after d; see [Lock.LockTimeout].
func (v *Value[T]) LockTimeout(d time.Duration) error { return v.data.lockAllTimeout(d) }

// TryLock takes the lock if that is possible without waiting.
func (v *Value[T]) TryLock() bool { return v.data.tryLockAll() }

// Unlock undoes one Lock; see [RLock.Unlock].
func (v *Value[T]) Unlock() error { return v.data.unlockAll() }

// String shows the value.
func (v *Value[T]) String() string {
	if err := v.Err(); err != nil {
		return fmt.Sprintf("<Value failed: %v>", err)
	}
	return fmt.Sprintf("<Value %v>", v.Get())
}

// A RawValue is a [Value] without a lock (CPython: RawValue).
type RawValue[T any] struct{ data *sharedData }

// NewRawValue makes a shared variable without a lock.
func NewRawValue[T any](first T) *RawValue[T] {
	v := &RawValue[T]{newSharedData("value", reflect.TypeFor[T](), 1)}
	if v.data.problem() == nil {
		v.data.store(0, &first)
	}
	return v
}

// Err returns why the value could not be made, nil if it was.
func (v *RawValue[T]) Err() error { return v.data.problem() }

// Get returns the present value.
func (v *RawValue[T]) Get() T {
	var x T
	v.data.load(0, &x)
	return x
}

// Set changes the value.
func (v *RawValue[T]) Set(x T) { v.data.store(0, &x) }

// Raw returns the variable itself, as this process sees it, mapped as long as the
// process lives; nil if the making failed. Pass the value to other processes and
// call Raw there: a pointer that is passed or captured points to a copy.
func (v *RawValue[T]) Raw() *T { return v.data.raw((*T)(nil)).(*T) }

// String shows the value.
func (v *RawValue[T]) String() string {
	if err := v.Err(); err != nil {
		return fmt.Sprintf("<RawValue failed: %v>", err)
	}
	return fmt.Sprintf("<RawValue %v>", v.Get())
}
