package codec

import (
	"errors"
	"fmt"
	"reflect"
)

// A CaptureNamer is [Symbols] that know more of what a function brings along.
type CaptureNamer interface {
	// CaptureName says what the i-th of the values is that FunctionName returns for
	// f: "captured variable x".
	CaptureName(f reflect.Value, i int) string
}

// Function appends a function, which is not nil, by its name and what it has
// captured. Unlike that of a function in an interface its type does not travel, so
// that it may have parameters and results of which no value can.
func (e *Encoder) Function(f reflect.Value, path string) error {
	if e.domain.Symbols == nil {
		return &NotCopyableError{Path: path, Type: TypeName(f.Type()), Why: processBound(reflect.Func)}
	}
	name, captures, err := e.domain.Symbols.FunctionName(f)
	if err != nil {
		return &NotCopyableError{Path: path, Type: TypeName(f.Type()), Why: err.Error()}
	}
	e.text(name)
	if err := e.captures(f, captures); err != nil {
		var refusal *NotCopyableError
		if errors.As(err, &refusal) {
			refusal.Path = path + refusal.Path
			return refusal
		}
		return Errorf("mp: encoding %s: %w", path, err)
	}
	return nil
}

// Function reads what [Encoder.Function] has appended.
func (d *Decoder) Function() (reflect.Value, error) {
	f, err := d.callable()
	d.failed = d.failed || err != nil
	return f, err
}

// function appends a function of a known type. It has a number behind what it has
// captured, not before: the reader makes it when it has these values.
func (e *Encoder) function(v reflect.Value, p *plan) error {
	if v.IsNil() {
		e.out = append(e.out, refNil)
		return nil
	}
	if e.domain.Symbols == nil {
		return Refuse(p.typ, processBound(reflect.Func))
	}
	r := reference{closure(v), lengthFunc, nil}
	if number, seen := e.refs.find(r); seen {
		e.out = append(e.out, refOld)
		e.uvarint(uint64(number))
		return nil
	}
	name, captures, err := e.domain.Symbols.FunctionName(v)
	if err != nil {
		return Refuse(p.typ, err.Error())
	}
	e.out = append(e.out, refNew)
	e.text(name)
	if err := e.captures(v, captures); err != nil {
		return err
	}
	e.refs.add(r)
	return nil
}

func (e *Encoder) captures(f reflect.Value, captures []reflect.Value) error {
	for i, c := range captures {
		if err := e.value(c, e.domain.plan(c.Type())); err != nil {
			return at(err, func() string {
				if namer, ok := e.domain.Symbols.(CaptureNamer); ok {
					return "'s " + namer.CaptureName(f, i)
				}
				return ", which has captured a variable,"
			})
		}
	}
	return nil
}

// function reads a function of a known type.
func (d *Decoder) function(v reflect.Value, p *plan) error {
	fresh, err := d.shared(v, p)
	if err != nil || !fresh {
		return err
	}
	f, err := d.callable()
	if err != nil {
		return err
	}
	if !f.Type().AssignableTo(p.typ) {
		return Errorf("%w: the function %s was sent, %s is wanted", errMismatch, f.Type(), p.typ)
	}
	v.Set(f)
	d.refs = append(d.refs, reflect.ValueOf(v.Interface()))
	return nil
}

// callable reads the name of a function and what it has captured.
func (d *Decoder) callable() (reflect.Value, error) {
	if d.domain.Symbols == nil {
		return reflect.Value{}, fmt.Errorf("%w: it holds a function, and this process knows none by name", errCorrupt)
	}
	name, err := d.text()
	if err != nil {
		return reflect.Value{}, err
	}
	types, err := d.domain.Symbols.Captures(name)
	if err != nil {
		return reflect.Value{}, Errorf("mp: decoding a function: %w", err)
	}
	captures := make([]reflect.Value, len(types))
	for i, t := range types {
		captures[i] = reflect.New(t).Elem()
		if err := d.value(captures[i], d.domain.plan(t)); err != nil {
			return reflect.Value{}, err
		}
	}
	f, err := d.domain.Symbols.FunctionNamed(name, captures)
	if err != nil {
		return reflect.Value{}, Errorf("mp: decoding a function: %w", err)
	}
	return f, nil
}
