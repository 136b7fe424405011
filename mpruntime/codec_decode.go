package mpruntime

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
)

func (d *Decoder) byte() (byte, error) {
	if len(d.in) == 0 {
		return 0, errCorrupt
	}
	b := d.in[0]
	d.in = d.in[1:]
	return b, nil
}

func (d *Decoder) uvarint() (uint64, error) {
	x, n := binary.Uvarint(d.in)
	if n <= 0 {
		return 0, errCorrupt
	}
	d.in = d.in[n:]
	return x, nil
}

// bytes returns the next n bytes, part of the message.
func (d *Decoder) bytes(n uint64) ([]byte, error) {
	if n > uint64(len(d.in)) {
		return nil, errCorrupt
	}
	b := d.in[:n:n]
	d.in = d.in[n:]
	return b, nil
}

func (d *Decoder) text() (string, error) {
	n, err := d.uvarint()
	if err != nil {
		return "", err
	}
	b, err := d.bytes(n)
	return string(b), err
}

func (d *Decoder) float() (float64, error) {
	b, err := d.bytes(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

// count reads the number of things that take at least size bytes each, and
// refuses one that the rest of the message cannot hold.
func (d *Decoder) count(size int) (int, error) {
	n, err := d.uvarint()
	if err != nil {
		return 0, err
	}
	if n > math.MaxInt32 && size == 0 || size > 0 && n > uint64(len(d.in)/size) {
		return 0, errCorrupt
	}
	return int(n), nil
}

// shared reads the beginning of a pointer, map or slice. If an earlier one is
// meant it is set and fresh is false.
func (d *Decoder) shared(v reflect.Value) (fresh bool, err error) {
	kind, err := d.byte()
	if err != nil {
		return false, err
	}
	switch kind {
	case refNil:
		v.SetZero()
		return false, nil
	case refNew:
		return true, nil
	case refOld:
		number, err := d.uvarint()
		if err != nil || number >= uint64(len(d.refs)) || d.refs[number].Type() != v.Type() {
			return false, errCorrupt
		}
		v.Set(d.refs[number])
		return false, nil
	}
	return false, errCorrupt
}

// value reads a value into v, which is settable and, but for variables of the
// receiver, zero.
func (d *Decoder) value(v reflect.Value) error {
	if d.depth++; d.depth > maxDepth {
		return errCorrupt
	}
	defer func() { d.depth-- }()
	t := v.Type()
	if hook := hookOf(t); hook != nil {
		return d.hooked(v, hook)
	}
	if neverCopied(t) != "" {
		return errCorrupt
	}
	if t.Size() == 0 {
		return nil
	}
	switch v.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		if b, err := d.byte(); err != nil || b != refNil {
			return errCorrupt
		}
		v.SetZero()
		return nil
	case reflect.Pointer:
		return d.pointer(v)
	case reflect.Slice:
		return d.slice(v)
	case reflect.Array:
		return d.elements(v)
	case reflect.Map:
		return d.entries(v)
	case reflect.Struct:
		return d.structure(v)
	case reflect.Interface:
		return d.dynamic(v)
	default:
		return d.scalar(v)
	}
}

func (d *Decoder) hooked(v reflect.Value, hook *hook) error {
	n, err := d.count(1)
	if err != nil {
		return err
	}
	data, err := d.bytes(uint64(n))
	if err != nil {
		return err
	}
	if err := hook.decode(v, data); err != nil {
		return fmt.Errorf("mp: decoding a %s: %w", v.Type(), err)
	}
	return nil
}

// scalar reads a boolean, number or string.
func (d *Decoder) scalar(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Bool:
		b, err := d.byte()
		if err != nil || b > 1 {
			return errCorrupt
		}
		v.SetBool(b == 1)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		x, n := binary.Varint(d.in)
		if n <= 0 || v.OverflowInt(x) {
			return errCorrupt
		}
		d.in = d.in[n:]
		v.SetInt(x)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		x, err := d.uvarint()
		if err != nil || v.OverflowUint(x) {
			return errCorrupt
		}
		v.SetUint(x)
	case reflect.Float32, reflect.Float64:
		x, err := d.float()
		if err != nil {
			return err
		}
		v.SetFloat(x)
	case reflect.Complex64, reflect.Complex128:
		re, err := d.float()
		if err != nil {
			return err
		}
		im, err := d.float()
		if err != nil {
			return err
		}
		v.SetComplex(complex(re, im))
	case reflect.String:
		s, err := d.text()
		if err != nil {
			return err
		}
		v.SetString(s)
	default:
		return errCorrupt
	}
	return nil
}

func (d *Decoder) pointer(v reflect.Value) error {
	t := v.Type()
	fresh, err := d.shared(v)
	if err != nil || !fresh {
		return err
	}
	if d.leastSize(t.Elem()) > len(d.in) {
		return errCorrupt
	}
	p := reflect.New(t.Elem())
	if p.Type() != t { // a named pointer type
		p = p.Convert(t)
	}
	d.refs = append(d.refs, p)
	v.Set(p)
	return d.value(p.Elem())
}

func (d *Decoder) structure(v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "_" {
			continue
		}
		if !f.IsExported() && f.PkgPath != notebook {
			return errCorrupt
		}
		if err := d.value(field(v, i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) slice(v reflect.Value) error {
	fresh, err := d.shared(v)
	if err != nil || !fresh {
		return err
	}
	elem := v.Type().Elem()
	size := bulkSize(elem)
	if size == 0 {
		size = d.leastSize(elem)
	}
	n, err := d.count(size)
	if err != nil {
		return err
	}
	s := reflect.MakeSlice(v.Type(), n, n)
	if mayRefer(elem) && n > 0 {
		d.refs = append(d.refs, s)
	}
	v.Set(s)
	return d.elements(s)
}

// elements reads the elements of a slice or an array of known length.
func (d *Decoder) elements(v reflect.Value) error {
	elem := v.Type().Elem()
	if elem.Size() == 0 {
		return nil
	}
	if size := bulkSize(elem); size > 0 {
		data, err := d.bytes(uint64(v.Len()) * uint64(size))
		if err != nil {
			return err
		}
		setBulk(v, data)
		return nil
	}
	for i := range v.Len() {
		if err := d.value(v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) entries(v reflect.Value) error {
	fresh, err := d.shared(v)
	if err != nil || !fresh {
		return err
	}
	t := v.Type()
	key, elem := d.leastSize(t.Key()), d.leastSize(t.Elem())
	n, err := d.count(key + min(elem, math.MaxInt-key))
	if err != nil {
		return err
	}
	if key == 0 && n > 1 {
		return errCorrupt
	}
	m := reflect.MakeMapWithSize(t, n)
	d.refs = append(d.refs, m)
	v.Set(m)
	for range n {
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		if err := d.value(key); err != nil {
			return err
		}
		if err := d.value(value); err != nil {
			return err
		}
		if !key.Comparable() {
			return errCorrupt
		}
		m.SetMapIndex(key, value)
	}
	return nil
}

// dynamic reads the value in an interface.
func (d *Decoder) dynamic(v reflect.Value) error {
	kind, err := d.byte()
	if err != nil {
		return err
	}
	switch kind {
	case ifaceNil:
		v.SetZero()
		return nil
	case ifaceError, ifaceSentinel:
		text, err := d.text()
		if err != nil {
			return err
		}
		value := reflect.ValueOf(&copiedError{text})
		if kind == ifaceSentinel {
			known := sentinelNamed(text)
			if known == nil {
				return errCorrupt
			}
			value = reflect.ValueOf(known)
		}
		if !value.Type().AssignableTo(v.Type()) {
			return errCorrupt
		}
		v.Set(value)
		return nil
	case ifaceValue:
		description, err := d.description(0)
		if err != nil {
			return err
		}
		t, err := description.build()
		if err != nil {
			return err
		}
		if d.leastSize(t) > len(d.in) || !t.AssignableTo(v.Type()) {
			return errCorrupt
		}
		held := reflect.New(t).Elem()
		if err := d.value(held); err != nil {
			return err
		}
		v.Set(held)
		return nil
	}
	return errCorrupt
}

// leastSize returns a lower bound of the bytes that a value of type t takes in a
// message, 0 only for types without size.
func (d *Decoder) leastSize(t reflect.Type) int {
	if t.Size() == 0 {
		return 0
	}
	if size, known := d.sizes[t]; known {
		return size
	}
	size := 1
	switch {
	case hookOf(t) != nil:
	case t.Kind() == reflect.Array:
		each := bulkSize(t.Elem())
		if each == 0 {
			each = d.leastSize(t.Elem())
		}
		if each > 0 && t.Len() > math.MaxInt/each {
			size = math.MaxInt
		} else {
			size = t.Len() * each
		}
	case t.Kind() == reflect.Struct:
		size = 0
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				if each := d.leastSize(f.Type); each > math.MaxInt-size {
					size = math.MaxInt
				} else {
					size += each
				}
			}
		}
	case t.Kind() == reflect.Float32, t.Kind() == reflect.Float64:
		size = 8
	}
	d.sizes[t] = size
	return size
}
