package compiled

import (
	"reflect"
	"sync"
	"unsafe"
)

// A trampoline makes functions of the notebook callable by compiled code, as
// values of one func type. For many signatures the function object is itself a
// Go closure object, of a closure with self as its only captured variable
// (trampoline_gen.go). For the others it follows a header that makes the whole
// an object of reflect.MakeFunc (trampoline_reflect.go).
//
// A trampoline is immutable. Method slots of types have one as well: their
// func type has the receiver, a pointer or unsafe.Pointer, as first parameter.
type trampoline struct {
	typ reflect.Type
	// header is how many bytes of an object precede its function.
	header uintptr
	// pc is the first word of what func values of the notebook point to, and
	// code that of the function part, the same if there is no header.
	pc, code uintptr
	template reflectHeader
}

// trampolines are those made so far, by func type: they depend on nothing else.
var trampolines sync.Map

// trampolineOf returns the trampoline of a func type. It is safe for
// concurrent use.
func trampolineOf(typ reflect.Type) *trampoline {
	if t, ok := trampolines.Load(typ); ok {
		return t.(*trampoline)
	}
	t, _ := trampolines.LoadOrStore(typ, newTrampoline(typ))
	return t.(*trampoline)
}

func newTrampoline(typ reflect.Type) *trampoline {
	if s, ok := trampolineShape(typ); ok {
		if f := closureOf(s, nil); f != nil {
			return &trampoline{typ: typ, pc: f.pc, code: f.pc}
		}
	}
	return newReflectTrampoline(typ)
}

// trampolineShape spells parameters and results of functions whose words stand
// in a frame as the fields of a struct do, where a typed trampoline has them.
func trampolineShape(typ reflect.Type) (string, bool) {
	l := newLayout(typ, headerSize)
	params, ok := words(l.params)
	if !ok {
		return "", false
	}
	results, ok := words(l.results)
	if !ok {
		return "", false
	}
	end, ok := packed(params, headerSize)
	if !ok {
		return "", false
	}
	// A trampoline may put its parameters where its caller reserved memory for
	// them: no more than the real types need.
	if align(end, 8)-headerSize > spill(l.params) {
		return "", false
	}
	if _, ok := packed(results, end); !ok {
		return "", false
	}
	return shape(params) + "," + shape(results), true
}

// A closure is what closureOf needs to see of a closure's object.
type closure struct {
	pc   uintptr
	self *function
}

// fields are the types of an object's words before its function: the object's
// memory must have them, for the collector.
func (t *trampoline) fields() []reflect.Type {
	if t.header == 0 {
		return nil
	}
	return []reflect.Type{reflect.TypeFor[reflectHeader]()}
}

// init makes an object callable. obj is fresh memory of its type: the header,
// a function, whose fn is the caller's to set, and captured variables.
func (t *trampoline) init(obj unsafe.Pointer) *function {
	f := (*function)(unsafe.Add(obj, t.header))
	f.pc = t.code
	f.self = f
	if t.header > 0 {
		h := (*reflectHeader)(obj)
		*h = t.template
		h.fn = unsafe.Pointer(f)
	}
	return f
}

// value returns what stands in a func variable that holds f.
func (t *trampoline) value(f *function) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(f), -int(t.header))
}

// function returns the function of the notebook that a func value of t.typ
// leads to, nil if it is one of compiled code. fv is not nil.
func (t *trampoline) function(fv unsafe.Pointer) *function {
	if *(*uintptr)(fv) != t.pc {
		return nil
	}
	if t.header == 0 {
		return (*function)(fv)
	}
	return t.reflected(fv)
}
