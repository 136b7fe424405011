package compiled

import (
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unsafe"
	"weak"

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

// A Function is a func value: of the notebook, or one that a compiled package
// declares.
type Function struct {
	Reference
	// Package is the import path of the compiled package, "" for the notebook's.
	Package string
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

// errNotOurs is the error for a function that a compiled package has made.
var errNotOurs = errors.New("a compiled package has made this function: wrap it in a func literal")

// Function describes a func value.
func (e *Engine) Function(fv reflect.Value) (Function, error) {
	if fv.Kind() != reflect.Func || fv.IsNil() {
		return Function{}, errors.New("it is not a function")
	}
	fn := trampolineOf(fv.Type()).function(objectOf(fv))
	if fn == nil {
		path, name := e.hostName(fv)
		if path == "" {
			return Function{}, errNotOurs
		}
		return Function{Name: path + "." + name, Package: path, Type: fv.Type()}, nil
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
	key := weak.Make(fn)
	if ref, ok := e.references[key]; ok {
		return ref, nil
	}
	refer := func(n *unit) (ref Reference, ok bool) {
		ref = Reference{n.serial, slices.Index(n.all(e.builder), fn)}
		if ref.Number >= 0 {
			e.references[key] = ref
		}
		return ref, ref.Number >= 0
	}
	var pkg weak.Pointer[ssa.Package]
	if of := packageOf(fn); of != nil {
		pkg = weak.Make(of)
	}
	for _, n := range slices.Backward(e.units) {
		if n.key == pkg {
			if ref, ok := refer(n); ok {
				return ref, nil
			}
		}
	}
	for _, n := range slices.Backward(e.units) {
		if n.pkg != nil {
			if ref, ok := refer(n); ok {
				return ref, nil
			}
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
	if n == nil || ref.Number < 0 || ref.Number >= len(n.all(e.builder)) {
		return nil, errors.New("the function is not declared here")
	}
	return n.all(e.builder)[ref.Number], nil
}

// declaredAs returns what callers know of a function that has SSA: the declared
// function that it is the body of, or itself.
func (e *Engine) declaredAs(fn *ssa.Function) *Func {
	e.tables.Lock()
	obj := e.bodyOfObject[weak.Make(fn)]
	e.tables.Unlock()
	if obj != nil {
		return e.sessionFunc(obj)
	}
	return e.ssaFunc(fn)
}

func (e *Engine) unit(serial int) *unit {
	i, ok := slices.BinarySearchFunc(e.units, serial, bySerial)
	if !ok {
		return nil
	}
	return e.units[i]
}

func bySerial(n *unit, serial int) int { return n.serial - serial }

// Loaded reports whether the unit with a number was loaded and is kept.
func (e *Engine) Loaded(serial int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.unit(serial) != nil
}

// Loads returns how many units were loaded so far. What functions can reach
// changes with it.
func (e *Engine) Loads() uint64 { return e.loads.Load() }

// DeclaredIn returns the number of the unit that first declared an object at the
// top level of a cell, or a method; 0 if it is none.
func (e *Engine) DeclaredIn(obj types.Object) int { return e.declaredIn(obj) }

// Declaration returns what a unit first declared under a name, nil if nothing.
func (e *Engine) Declaration(serial int, name string) types.Object {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := e.unit(serial); n != nil {
		return n.objects[name]
	}
	return nil
}

// Needs returns the numbers of the units that must be loaded before this one.
func (p *Program) Needs() []int { return p.unit.needs }

// Adopt makes what p, a pointer, leads to a session variable, unless something here
// has used that variable already.
func (e *Engine) Adopt(v Variable, p reflect.Value) error {
	obj, err := e.variableObject(v)
	if err != nil {
		return err
	}
	e.knownGlobal(obj, func() pointer { return p.UnsafePointer() })
	return nil
}

// VariableType returns the type of a session variable.
func (e *Engine) VariableType(v Variable) (reflect.Type, error) {
	obj, err := e.variableObject(v)
	if err != nil {
		return nil, err
	}
	return e.typ(obj.Type()), nil
}

func (e *Engine) variableObject(v Variable) (*types.Var, error) {
	if obj, ok := e.Declaration(v.Unit, v.Name).(*types.Var); ok {
		return obj, nil
	}
	return nil, fmt.Errorf("global variable %s is not declared here", v.Name)
}

// Variable returns a session variable, settable.
func (e *Engine) Variable(v Variable) (reflect.Value, error) {
	obj, err := e.variableObject(v)
	if err != nil {
		return reflect.Value{}, err
	}
	return e.SessionVariable(obj), nil
}

// SessionVariable returns the variable that obj is, settable.
func (e *Engine) SessionVariable(obj *types.Var) reflect.Value {
	return reflect.NewAt(e.typ(obj.Type()), e.variable(obj)).Elem()
}
