package mpruntime

import (
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// This file names functions and types of a compiled program to another process
// of the same program, by where they lie in the program's image. That both have
// the same image is sure because a process starts its own, and checked by the
// greeting; a name holds an identifier beside the place, so that one that does
// not belong here is refused. It needs unsafe because package reflect can
// neither list the types of a program nor make a function value of a place.

// image is what a program's functions and types are found by. It implements
// codec.Symbols.
type image struct {
	load     sync.Once
	types    unsafe.Pointer   // the section of the types
	listed   map[uintptr]bool // offsets of the types that the runtime lists
	mappings []mapping        // of the program's file
	loadErr  error            // of the mappings
}

// mapping is a range of addresses.
type mapping struct{ start, end uintptr }

// anchor is a function value without captured variables, to which others are
// relative: an image may lie elsewhere in every process.
var anchor = func() {}

//go:linkname typelinks reflect.typelinks
func typelinks() (sections []unsafe.Pointer, offsets [][]int32)

// funcObject returns the object that a function value refers to: a code pointer
// and the captured variables.
func funcObject(f reflect.Value) unsafe.Pointer {
	holder := reflect.New(f.Type())
	holder.Elem().Set(f)
	return *(*unsafe.Pointer)(holder.UnsafePointer())
}

func (m *image) init() {
	m.load.Do(func() {
		sections, offsets := typelinks()
		m.types, m.listed = sections[0], make(map[uintptr]bool, len(offsets[0]))
		for _, off := range offsets[0] {
			m.listed[uintptr(off)] = true
		}
		m.mappings, m.loadErr = programMappings(uintptr(funcObject(reflect.ValueOf(anchor))))
	})
}

// holds reports whether an object of a size lies in the program's file.
func (m *image) holds(address, size uintptr) bool {
	for _, r := range m.mappings {
		if r.start <= address && address <= r.end-size {
			return true
		}
	}
	return false
}

// typeAt returns the listed type at an offset, nil if there is none.
func (m *image) typeAt(offset uintptr) reflect.Type {
	if !m.listed[offset] {
		return nil
	}
	// An interface value is a type and a pointer; TypeOf looks only at the type.
	words := [2]unsafe.Pointer{unsafe.Add(m.types, offset)}
	return reflect.TypeOf(*(*any)(unsafe.Pointer(&words)))
}

// offset is the reverse of typeAt; ok is false for types that were made at run
// time.
func (m *image) offset(t reflect.Type) (offset uintptr, ok bool) {
	var dynamic any = t // *reflect.rtype, which begins with what the section holds
	offset = uintptr((*[2]unsafe.Pointer)(unsafe.Pointer(&dynamic))[1]) - uintptr(m.types)
	return offset, m.listed[offset]
}

// located writes a name.
func located(identifier string, offset uintptr) string {
	return identifier + "@" + strconv.FormatUint(uint64(offset), 16)
}

// unlocated reads a name.
func unlocated(name string) (identifier string, offset uintptr, ok bool) {
	at := strings.LastIndexByte(name, '@')
	if at < 0 {
		return "", 0, false
	}
	n, err := strconv.ParseUint(name[at+1:], 16, strconv.IntSize)
	return name[:at], uintptr(n), err == nil
}

// TypeName implements codec.Symbols for the types that the program declares. The
// runtime lists only types without a name, but a pointer to each that has one.
func (m *image) TypeName(t reflect.Type) (name string, ok bool) {
	if t.PkgPath() == "" {
		return "", false
	}
	m.init()
	offset, ok := m.offset(reflect.PointerTo(t))
	return located(t.String(), offset), ok
}

// TypeNamed implements codec.Symbols.
func (m *image) TypeNamed(name string) reflect.Type {
	identifier, offset, ok := unlocated(name)
	if !ok {
		return nil
	}
	m.init()
	p := m.typeAt(offset)
	if p == nil || p.Kind() != reflect.Pointer || p.Elem().String() != identifier {
		return nil
	}
	return p.Elem()
}

var errNoFunction = errors.New("this program has no such function")

// FunctionName implements codec.Symbols for functions that have captured
// nothing: these are objects of the program's file. A name is that of the code,
// the type and the place.
func (m *image) FunctionName(f reflect.Value) (name string, captures []reflect.Value, err error) {
	m.init()
	if m.loadErr != nil {
		return "", nil, m.loadErr
	}
	identifier, object := codeName(f.Pointer()), funcObject(f)
	if !m.holds(uintptr(object), unsafe.Sizeof(object)) || identifier == "" {
		return "", nil, errorf("%s has captured variables: pass them as arguments, or give a value with Run()", f.Type())
	}
	typ, ok := m.funcTypeName(f.Type())
	if !ok {
		return "", nil, errorf("the type %s was made at run time", f.Type())
	}
	return located(identifier+"@"+typ, uintptr(object)-uintptr(funcObject(reflect.ValueOf(anchor)))), nil, nil
}

// funcTypeName is TypeName for types of functions, which may have no name.
func (m *image) funcTypeName(t reflect.Type) (string, bool) {
	if t.PkgPath() != "" {
		return m.TypeName(t)
	}
	offset, ok := m.offset(t)
	return located("", offset), ok
}

// codeName returns the name of the function that begins at a program counter,
// "" if none does.
func codeName(pc uintptr) string {
	if f := runtime.FuncForPC(pc); f != nil && f.Entry() == pc {
		return f.Name()
	}
	return ""
}

// Captures implements codec.Symbols.
func (m *image) Captures(string) ([]reflect.Type, error) { return nil, nil }

// FunctionNamed implements codec.Symbols.
func (m *image) FunctionNamed(name string, _ []reflect.Value) (reflect.Value, error) {
	m.init()
	if m.loadErr != nil {
		return reflect.Value{}, m.loadErr
	}
	rest, offset, ok := unlocated(name)
	if !ok {
		return reflect.Value{}, errNoFunction
	}
	named, typeOffset, ok := unlocated(rest)
	if !ok {
		return reflect.Value{}, errNoFunction
	}
	identifier, typeName, ok := cutLast(named, '@')
	if !ok {
		return reflect.Value{}, errNoFunction
	}
	t := m.typeAt(typeOffset)
	if typeName != "" {
		t = m.TypeNamed(located(typeName, typeOffset))
	}
	object := unsafe.Add(funcObject(reflect.ValueOf(anchor)), offset)
	if t == nil || t.Kind() != reflect.Func || uintptr(object)%unsafe.Alignof(object) != 0 || !m.holds(uintptr(object), unsafe.Sizeof(object)) {
		return reflect.Value{}, errNoFunction
	}
	if codeName(*(*uintptr)(object)) != identifier {
		return reflect.Value{}, errNoFunction
	}
	f := reflect.New(t)
	*(*unsafe.Pointer)(f.UnsafePointer()) = object
	return f.Elem(), nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
