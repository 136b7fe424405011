package compiled

import (
	"fmt"
	"reflect"
	"unsafe"
	"weak"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// A capture says where a captured variable is in the function object, and which
// register holds it during a call.
type capture struct {
	reg, off uintptr // off from the start of the function
	typ      reflect.Type
	k        class
}

// A closureType is the type of the objects that the func values of a function
// literal lead to.
type closureType struct {
	rt      reflect.Type
	t       *trampoline
	offsets []uintptr // of the captured variables, from the start of the function
}

// functionType returns the type of function objects with these captured
// variables, and where they stand.
func functionType(t *trampoline, captures []reflect.Type) (reflect.Type, []uintptr) {
	var fields []reflect.StructField
	add := func(t reflect.Type) {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", len(fields)), Type: t})
	}
	for _, f := range t.fields() {
		add(f)
	}
	first := len(fields) + 1
	add(reflect.TypeFor[function]())
	for _, c := range captures {
		add(c)
	}
	rt := reflect.StructOf(fields)
	offsets := make([]uintptr, len(captures))
	for i := range captures {
		offsets[i] = rt.Field(first+i).Offset - t.header
	}
	return rt, offsets
}

// closureType returns the type of fn's closures. The caller holds e.mu.
func (e *Engine) closureType(fn *ssa.Function) *closureType {
	if ct := e.closures[weak.Make(fn)]; ct != nil {
		return ct
	}
	captures := make([]reflect.Type, len(fn.FreeVars))
	for i, v := range fn.FreeVars {
		captures[i] = e.typ(v.Type())
	}
	ct := &closureType{t: trampolineOf(e.funcType(fn.Signature))}
	ct.rt, ct.offsets = functionType(ct.t, captures)
	e.closures[weak.Make(fn)] = ct
	return ct
}

// makeClosure compiles a function literal that captures variables.
func (c *compiler) makeClosure(m *ssa.MakeClosure) step {
	fn := m.Fn.(*ssa.Function)
	ct := c.e.closureType(fn)
	f := c.e.ssaFunc(fn)
	dst := c.register(m)
	moves := make([]func(fr *frame, obj pointer), len(m.Bindings))
	for i, b := range m.Bindings {
		moves[i] = c.moveOut(ct.offsets[i], b)
	}
	t, rt := ct.t, ct.rt
	if len(moves) == 1 {
		m0 := moves[0]
		return func(fr *frame) {
			obj := t.init(rtype.New(rt))
			obj.fn = f
			m0(fr, pointer(obj))
			*at[pointer](fr, dst) = t.value(obj)
		}
	}
	return func(fr *frame) {
		obj := t.init(rtype.New(rt))
		obj.fn = f
		for _, move := range moves {
			move(fr, pointer(obj))
		}
		*at[pointer](fr, dst) = t.value(obj)
	}
}

// restore copies the captured variables of fn to the registers of fr.
func (fr *frame) restore(fn *function) {
	for i := range fr.body.captures {
		c := &fr.body.captures[i]
		p := unsafe.Add(pointer(fn), c.off)
		if c.k == ptr {
			*at[pointer](fr, c.reg) = *(*pointer)(p)
		} else {
			typedMove(c.typ, fr.pointer(c.reg), p)
		}
	}
	fr.fn = fn
}
