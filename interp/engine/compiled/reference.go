package compiled

import (
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// This file names functions, variables and types so that the engine of another
// process, which has loaded the same units, finds its own.

// A Reference leads to a function: the unit whose body it has, and its number
// among that unit's.
type Reference struct{ Unit, Number int }

// A Variable is a session variable: the unit that declared it, and its name.
type Variable struct {
	Unit int
	Name string
}

// A Function is a func value of the notebook.
type Function struct {
	Reference
	// Name is how messages call it.
	Name string
	// Literal says that it has no name of its own.
	Literal bool
	// Type is its type, and Captures are the variables that it has captured, by
	// reference where they are pointers.
	Type     reflect.Type
	Captures []reflect.Value
	// Captured are the names of those variables.
	Captured []string

	ssa *ssa.Function
}

// errNotOurs is the error for a function that a compiled package declares.
var errNotOurs = errors.New("it is a function of a compiled package, not of the notebook: wrap it in a func literal")

// Function describes a func value.
func (e *Engine) Function(fv reflect.Value) (Function, error) {
	if fv.Kind() != reflect.Func || fv.IsNil() {
		return Function{}, errors.New("it is not a function")
	}
	fn := trampolineOf(fv.Type()).function(objectOf(fv))
	if fn == nil {
		return Function{}, errNotOurs
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	f := fn.fn
	if f.source == nil && f.resolve != nil {
		f.source = f.resolve()
	}
	d := Function{Name: f.name, Type: fv.Type(), ssa: f.source, Literal: f.source.Parent() != nil}
	if strings.HasPrefix(f.source.Synthetic, "bound") {
		d.Name = funcName(f.source.Object().(*types.Func))
	}
	var err error
	if d.Reference, err = e.referTo(f.source); err != nil {
		return Function{}, err
	}
	if len(f.source.FreeVars) > 0 {
		ct := e.closureType(f.source)
		for i, v := range f.source.FreeVars {
			at := reflect.NewAt(e.typ(v.Type()), unsafe.Add(pointer(fn), ct.offsets[i])).Elem()
			d.Captures = append(d.Captures, at)
			d.Captured = append(d.Captured, v.Name())
		}
	}
	return d, nil
}

// referTo finds the unit that fn belongs to.
func (e *Engine) referTo(fn *ssa.Function) (Reference, error) {
	for i := len(e.units) - 1; i >= 0; i-- {
		if n := slices.Index(e.units[i].all(), fn); n >= 0 {
			return Reference{e.units[i].serial, n}, nil
		}
	}
	return Reference{}, fmt.Errorf("%s belongs to no cell that can be named to another process", fn.Name())
}

// Find returns the function of a Reference of another process, with these
// captured variables.
func (e *Engine) Find(ref Reference, captures []reflect.Value) (reflect.Value, error) {
	fn, err := e.find(ref)
	if err != nil {
		return reflect.Value{}, err
	}
	f := e.declaredAs(fn)
	t := trampolineOf(f.layout.typ)
	var fv pointer
	if len(fn.FreeVars) == 0 {
		fv = f.funcValue()
	} else {
		e.mu.Lock()
		ct := e.closureType(fn)
		e.mu.Unlock()
		if len(captures) != len(ct.offsets) {
			return reflect.Value{}, fmt.Errorf("%d captured variables for %s, which has %d", len(captures), f.name, len(ct.offsets))
		}
		obj := t.init(rtype.New(ct.rt))
		obj.fn = f
		for i, c := range captures {
			reflect.NewAt(c.Type(), unsafe.Add(pointer(obj), ct.offsets[i])).Elem().Set(c)
		}
		fv = t.value(obj)
	}
	v := reflect.New(f.layout.typ)
	*(*pointer)(v.UnsafePointer()) = fv
	return v.Elem(), nil
}

// Captures returns the types of the variables that a function has captured.
func (e *Engine) Captures(ref Reference) ([]reflect.Type, error) {
	fn, err := e.find(ref)
	if err != nil {
		return nil, err
	}
	list := make([]reflect.Type, len(fn.FreeVars))
	for i, v := range fn.FreeVars {
		list[i] = e.typ(v.Type())
	}
	return list, nil
}

func (e *Engine) find(ref Reference) (*ssa.Function, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.unit(ref.Unit)
	if n == nil || ref.Number < 0 || ref.Number >= len(n.all()) {
		return nil, errors.New("the function is not declared here")
	}
	return n.all()[ref.Number], nil
}

// declaredAs returns what callers know of a function that has SSA: the declared
// function that it is the body of, or itself.
func (e *Engine) declaredAs(fn *ssa.Function) *Func {
	e.tables.Lock()
	obj := e.bodyOfObject[fn]
	e.tables.Unlock()
	if obj != nil {
		return e.sessionFunc(obj)
	}
	return e.ssaFunc(fn)
}

func (e *Engine) unit(serial int) *unit {
	i, ok := slices.BinarySearchFunc(e.units, serial, func(n *unit, serial int) int { return n.serial - serial })
	if !ok {
		return nil
	}
	return e.units[i]
}

// Variable returns a session variable, settable.
func (e *Engine) Variable(v Variable) (reflect.Value, error) {
	e.mu.Lock()
	n := e.unit(v.Unit)
	e.mu.Unlock()
	if n != nil {
		if obj, ok := n.objects[v.Name].(*types.Var); ok {
			rt := e.typ(obj.Type())
			return reflect.NewAt(rt, e.variable(obj)).Elem(), nil
		}
	}
	return reflect.Value{}, fmt.Errorf("global variable %s is not declared here", v.Name)
}

// SessionVariable returns the variable that obj is, settable.
func (e *Engine) SessionVariable(obj *types.Var) reflect.Value {
	return reflect.NewAt(e.typ(obj.Type()), e.variable(obj)).Elem()
}

// TypeName returns a name for a named type that a cell declares, under which
// TypeNamed of another process finds it. ok is false for other types.
func (e *Engine) TypeName(rt reflect.Type) (name string, ok bool) {
	if rt.Name() == "" {
		return "", false
	}
	named, isNamed := e.types.TypeOf(rt).(*types.Named)
	if !isNamed || named.TypeArgs().Len() > 0 {
		return "", false
	}
	e.tables.Lock()
	defer e.tables.Unlock()
	n := e.typeUnits[named.Obj()]
	if n == nil {
		return "", false
	}
	return fmt.Sprintf("%s#%d.%d", rt, n.serial, slices.Index(n.types, named.Obj())), true
}

// TypeNamed is the reverse of TypeName; nil where there is no such type.
func (e *Engine) TypeNamed(name string) reflect.Type {
	_, where, ok := strings.Cut(name, "#")
	serial, index, ok2 := strings.Cut(where, ".")
	u, err := strconv.Atoi(serial)
	i, err2 := strconv.Atoi(index)
	if !ok || !ok2 || err != nil || err2 != nil {
		return nil
	}
	e.mu.Lock()
	n := e.unit(u)
	e.mu.Unlock()
	if n == nil || i < 0 || i >= len(n.types) {
		return nil
	}
	return e.typ(n.types[i].Type())
}
