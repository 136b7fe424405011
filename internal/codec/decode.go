package codec

import (
	"fmt"
	"reflect"
)

// shared reads the beginning of a pointer, map, slice or func. If an earlier one
// is meant it is set and fresh is false.
func (d *Decoder) shared(v reflect.Value, p *plan) (fresh bool, err error) {
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
		if err != nil || number >= uint64(len(d.refs)) {
			return false, errReference
		}
		r := d.refs[number]
		if r.Type() != p.typ {
			if !sameValues(d.domain.plan(r.Type()), p) {
				return false, errReference
			}
			r = seenAs(r, p.typ)
		}
		v.Set(r)
		return false, nil
	}
	return false, errReference
}

// value reads a value into v, which is settable. p is its plan.
func (d *Decoder) value(v reflect.Value, p *plan) error {
	switch p.op {
	case opEmpty:
	case opBool:
		b, err := d.flag()
		if err != nil {
			return err
		}
		v.SetBool(b)
	case opInt:
		x, err := d.varint()
		if err != nil {
			return err
		}
		if v.OverflowInt(x) {
			return errRange
		}
		v.SetInt(x)
	case opUint:
		x, err := d.uvarint()
		if err != nil {
			return err
		}
		if v.OverflowUint(x) {
			return errRange
		}
		v.SetUint(x)
	case opFloat:
		x, err := d.float()
		if err != nil {
			return err
		}
		v.SetFloat(x)
	case opComplex:
		re, err := d.float()
		if err != nil {
			return err
		}
		im, err := d.float()
		if err != nil {
			return err
		}
		v.SetComplex(complex(re, im))
	case opString:
		s, err := d.text()
		if err != nil {
			return err
		}
		v.SetString(s)
	case opRefused:
		return Errorf("%w: it holds a %s, and none can be sent", errCorrupt, p.typ)
	default:
		if d.depth++; d.depth > maxDepth {
			return errNested
		}
		err := d.composite(v, p)
		d.depth--
		return err
	}
	return nil
}

// composite reads a value that is not a number or text.
func (d *Decoder) composite(v reflect.Value, p *plan) error {
	switch p.op {
	case opNil:
		if b, err := d.byte(); err != nil || b != refNil {
			return Errorf("%w: it holds a %s, and none can be sent", errCorrupt, p.typ)
		}
		v.SetZero()
	case opTime:
		t, err := d.time()
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(t))
	case opLocation:
		fresh, err := d.shared(v, p)
		if err != nil || !fresh {
			return err
		}
		l, err := d.zone()
		if err != nil {
			return err
		}
		v.Set(reflect.ValueOf(l))
		d.refs = append(d.refs, reflect.ValueOf(l))
	case opHook:
		return d.hooked(v, p)
	case opImage:
		return d.image(v, p)
	case opFunc:
		return d.function(v, p)
	case opPointer, opHandle:
		return d.pointer(v, p)
	case opSlice:
		return d.slice(v, p)
	case opArray:
		return d.elements(v, p.typ.Len(), p.elem)
	case opMap:
		return d.entries(v, p)
	case opStruct:
		for i := range p.fields {
			f := &p.fields[i]
			if err := d.value(field(v, f), f.plan); err != nil {
				return err
			}
		}
	case opInterface:
		return d.dynamic(v, p)
	}
	return nil
}

func (d *Decoder) hooked(v reflect.Value, p *plan) error {
	n, err := d.uvarint()
	if err != nil {
		return err
	}
	data, err := d.bytes(n)
	if err != nil {
		return err
	}
	if err := p.hook.decode(v, data); err != nil {
		return Errorf("mp: decoding %s: %w", p.typ, err)
	}
	return nil
}

func (d *Decoder) pointer(v reflect.Value, p *plan) error {
	fresh, err := d.shared(v, p)
	if err != nil || !fresh {
		return err
	}
	if p.op == opPointer && p.elem.least > len(d.in) {
		return errShort
	}
	if err := d.take(1, p.elem.typ.Size()); err != nil {
		return err
	}
	to := reflect.New(p.elem.typ)
	if p.typ.Name() != "" {
		to = to.Convert(p.typ)
	}
	d.refs = append(d.refs, to)
	v.Set(to)
	if p.op == opPointer {
		return d.value(to.Elem(), p.elem)
	}
	if err := d.domain.Handles.DecodeHandle(d, to); err != nil {
		return err
	}
	d.handles = append(d.handles, to)
	return nil
}

func (d *Decoder) slice(v reflect.Value, p *plan) error {
	fresh, err := d.shared(v, p)
	if err != nil || !fresh {
		return err
	}
	n, err := d.count(p.elem.each())
	if err != nil {
		return err
	}
	if err := d.take(n, p.elem.typ.Size()); err != nil {
		return err
	}
	if p.elem.flat > 0 {
		data, err := d.bytes(uint64(n) * uint64(p.elem.flat))
		if err != nil {
			return err
		}
		if err := d.newBlock(v, n, p.elem, data); err != nil {
			return err
		}
		if n > 0 {
			d.refs = append(d.refs, v.Slice(0, n)) // not the variable, which may change
		}
		return nil
	}
	s := reflect.MakeSlice(p.typ, n, n)
	v.Set(s)
	if n > 0 && p.elem.op != opEmpty {
		d.refs = append(d.refs, s)
	}
	return d.elements(s, n, p.elem)
}

// elements reads the n elements of a slice or an array.
func (d *Decoder) elements(v reflect.Value, n int, elem *plan) error {
	switch {
	case n == 0 || elem.op == opEmpty:
		return nil
	case elem.flat > 0:
		data, err := d.bytes(uint64(n) * uint64(elem.flat))
		if err != nil {
			return err
		}
		return setBlock(v, n, elem, data)
	case elem.op == opString && v.Kind() == reflect.Slice:
		return d.strings(texts(v))
	}
	for i := range n {
		if err := d.value(v.Index(i), elem); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) entries(v reflect.Value, p *plan) error {
	fresh, err := d.shared(v, p)
	if err != nil || !fresh {
		return err
	}
	n, err := d.count(saturated(p.key.least, p.elem.least))
	if err != nil {
		return err
	}
	if p.key.least == 0 && n > 1 {
		return fmt.Errorf("%w: a map has a key twice", errCorrupt)
	}
	if err := d.take(n, 2*(p.key.typ.Size()+p.elem.typ.Size()+1)); err != nil {
		return err
	}
	m := reflect.MakeMapWithSize(p.typ, n)
	d.refs = append(d.refs, m)
	v.Set(m)
	if n == 0 {
		return nil
	}
	key, value := reflect.New(p.key.typ).Elem(), reflect.New(p.elem.typ).Elem()
	for range n {
		if err := d.value(key, p.key); err != nil {
			return err
		}
		if err := d.value(value, p.elem); err != nil {
			return err
		}
		if p.loose && !key.Comparable() {
			return fmt.Errorf("%w: the key of a map cannot be compared", errCorrupt)
		}
		m.SetMapIndex(key, value)
	}
	return nil
}
