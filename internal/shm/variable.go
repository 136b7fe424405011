package shm

import (
	"sync/atomic"
	"unsafe"
)

// A Variable is what programs use most often of a number or bool that processes
// share. Whoever runs code may use it in place of the calls that do the same and
// more. Its zero value does nothing, and so does a nil one.
type Variable struct {
	lock atomic.Pointer[Reentrant]
	at   unsafe.Pointer
}

// SetLock publishes the lock.
func (v *Variable) SetLock(lock *Reentrant) { v.lock.Store(lock) }

// SetAddress publishes where the number is, in the Region of the lock, to which the
// Variable belongs. It has 1, 2, 4 or 8 bytes and is aligned.
func (v *Variable) SetAddress(at unsafe.Pointer) { atomic.StorePointer(&v.at, at) }

// Address returns where the number is, nil if that is not known. It is valid while
// the Variable is reachable.
func (v *Variable) Address() unsafe.Pointer {
	if v == nil {
		return nil
	}
	return atomic.LoadPointer(&v.at)
}

// Take is [Reentrant.TakeAs].
func (v *Variable) Take(id uint64) bool {
	if v == nil {
		return false
	}
	lock := v.lock.Load()
	return lock != nil && lock.TakeAs(id)
}

// Release is [Reentrant.Unlock].
func (v *Variable) Release() bool {
	if v == nil {
		return false
	}
	lock := v.lock.Load()
	return lock != nil && lock.Unlock()
}
