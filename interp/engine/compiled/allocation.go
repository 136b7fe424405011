package compiled

import (
	"math/bits"
	"reflect"

	"cuaderno/interp/rtype"
)

const (
	// countedAllocation is the size from which on an allocation is counted before
	// it is made, and countedMemory how much a goroutine may allocate so until the
	// heap is looked at. Smaller ones do not outrun the watch.
	countedAllocation = 4 << 10
	countedMemory     = 16 << 20
	// largeAllocation is the size from which on the heap is looked at each time, and
	// goroutines allocate one after the other: many at once have room for one each.
	largeAllocation = 1 << 20
	// maxAlloc is the runtime's: what is larger, it refuses with a panic.
	maxAlloc = 1 << 48
)

// allocate returns what alloc does, n values of the given size. It stops the cell
// instead if they are too much for the session's memory.
func (th *thread) allocate(e *Engine, size uintptr, n int, alloc func() pointer) pointer {
	bytes, ok := e.counted(size, n)
	if !ok || th.g == nil {
		return alloc()
	}
	if bytes < largeAllocation {
		if th.allocated += bytes; th.allocated < countedMemory {
			return alloc()
		}
	}
	th.allocated = 0
	p, cause := e.allocateLarge(bytes, alloc)
	if cause != nil {
		th.g.Cell.Stop(cause)
		th.stop()
	}
	return p
}

// allocateLarge returns what alloc does, or an error if it is too much.
func (e *Engine) allocateLarge(bytes uint64, alloc func() pointer) (pointer, error) {
	e.allocating.Lock()
	defer e.allocating.Unlock()
	if cause := e.overLimit(bytes); cause != nil {
		return nil, cause
	}
	return alloc(), nil
}

// large reports whether n values of the given size are to be counted. Where they are
// not, allocate is not needed.
func (e *Engine) large(size uintptr, n int) bool {
	return uint64(n) >= countedAllocation/max(uint64(size), 1) && e.options.MemoryLimit > 0
}

// counted returns the bytes of n values, unless the runtime refuses so many.
func (e *Engine) counted(size uintptr, n int) (bytes uint64, ok bool) {
	if !e.large(size, n) {
		return 0, false
	}
	high, bytes := bits.Mul64(uint64(n), uint64(size))
	return bytes, high == 0 && bytes <= maxAlloc
}

// newValue is rtype.New of a type whose values are to be counted.
func (th *thread) newValue(e *Engine, rt reflect.Type) pointer {
	if !e.large(rt.Size(), 1) {
		return rtype.New(rt)
	}
	return th.allocate(e, rt.Size(), 1, func() pointer { return rtype.New(rt) })
}

// makeSlice is rtype.MakeSlice for elements of the given size.
func (th *thread) makeSlice(e *Engine, elem reflect.Type, size uintptr, n, m int) pointer {
	if !e.large(size, m) {
		return rtype.MakeSlice(elem, n, m)
	}
	return th.allocate(e, size, m, func() pointer { return rtype.MakeSlice(elem, n, m) })
}

// makeMap is rtype.MakeMap for entries of the given size.
func (th *thread) makeMap(e *Engine, rt reflect.Type, size uintptr, hint int) pointer {
	if !e.large(size, hint) || uint64(hint) > maxAlloc {
		return rtype.MakeMap(rt, hint)
	}
	// The runtime has tables of a power of two of entries that are filled to 7/8, and
	// where it takes them for too large makes the map without the hint: it takes them
	// for eight times what they are (internal/runtime/maps, NewMap).
	entries := uint64(1) << bits.Len64(uint64(hint)+uint64(hint)/7)
	if high, bytes := bits.Mul64(entries, 8*uint64(size)); high > 0 || bytes > maxAlloc {
		return rtype.MakeMap(rt, hint)
	}
	return th.allocate(e, size, int(entries), func() pointer { return rtype.MakeMap(rt, hint) })
}

// entrySize returns how much an entry of a map takes: keys and elements of more than
// 128 bytes stand elsewhere, and are made when they are entered.
func entrySize(rt reflect.Type) uintptr {
	size := uintptr(1)
	for _, t := range []reflect.Type{rt.Key(), rt.Elem()} {
		if s := t.Size(); s <= 128 {
			size += s
		} else {
			size += 8
		}
	}
	return size
}

// room returns an error if the variables of a unit, of so many bytes, are too much for
// the session's memory. They are made when something first speaks of them, which may
// be no cell.
func (e *Engine) room(bytes uint64) error {
	if bytes < largeAllocation {
		return nil
	}
	return e.overLimit(bytes)
}
