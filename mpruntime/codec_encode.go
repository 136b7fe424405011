package mpruntime

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// What a value that may be shared begins with.
const (
	refNil = iota // nothing
	refNew        // its first appearance, which gives it the next number
	refOld        // the number of an earlier appearance
)

// What a value of an interface type begins with.
const (
	ifaceNil      = iota
	ifaceValue    // a type description and a value
	ifaceError    // an error's text
	ifaceSentinel // the name of a well-known error
)

var errTooDeep = fmt.Errorf("it is nested deeper than %d levels", maxDepth)

func refuse(t reflect.Type, why string) error {
	return &NotCopyableError{Type: t.String(), Why: why}
}

// at adds a step to the path of a refusal on its way out.
func at(err error, step func() string) error {
	var refusal *NotCopyableError
	if errors.As(err, &refusal) {
		refusal.Path = step() + refusal.Path
	}
	return err
}

func (e *Encoder) uvarint(x uint64) { e.out = binary.AppendUvarint(e.out, x) }

func (e *Encoder) text(s string) {
	e.uvarint(uint64(len(s)))
	e.out = append(e.out, s...)
}

// remember gives the next number to what v, a pointer, map or slice, refers to.
func (e *Encoder) remember(v reflect.Value) {
	if r := referenceOf(v); !e.seen(r) { // variables without size may share an address
		e.refs[r] = uint64(len(e.kept))
	}
	e.kept = append(e.kept, v)
}

func (e *Encoder) seen(r reference) bool {
	_, seen := e.refs[r]
	return seen
}

func referenceOf(v reflect.Value) reference {
	r := reference{address: v.Pointer(), typ: v.Type()}
	if v.Kind() == reflect.Slice {
		r.length = v.Len()
	}
	return r
}

// shared writes the beginning of a pointer, map or slice and reports whether its
// content follows.
func (e *Encoder) shared(v reflect.Value) (first bool) {
	if v.IsNil() {
		e.out = append(e.out, refNil)
		return false
	}
	if number, seen := e.refs[referenceOf(v)]; seen {
		e.out = append(e.out, refOld)
		e.uvarint(number)
		return false
	}
	e.remember(v)
	e.out = append(e.out, refNew)
	return true
}

// value appends v without its type, which the reader knows.
func (e *Encoder) value(v reflect.Value) error {
	if e.depth++; e.depth > maxDepth {
		return errTooDeep
	}
	defer func() { e.depth-- }()
	t := v.Type()
	if hook := hookOf(t); hook != nil {
		data, err := hook.encode(v)
		if err != nil {
			return fmt.Errorf("a %s: %w", t, err)
		}
		e.uvarint(uint64(len(data)))
		e.out = append(e.out, data...)
		return nil
	}
	if why := neverCopied(t); why != "" {
		return refuse(t, why)
	}
	if t.Size() == 0 {
		return nil
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			e.out = append(e.out, 1)
		} else {
			e.out = append(e.out, 0)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out = binary.AppendVarint(e.out, v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.uvarint(v.Uint())
	case reflect.Float32, reflect.Float64:
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(real(c)))
		e.out = binary.LittleEndian.AppendUint64(e.out, math.Float64bits(imag(c)))
	case reflect.String:
		e.text(v.String())
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		if !v.IsNil() {
			return refuse(t, processBound(t.Kind()))
		}
		e.out = append(e.out, refNil)
	case reflect.Pointer:
		if why := neverCopied(t.Elem()); why != "" && !v.IsNil() {
			return refuse(t, why)
		}
		if e.shared(v) {
			return e.value(v.Elem())
		}
	case reflect.Slice:
		return e.slice(v)
	case reflect.Array:
		return e.elements(v)
	case reflect.Map:
		return e.entries(v)
	case reflect.Struct:
		return e.fields(v)
	case reflect.Interface:
		return e.dynamic(v)
	default:
		return refuse(t, "values of this kind are not known")
	}
	return nil
}

func (e *Encoder) slice(v reflect.Value) error {
	if mayRefer(v.Type().Elem()) && v.Len() > 0 {
		if !e.shared(v) {
			return nil
		}
	} else if v.IsNil() {
		e.out = append(e.out, refNil)
		return nil
	} else {
		e.out = append(e.out, refNew)
	}
	e.uvarint(uint64(v.Len()))
	return e.elements(v)
}

// elements appends the elements of a slice or an array.
func (e *Encoder) elements(v reflect.Value) error {
	if v.Type().Elem().Size() == 0 {
		return nil
	}
	if bulkSize(v.Type().Elem()) > 0 {
		e.out = appendBulk(e.out, v)
		return nil
	}
	for i := range v.Len() {
		if err := e.value(v.Index(i)); err != nil {
			return at(err, func() string { return fmt.Sprintf("[%d]", i) })
		}
	}
	return nil
}

func (e *Encoder) entries(v reflect.Value) error {
	if !e.shared(v) {
		return nil
	}
	e.uvarint(uint64(v.Len()))
	for iter := v.MapRange(); iter.Next(); {
		step := func() string { return keyStep(iter.Key()) }
		if err := e.value(iter.Key()); err != nil {
			return at(err, step)
		}
		if err := e.value(iter.Value()); err != nil {
			return at(err, step)
		}
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

func (e *Encoder) fields(v reflect.Value) error {
	t := v.Type()
	v = withFields(v)
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() && f.PkgPath != notebook {
			return refuse(t, fmt.Sprintf("its field %s is not exported: export its fields, or give it MarshalBinary and UnmarshalBinary", f.Name))
		}
		if err := e.value(field(v, i)); err != nil {
			return at(err, func() string { return "." + f.Name })
		}
	}
	return nil
}

// dynamic appends the value in an interface.
func (e *Encoder) dynamic(v reflect.Value) error {
	if v.IsNil() {
		e.out = append(e.out, ifaceNil)
		return nil
	}
	held := v.Elem()
	offending, why := e.rebuildable(held.Type(), nil)
	if why == "" && held.Type().Implements(v.Type()) {
		e.out = append(e.out, ifaceValue)
		e.describe(held.Type())
		return e.value(held)
	}
	if err, ok := held.Interface().(error); ok && (v.NumMethod() == 0 || v.Type() == errorType) {
		return e.error(err)
	}
	// The value itself may know better than its type what stands in the way.
	if err := e.value(held); err != nil {
		if refusal := (*NotCopyableError)(nil); errors.As(err, &refusal) || errors.Is(err, errTooDeep) {
			return err
		}
	}
	return refuse(offending, why)
}

// error appends an error as its name or its text. A nil pointer that is an error
// may have no text.
func (e *Encoder) error(err error) (failed error) {
	defer func() {
		if r := recover(); r != nil {
			failed = refuse(reflect.TypeOf(err), fmt.Sprintf("its method Error panics: %v", r))
		}
	}()
	for _, s := range sentinels {
		if err == s.err { //nolint:errorlint // the error itself, not one that wraps it
			e.out = append(e.out, ifaceSentinel)
			e.text(s.name)
			return nil
		}
	}
	text := err.Error()
	e.out = append(e.out, ifaceError)
	e.text(text)
	return nil
}
