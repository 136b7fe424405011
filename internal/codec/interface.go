package codec

import (
	"errors"
	"fmt"
	"reflect"
)

// What a value of an interface type begins with.
const (
	ifaceNil      = iota
	ifaceValue    // a type description and a value
	ifaceError    // an error's text and the names of the well-known ones that it wraps
	ifaceSentinel // the name of a well-known error
)

// dynamic appends the value in an interface.
func (e *Encoder) dynamic(v reflect.Value, p *plan) error {
	if v.IsNil() {
		e.out = append(e.out, ifaceNil)
		return nil
	}
	held := v.Elem()
	inner := e.domain.plan(held.Type())
	box := e.domain.boxed(inner)
	mayBeError := (p.typ == anyType || p.typ == errorType) && held.Type().Implements(errorType)
	if box.why == "" {
		before := e.mark(mayBeError)
		e.out = append(e.out, ifaceValue)
		e.describe(inner)
		err := e.value(held, inner)
		if err == nil || !mayBeError || errors.Is(err, errTooDeep) {
			return err
		}
		e.rewind(before)
	}
	if mayBeError {
		return e.error(held.Interface().(error))
	}
	// The value itself may know better than its type what stands in the way.
	if err := e.value(held, inner); err != nil {
		if refusal := (*NotCopyableError)(nil); errors.As(err, &refusal) || errors.Is(err, errTooDeep) {
			return err
		}
	}
	return Refuse(box.offending, box.why)
}

// A mark is a position in a message to go back to.
type mark struct{ out, refs, types, files, depth int }

func (e *Encoder) mark(needed bool) mark {
	if !needed {
		return mark{}
	}
	return mark{len(e.out), len(e.refs.list), len(e.types.list), len(e.message.Files), e.depth}
}

// rewind takes back what was appended since.
func (e *Encoder) rewind(m mark) {
	e.out = e.out[:m.out]
	e.refs.truncate(m.refs)
	e.types.truncate(m.types)
	Message{Files: e.message.Files[m.files:]}.Close()
	e.message.Files = e.message.Files[:m.files]
	e.depth = m.depth
}

// error appends an error as its name, or as its text and the names of those that
// it wraps. A nil pointer that is an error may have no text.
func (e *Encoder) error(err error) (failed error) {
	defer func() {
		if r := recover(); r != nil {
			failed = Refuse(reflect.TypeOf(err), fmt.Sprintf("its method Error panics: %v", r))
		}
	}()
	var wrapped []string
	for s := range e.domain.errors() {
		if err == s.Err { //nolint:errorlint // the error itself, not one that wraps it
			e.out = append(e.out, ifaceSentinel)
			e.text(s.Name)
			return nil
		}
		if errors.Is(err, s.Err) {
			wrapped = append(wrapped, s.Name)
		}
	}
	text := err.Error()
	e.out = append(e.out, ifaceError)
	e.text(text)
	e.uvarint(uint64(len(wrapped)))
	for _, name := range wrapped {
		e.text(name)
	}
	return nil
}

// dynamic reads the value in an interface.
func (d *Decoder) dynamic(v reflect.Value, p *plan) error {
	kind, err := d.byte()
	if err != nil {
		return err
	}
	switch kind {
	case ifaceNil:
		v.SetZero()
		return nil
	case ifaceValue:
		return d.boxed(v, p)
	case ifaceError, ifaceSentinel:
	default:
		return fmt.Errorf("%w: an interface holds what none can hold", errCorrupt)
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	var value reflect.Value
	if kind == ifaceSentinel {
		known := d.domain.errorNamed(text)
		if known == nil {
			return fmt.Errorf("mp: decoding a value: the error %s is not known here", abridged(text))
		}
		value = reflect.ValueOf(known)
	} else {
		wrapped, err := d.wrapped()
		if err != nil {
			return err
		}
		value = reflect.ValueOf(&copiedError{text, wrapped})
	}
	if !value.Type().AssignableTo(p.typ) {
		return Errorf("%w: an error was sent, %s is wanted", errMismatch, p.typ)
	}
	v.Set(value)
	return nil
}

// wrapped reads the names of the errors that an error wraps. Unknown ones are left
// out.
func (d *Decoder) wrapped() (list []error, err error) {
	n, err := d.count(1)
	if err != nil {
		return nil, err
	}
	for range n {
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		if known := d.domain.errorNamed(name); known != nil {
			list = append(list, known)
		}
	}
	return list, nil
}

// boxed reads the type and the value in an interface.
func (d *Decoder) boxed(v reflect.Value, p *plan) error {
	if p.typ == anyType && len(d.in) > 0 {
		done, err := d.boxedBasic(v)
		if done || err != nil {
			return err
		}
	}
	inner, err := d.described(0)
	if err != nil {
		return err
	}
	if inner.least > len(d.in) {
		return errShort
	}
	if !inner.typ.AssignableTo(p.typ) {
		return Errorf("%w: %s was sent, %s is wanted", errMismatch, abridged(TypeName(inner.typ)), p.typ)
	}
	if err := d.take(1, 2*inner.typ.Size()); err != nil {
		return err
	}
	held := reflect.New(inner.typ).Elem()
	if err := d.value(held, inner); err != nil {
		return err
	}
	v.Set(held)
	return nil
}

// boxedBasic reads a value of one of the commonest types into an any.
func (d *Decoder) boxedBasic(v reflect.Value) (done bool, err error) {
	to := v.Addr().Interface().(*any)
	kind := reflect.Kind(d.in[0])
	switch kind {
	case reflect.Bool, reflect.Int, reflect.Float64, reflect.String:
		d.in = d.in[1:]
	}
	switch kind {
	case reflect.Bool:
		b, err := d.flag()
		*to = b
		return true, err
	case reflect.Int:
		x, err := d.varint()
		if int64(int(x)) != x {
			err = errRange
		}
		*to = int(x)
		return true, err
	case reflect.Float64:
		x, err := d.float()
		*to = x
		return true, err
	case reflect.String:
		s, err := d.text()
		*to = s
		return true, err
	}
	return false, nil
}
