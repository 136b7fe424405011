package compiled

import (
	"errors"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"cuaderno/interp/rtype"
)

// A reflectHeader is what reflect.MakeFunc returns a pointer to, makeFuncImpl
// in reflect/makefunc.go. Its first word is reflect's assembly stub, which
// finds the rest by the pointer that it is called through; the runtime reads
// stack and argLen when it scans the stub's frame. Ours differ from those that
// MakeFunc made for the same type in fn alone: it points to the function that
// follows the header, a closure object as well.
type reflectHeader struct {
	code    uintptr
	stack   unsafe.Pointer // *reflect.bitVector
	argLen  uintptr
	regPtrs [8]uint8       // reflect has as many as needed and padding
	typ     unsafe.Pointer // *abi.FuncType
	fn      unsafe.Pointer // func([]reflect.Value) []reflect.Value
}

func newReflectTrampoline(typ reflect.Type) *trampoline {
	handler := reflectHandler(nil)
	made := reflect.MakeFunc(typ, handler)
	h := *(*reflectHeader)(objectOf(made))
	return &trampoline{
		typ:      typ,
		header:   unsafe.Sizeof(h),
		pc:       h.code,
		code:     (*closure)(h.fn).pc,
		template: h,
	}
}

// reflected is function for an fv whose code is reflect's stub.
func (t *trampoline) reflected(fv unsafe.Pointer) *function {
	// An object of MakeFunc may end where ours goes on, and have a closure next
	// to it: so the code of fn decides.
	h := (*reflectHeader)(fv)
	if uintptr(h.fn) != uintptr(fv)+unsafe.Sizeof(*h) || *(*uintptr)(h.fn) != t.code {
		return nil
	}
	return (*function)(h.fn)
}

// reflectHandler is the code of functions behind a header. It has self as its
// only captured variable.
func reflectHandler(self *function) func([]reflect.Value) []reflect.Value {
	return func(args []reflect.Value) []reflect.Value {
		h := (*reflectHeader)(unsafe.Add(unsafe.Pointer(self), -int(unsafe.Sizeof(reflectHeader{}))))
		typ := typeAt(h.typ)
		fr := self.enter()
		end := headerSize
		for _, arg := range args {
			t := arg.Type()
			end = align(end, uintptr(t.Align()))
			reflect.NewAt(t, fr.pointer(end)).Elem().Set(arg)
			end += t.Size()
		}
		fr.run()
		results := make([]reflect.Value, typ.NumOut())
		for i := range results {
			t := typ.Out(i)
			end = align(end, uintptr(t.Align()))
			results[i] = reflect.New(t).Elem()
			results[i].Set(reflect.NewAt(t, fr.pointer(end)).Elem())
			end += t.Size()
		}
		fr.leave()
		return results
	}
}

// objectOf returns the closure object that a func value points to.
func objectOf(f reflect.Value) unsafe.Pointer {
	v := reflect.New(f.Type())
	v.Elem().Set(f)
	return *(*unsafe.Pointer)(v.UnsafePointer())
}

// typeAt returns the type with the given type word.
func typeAt(typ unsafe.Pointer) reflect.Type {
	return reflect.TypeOf(*(*any)(unsafe.Pointer(&iface{tab: typ})))
}

// isBridge reports whether code, the first word of what a func value points to, is
// that of functions which only call others: those of reflect.MakeFunc, of
// reflect's method values, and of method tables.
func isBridge(code uintptr) bool {
	made := reflect.MakeFunc(reflect.TypeFor[func()](), func([]reflect.Value) []reflect.Value { return nil })
	method := reflect.ValueOf(time.Duration(0)).MethodByName("String")
	return code == *(*uintptr)(objectOf(made)) || code == *(*uintptr)(objectOf(method)) || rtype.IsSlot(code)
}

// checkTrampolines reports whether closures and the func values that
// reflect.MakeFunc makes are laid out as this package takes them to be.
func checkTrampolines() error {
	probe := &function{}
	for _, s := range []string{",", "P,", "PWP,WP"} {
		if f := closureOf(s, probe); f == nil || f.pc == 0 || f.self != probe {
			return errors.New("closures of this Go release are laid out in an unknown way; build with the release that go.mod names")
		}
	}
	if err := checkReflectHeader(); err != nil {
		return fmt.Errorf("func values of package reflect are laid out in an unknown way, build with the Go release that go.mod names: %w", err)
	}
	return nil
}

func checkReflectHeader() error {
	typ := reflect.TypeFor[func([2]int, string) (string, [2]int)]()
	called := false
	handler := func(args []reflect.Value) []reflect.Value {
		called = true
		return []reflect.Value{args[1], args[0]}
	}
	made := reflect.MakeFunc(typ, handler)
	h := (*reflectHeader)(objectOf(made))
	switch {
	case h.typ == nil || *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&typ), unsafe.Sizeof(uintptr(0)))) != h.typ:
		return errors.New("the type is elsewhere")
	case h.fn != *(*unsafe.Pointer)(unsafe.Pointer(&handler)):
		return errors.New("the function is elsewhere")
	}
	copied := *h
	object := unsafe.Pointer(&copied)
	f := *(*func([2]int, string) (string, [2]int))(unsafe.Pointer(&object))
	if s, a := f([2]int{1, 2}, "x"); !called || s != "x" || a != [2]int{1, 2} {
		return errors.New("a copy is not called like the original")
	}
	return nil
}
