package interp

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/mpruntime"
)

// A bundle is what a child needs to call a target.
type bundle struct {
	// Cells are those to load, in order.
	Cells []cellSource
	// Function is the target. If there is a Method it is that of the first value
	// instead.
	Function compiled.Reference
	Method   string
	// Values is one message, so that sharing is kept: the values of Variables,
	// the captured ones and the arguments.
	Variables           []compiled.Variable
	Captures, Arguments int
	// Receiver is the name of the type of the value whose method is the target.
	Receiver string
	Values   []byte
	Cell     int // that called Start
}

// Bundle implements mpruntime.Host.
func (e *evaluator) Bundle(t mpruntime.Target) ([]byte, error) {
	c := t.Value.(call)
	reach := e.engine.NewReach()
	b := bundle{Captures: len(c.function.Captures), Arguments: len(c.args)}
	if c.recv.IsValid() {
		reach.Type(c.recv.Type())
		b.Method = method
		b.Receiver, _ = e.engine.TypeName(base(c.recv.Type()))
		if c.recv.Kind() == reflect.Pointer {
			b.Receiver = "*" + b.Receiver
		}
	} else {
		reach.Function(c.function)
		b.Function = c.function.Reference
	}
	if g := engine.Current(); g != nil {
		b.Cell = g.Cell.Count
	}
	// Values bring types, whose methods may reach more variables.
	for {
		b.Variables = reach.Variables()
		values, err := e.encode(b.Variables, reach, c, t.Name)
		if err != nil {
			return nil, err
		}
		b.Values = values
		if len(reach.Variables()) == len(b.Variables) {
			break
		}
	}
	e.mu.Lock()
	for _, serial := range reach.Units() {
		if cell, ok := e.cells[serial]; ok {
			b.Cells = append(b.Cells, cell)
		}
	}
	e.mu.Unlock()
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(b); err != nil {
		return nil, fmt.Errorf("packing the child's declarations: %w", err)
	}
	return buf.Bytes(), nil
}

// reachedTypes names types, and adds those that are named to a Reach.
type reachedTypes struct {
	*compiled.Engine
	reach *compiled.Reach
}

func (r reachedTypes) TypeName(t reflect.Type) (string, bool) {
	name, ok := r.Engine.TypeName(t)
	if ok {
		r.reach.Type(t)
	}
	return name, ok
}

// encode writes the message of a bundle's values.
func (e *evaluator) encode(names []compiled.Variable, reach *compiled.Reach, c call, label string) ([]byte, error) {
	enc := mpruntime.NewEncoder()
	enc.Types = reachedTypes{e.engine, reach}
	variables := make([]reflect.Value, len(names))
	for i, name := range names {
		v, err := e.engine.Variable(name)
		if err != nil {
			return nil, err
		}
		variables[i] = v
		enc.Variable(v)
	}
	for i, name := range names {
		if err := enc.Encode(variables[i], "global variable "+name.Name); err != nil {
			return nil, err
		}
	}
	for i, capture := range c.function.Captures {
		path := "captured variable " + c.function.Captured[i]
		if strings.HasSuffix(label, "."+method) || !c.function.Literal {
			path = "the value " + label
		}
		if err := enc.Encode(capture, path); err != nil {
			return nil, err
		}
	}
	if c.recv.IsValid() {
		if err := enc.Encode(c.recv, "the target "+receiverName(c.recv.Type())); err != nil {
			return nil, err
		}
	}
	for i, arg := range c.args {
		v := reflect.ValueOf(arg)
		if t := param(c.sig, i); t.Kind() == reflect.Interface {
			v = reflect.New(t).Elem() // its dynamic type goes along
			if arg != nil && reflect.TypeOf(arg).AssignableTo(t) {
				v.Set(reflect.ValueOf(arg))
			}
		} else if v.IsValid() && v.Type() != t && v.CanConvert(t) {
			v = v.Convert(t)
		} else if !v.IsValid() {
			v = reflect.Zero(t)
		}
		if err := enc.Encode(v, fmt.Sprintf("argument %d", i+1)); err != nil {
			return nil, err
		}
	}
	return enc.Bytes(), nil
}

// restore loads what a bundle brings and returns the target and its arguments.
func (e *evaluator) restore(data []byte) (f reflect.Value, args []reflect.Value, count int, err error) {
	var b bundle
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&b); err != nil {
		return f, nil, 0, fmt.Errorf("reading what the parent sent: %w", err)
	}
	for _, cell := range b.Cells {
		if _, _, err := e.load(cell.Serial, cell.Count, cell.Code, true, nil); err != nil {
			return f, nil, 0, fmt.Errorf("declaring In [%d]: %w", cell.Count, err)
		}
	}
	dec, err := mpruntime.NewDecoder(b.Values)
	if err != nil {
		return f, nil, 0, err
	}
	dec.Types = e.engine
	if err := e.restoreVariables(dec, b.Variables); err != nil {
		return f, nil, 0, fmt.Errorf("restoring the global variables: %w", err)
	}
	if b.Method != "" {
		f, err = e.restoreMethod(dec, b)
	} else {
		f, err = e.restoreFunction(dec, b)
	}
	if err != nil {
		return f, nil, 0, err
	}
	args, err = decodeArguments(dec, f.Type(), b.Arguments)
	if err != nil {
		return f, nil, 0, fmt.Errorf("restoring arguments: %w", err)
	}
	return f, args, b.Cell, nil
}

func (e *evaluator) restoreVariables(dec *mpruntime.Decoder, names []compiled.Variable) error {
	variables := make([]reflect.Value, len(names))
	for i, name := range names {
		v, err := e.engine.Variable(name)
		if err != nil {
			return err
		}
		variables[i] = v
		dec.Variable(v)
	}
	for _, v := range variables {
		if err := dec.Decode(v); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluator) restoreFunction(dec *mpruntime.Decoder, b bundle) (reflect.Value, error) {
	types, err := e.engine.Captures(b.Function)
	if err != nil {
		return reflect.Value{}, err
	}
	captures := make([]reflect.Value, len(types))
	for i, t := range types {
		captures[i] = reflect.New(t).Elem()
		if err := dec.Decode(captures[i]); err != nil {
			return reflect.Value{}, fmt.Errorf("restoring captured variables: %w", err)
		}
	}
	return e.engine.Find(b.Function, captures)
}

func (e *evaluator) restoreMethod(dec *mpruntime.Decoder, b bundle) (reflect.Value, error) {
	name, isPointer := strings.CutPrefix(b.Receiver, "*")
	t := e.engine.TypeNamed(name)
	if t == nil {
		return reflect.Value{}, errors.New("the target's type is not declared here")
	}
	if isPointer {
		t = reflect.PointerTo(t)
	}
	recv := reflect.New(t).Elem()
	if err := dec.Decode(recv); err != nil {
		return reflect.Value{}, fmt.Errorf("restoring the target: %w", err)
	}
	return recv.MethodByName(b.Method), nil
}

// param returns the type of a function's i-th argument.
func param(t reflect.Type, i int) reflect.Type {
	if t.IsVariadic() && i >= t.NumIn()-1 {
		return t.In(t.NumIn() - 1).Elem()
	}
	return t.In(i)
}

func decodeArguments(dec *mpruntime.Decoder, t reflect.Type, n int) ([]reflect.Value, error) {
	args := make([]reflect.Value, n)
	for i := range args {
		args[i] = reflect.New(param(t, i)).Elem()
		if err := dec.Decode(args[i]); err != nil {
			return nil, fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	return args, nil
}
