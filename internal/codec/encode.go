package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// What a value that may be shared begins with.
const (
	refNil = iota // nothing
	refNew        // its first appearance, which gives it the next number
	refOld        // the number of an earlier appearance
)

var errTooDeep = fmt.Errorf("it is nested deeper than %d levels", maxDepth)

// at adds a step to the path of a refusal on its way out.
func at(err error, step func() string) error {
	var refusal *NotCopyableError
	if errors.As(err, &refusal) {
		refusal.Path = step() + refusal.Path
	}
	return err
}

// shared writes the beginning of what may be shared and reports whether its
// content follows.
func (e *Encoder) shared(r reference) (first bool) {
	if r.address == nil {
		e.out = append(e.out, refNil)
		return false
	}
	if number, seen := e.refs.find(r); seen {
		e.out = append(e.out, refOld)
		e.uvarint(uint64(number))
		return false
	}
	e.refs.add(r)
	e.out = append(e.out, refNew)
	return true
}

// value appends v without its type, which the reader knows. p is its plan.
func (e *Encoder) value(v reflect.Value, p *plan) error {
	switch p.op {
	case opEmpty:
	case opBool:
		e.flag(v.Bool())
	case opInt:
		e.out = binary.AppendVarint(e.out, v.Int())
	case opUint:
		e.uvarint(v.Uint())
	case opFloat:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case opComplex:
		c := v.Complex()
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(real(c)))
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(imag(c)))
	case opString:
		if err := e.room(v.Len()); err != nil {
			return err
		}
		e.text(v.String())
	case opNil:
		if !v.IsNil() {
			return Refuse(p.typ, processBound(p.kind))
		}
		e.out = append(e.out, refNil)
	case opTime:
		e.time(v.Interface().(time.Time))
	case opLocation:
		if e.shared(reference{v.UnsafePointer(), lengthPointer, p.elem.first}) {
			e.zone(v.Interface().(*time.Location))
		}
	case opHook:
		return e.hooked(v, p)
	case opImage:
		return e.image(v, p)
	case opRefused:
		return Refuse(p.typ, p.why)
	default:
		if e.depth++; e.depth > maxDepth {
			return errTooDeep
		}
		err := e.room(0)
		if err == nil {
			err = e.composite(v, p)
		}
		e.depth--
		return err
	}
	return nil
}

// composite appends a value that consists of others.
func (e *Encoder) composite(v reflect.Value, p *plan) error {
	switch p.op {
	case opFunc:
		return e.function(v, p)
	case opHandle:
		if e.shared(reference{v.UnsafePointer(), lengthPointer, p.elem.first}) {
			return e.domain.Handles.EncodeHandle(e, v)
		}
	case opPointer:
		if p.elem.op == opRefused && neverCopied(p.elem.typ) != "" && !v.IsNil() {
			return Refuse(p.typ, p.elem.why)
		}
		if e.shared(reference{v.UnsafePointer(), lengthPointer, p.elem.first}) {
			return e.value(v.Elem(), p.elem)
		}
	case opSlice:
		return e.slice(v, p)
	case opArray:
		return e.elements(v, p.typ.Len(), p.elem)
	case opMap:
		return e.entries(v, p)
	case opStruct:
		return e.fields(v, p)
	case opInterface:
		return e.dynamic(v, p)
	}
	return nil
}

func (e *Encoder) hooked(v reflect.Value, p *plan) error {
	data, err := p.hook.encode(v)
	if err != nil {
		return Errorf("%s: %w", p.typ, err)
	}
	e.uvarint(uint64(len(data)))
	e.out = append(e.out, data...)
	return nil
}

func (e *Encoder) slice(v reflect.Value, p *plan) error {
	n := v.Len()
	switch {
	case v.IsNil():
		e.out = append(e.out, refNil)
		return nil
	case n == 0 || p.elem.op == opEmpty:
		e.out = append(e.out, refNew)
	case !e.shared(reference{v.UnsafePointer(), n, p.elem.first}):
		return nil
	}
	e.uvarint(uint64(n))
	return e.elements(v, n, p.elem)
}

// elements appends the n elements of a slice or an array.
func (e *Encoder) elements(v reflect.Value, n int, elem *plan) error {
	switch {
	case n == 0 || elem.op == opEmpty:
		return nil
	case elem.flat > 0:
		if err := e.room(n * elem.flat); err != nil {
			return err
		}
		e.block(v, n, elem)
		return nil
	case elem.op == opString && v.Kind() == reflect.Slice:
		return e.strings(texts(v))
	}
	for i := range n {
		if err := e.value(v.Index(i), elem); err != nil {
			return at(err, func() string { return fmt.Sprintf("[%d]", i) })
		}
	}
	return nil
}

var errMapChanges = errors.New("a map has been changed meanwhile by another goroutine")

func (e *Encoder) entries(v reflect.Value, p *plan) error {
	if !e.shared(reference{v.UnsafePointer(), lengthMap, p.elem.first}) {
		return nil
	}
	n := v.Len()
	e.uvarint(uint64(n))
	if n == 0 {
		return nil
	}
	key, value := reflect.New(p.key.typ).Elem(), reflect.New(p.elem.typ).Elem()
	for iter := v.MapRange(); iter.Next(); n-- {
		key.SetIterKey(iter)
		value.SetIterValue(iter)
		err := e.room(0)
		if err == nil {
			err = e.value(key, p.key)
		}
		if err == nil {
			err = e.value(value, p.elem)
		}
		if err != nil {
			return at(err, func() string { return keyStep(key) })
		}
	}
	if n != 0 {
		return errMapChanges
	}
	return nil
}

// keyStep is the step of a path that leads to an entry of a map.
func keyStep(key reflect.Value) string {
	if key.Kind() == reflect.Interface && !key.IsNil() {
		key = key.Elem()
	}
	switch key.Kind() {
	case reflect.String:
		return "[" + key.String() + "]"
	case reflect.Struct, reflect.Array, reflect.Pointer, reflect.Interface, reflect.Chan:
		return "[" + key.Type().String() + "]" // written out it may be of any length
	}
	return fmt.Sprintf("[%v]", key)
}

func (e *Encoder) fields(v reflect.Value, p *plan) error {
	if p.hidden {
		v = addressable(v)
	}
	for i := range p.fields {
		f := &p.fields[i]
		if err := e.value(field(v, f), f.plan); err != nil {
			return at(err, func() string { return "." + f.name })
		}
	}
	return nil
}
