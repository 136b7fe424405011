package codec

import (
	"encoding/binary"
	"reflect"
	"sync/atomic"
	"unsafe"
)

// This file reaches memory that package reflect alone does not give access to:
// the unexported fields of the types of a Domain's own packages, those that a
// notebook declares for one, which travel with their values and which reflect lets
// be read and set only through their address; and slices of numbers as the block
// of bytes that they are.

// address is what a pointer, map, slice or func refers to. It keeps that alive.
type address = unsafe.Pointer

// littleEndian reports whether numbers lie in memory as they do in messages.
var littleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// reaches reports whether a field travels.
func (d *Domain) reaches(f reflect.StructField) bool {
	return f.PkgPath == "" || d.Own != nil && d.Own(f.PkgPath)
}

// addressable returns v, or a copy of it whose fields can be reached.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	return c
}

// field returns a field of v free of the restrictions on unexported ones. v is
// addressable if there is one.
func field(v reflect.Value, f *planField) reflect.Value {
	if !f.hidden {
		return v.Field(f.index)
	}
	return reflect.NewAt(f.typ, unsafe.Pointer(v.Field(f.index).UnsafeAddr())).Elem()
}

// closure returns what a func refers to: its code and captured variables.
func closure(v reflect.Value) address {
	f := v.Interface()
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&f))[1]
}

// memory returns the bytes of the elements of a slice, or of an addressable array,
// that has n of them.
func memory(v reflect.Value, n, size int) []byte {
	p := v
	if v.Kind() == reflect.Array {
		p = v.Addr()
	}
	return unsafe.Slice((*byte)(p.UnsafePointer()), n*size)
}

// words returns a copy of the bytes that a pointer leads to, read word by word as
// package sync/atomic does: another goroutine may write them so.
func words(p reflect.Value, size int) []byte {
	data := make([]byte, 0, size)
	for at := 0; at+4 <= size; at += 4 {
		data = binary.NativeEndian.AppendUint32(data, atomic.LoadUint32((*uint32)(unsafe.Add(p.UnsafePointer(), at))))
	}
	return append(data, memory(p, 1, size)[len(data):]...)
}

// setMemory makes v, a settable slice, one of n elements without pointers, whose
// memory data is from now on. It is memory that was allocated for it and so is
// aligned.
func setMemory(v reflect.Value, data []byte, n int) {
	type header struct {
		data     unsafe.Pointer
		len, cap int
	}
	*(*header)(v.Addr().UnsafePointer()) = header{unsafe.Pointer(unsafe.SliceData(data)), n, n}
}

// isAligned reports whether variables with an alignment may begin where data does.
func isAligned(data []byte, align int) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(data)))%uintptr(align) == 0
}

// texts returns a slice of any type of strings as one of strings.
func texts(v reflect.Value) []string {
	return unsafe.Slice((*string)(v.UnsafePointer()), v.Len())
}
