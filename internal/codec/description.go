package codec

import (
	"fmt"
	"reflect"
)

// A type description begins with the number of its reflect.Kind or one of these.
const (
	typeNamed = 64 + iota // a registered type: its name
	typeOwn               // a type that encodes itself, not registered: its name
	typeOld               // the number of a composite or named type described before
	typeAny               // interface{}
	typeError             // error
)

// maxTypeDepth bounds the nesting of a type description.
const maxTypeDepth = 500

// describe appends the description of a type.
func (e *Encoder) describe(p *plan) {
	if p.numbered {
		if number, seen := e.types.find(p); seen {
			e.out = append(e.out, typeOld)
			e.uvarint(uint64(number))
			return
		}
		e.types.add(p)
	}
	switch {
	case p.name != "":
		e.out = append(e.out, typeNamed)
		e.text(p.name)
		return
	case p.op == opHook:
		e.out = append(e.out, typeOwn)
		e.text(p.typ.String())
		return
	case p.typ == anyType:
		e.out = append(e.out, typeAny)
		return
	case p.typ == errorType:
		e.out = append(e.out, typeError)
		return
	}
	e.out = append(e.out, byte(p.kind))
	switch p.kind {
	case reflect.Array:
		e.uvarint(uint64(p.typ.Len()))
		e.describe(p.elem)
	case reflect.Slice, reflect.Pointer:
		e.describe(p.elem)
	case reflect.Map:
		e.describe(p.key)
		e.describe(p.elem)
	case reflect.Struct:
		e.uvarint(uint64(len(p.fields)))
		for i := range p.fields {
			f := &p.fields[i]
			e.text(f.name)
			e.text(f.tag)
			e.flag(f.embedded)
			e.describe(f.plan)
		}
	case reflect.Func:
		in := p.typ.NumIn()
		e.uvarint(uint64(in))
		for _, part := range p.parts[:in] {
			e.describe(part)
		}
		e.uvarint(uint64(len(p.parts) - in))
		for _, part := range p.parts[in:] {
			e.describe(part)
		}
		e.flag(p.typ.IsVariadic())
	case reflect.Interface, reflect.Chan:
		e.text(p.typ.String())
	}
}

// signature returns the types of the parameters and results of a func.
func signature(t reflect.Type) []reflect.Type {
	var parts []reflect.Type
	for i := range t.NumIn() {
		parts = append(parts, t.In(i))
	}
	for i := range t.NumOut() {
		parts = append(parts, t.Out(i))
	}
	return parts
}

// A boxing says why a type cannot be made from its description alone, which a
// value in an interface requires, and which part of it is in the way.
type boxing struct {
	offending reflect.Type
	why       string // "" if it can
}

// boxed returns the boxing of a type.
func (d *Domain) boxed(p *plan) *boxing {
	if b := p.boxing.Load(); b != nil {
		return b
	}
	b := new(boxing)
	b.offending, b.why = d.rebuildable(p, nil)
	p.boxing.Store(b)
	return b
}

func (d *Domain) rebuildable(p *plan, open []*plan) (offending reflect.Type, why string) {
	if p.name != "" {
		return nil, ""
	}
	t := p.typ
	for _, o := range open {
		if o == p {
			return t, "in an interface the type travels along, and this one refers to itself"
		}
	}
	if t.Name() != "" && t.PkgPath() != "" {
		return t, "in an interface the type travels along, and the other process cannot tell this one by its name"
	}
	open = append(open, p)
	switch p.kind {
	case reflect.Chan, reflect.UnsafePointer:
		return t, processBound(p.kind)
	case reflect.Func:
		if d.Symbols == nil {
			return t, processBound(p.kind)
		}
	case reflect.Interface:
		if t != anyType && t != errorType {
			return t, "in an interface the type travels along, and this one has methods"
		}
	case reflect.Struct:
		if p.op == opRefused {
			return t, p.why
		}
		if len(p.fields) < t.NumField() {
			return t, "in an interface the type travels along, and this one has blank fields"
		}
	}
	for _, part := range p.parts {
		if offending, why = d.rebuildable(part, open); why != "" {
			return offending, why
		}
	}
	for _, part := range [...]*plan{p.key, p.elem} {
		if part != nil {
			if offending, why = d.rebuildable(part, open); why != "" {
				return offending, why
			}
		}
	}
	for _, f := range p.fields {
		if offending, why = d.rebuildable(f.plan, open); why != "" {
			return offending, why
		}
		if f.embedded && f.typ.NumMethod() > 0 {
			return t, "in an interface the type travels along, and this one embeds methods"
		}
	}
	return nil, ""
}

// received is a numbered description of the message being read.
type received struct {
	offset   int   // in the message
	static   *plan // the type of the receiver's that it is that of
	built    *plan // the type that was made from it
	building bool
}

// described reads a type description and makes the type.
func (d *Decoder) described(depth int) (*plan, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("%w: a type is nested deeper than %d levels", errCorrupt, maxTypeDepth)
	}
	offset := len(d.message) - len(d.in)
	b, err := d.byte()
	if err != nil {
		return nil, err
	}
	switch b {
	case typeAny:
		return d.domain.plan(anyType), nil
	case typeError:
		return d.domain.plan(errorType), nil
	case typeOld:
		return d.describedBefore(depth)
	case typeOwn:
		return nil, fmt.Errorf("%w: a type in an interface has no name", errCorrupt)
	case typeNamed:
		name, err := d.text()
		if err != nil {
			return nil, err
		}
		t := d.domain.typeNamed(name)
		if t == nil {
			return nil, Errorf("mp: decoding a value: the type %s is not known here", notebookName(abridged(name)))
		}
		p := d.domain.plan(t)
		d.number(received{offset: offset, built: p})
		return p, nil
	}
	kind := reflect.Kind(b)
	switch kind {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct, reflect.Func:
	default:
		if t := basicType(kind); t != nil {
			return d.domain.plan(t), nil
		}
		return nil, fmt.Errorf("%w: an interface holds what none can hold", errCorrupt)
	}
	number := d.number(received{offset: offset, building: true})
	p, err := d.compositeType(kind, depth+1)
	if err == nil && number >= 0 {
		d.types[number].built, d.types[number].building = p, false
	}
	return p, err
}

// number gives a description the next number, unless it is being read again.
func (d *Decoder) number(r received) int {
	if d.replays > 0 {
		return -1
	}
	d.types = append(d.types, r)
	return len(d.types) - 1
}

// describedBefore makes the type that has the number that follows.
func (d *Decoder) describedBefore(depth int) (*plan, error) {
	number, err := d.typeNumber()
	if err != nil {
		return nil, err
	}
	r := &d.types[number]
	if r.built != nil {
		return r.built, nil
	}
	if r.building {
		return nil, fmt.Errorf("%w: a type without a name refers to itself", errCorrupt)
	}
	r.building = true
	var p *plan
	err = d.replay(number, func() (err error) {
		p, err = d.described(depth + 1)
		return err
	})
	if err == nil {
		r = &d.types[number]
		r.built, r.building = p, false
	}
	return p, err
}

func (d *Decoder) typeNumber() (int, error) {
	number, err := d.uvarint()
	if err != nil || number >= uint64(len(d.types)) {
		return 0, fmt.Errorf("%w: it refers to a type that is not there", errCorrupt)
	}
	return int(number), nil
}

// replay calls read at the description with a number.
func (d *Decoder) replay(number int, read func() error) error {
	rest := d.in
	d.in = d.message[d.types[number].offset:]
	d.replays++
	err := read()
	d.replays--
	d.in = rest
	return err
}

// compositeType reads the rest of the description of a composite type.
func (d *Decoder) compositeType(kind reflect.Kind, depth int) (p *plan, err error) {
	var key, elem *plan
	length := 0
	switch kind {
	case reflect.Struct:
		return d.structure(depth)
	case reflect.Func:
		return d.signature(depth)
	case reflect.Array:
		if length, err = d.Int(); err != nil {
			return nil, err
		}
	case reflect.Map:
		if key, err = d.described(depth); err != nil {
			return nil, err
		}
	}
	if elem, err = d.described(depth); err != nil {
		return nil, err
	}
	return d.domain.listOf(kind, length, key, elem)
}

// structure reads the descriptions of a struct's fields.
func (d *Decoder) structure(depth int) (*plan, error) {
	n, err := d.count(4) // of two lengths, a flag and a kind
	if err != nil {
		return nil, err
	}
	var fields []describedField
	for range n {
		var f describedField
		if f.name, err = d.text(); err != nil {
			return nil, err
		}
		if f.tag, err = d.text(); err != nil {
			return nil, err
		}
		if f.embedded, err = d.flag(); err != nil {
			return nil, err
		}
		if f.plan, err = d.described(depth); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return d.domain.structOf(fields)
}

// signature reads the parameters and results of a func.
func (d *Decoder) signature(depth int) (*plan, error) {
	var lists [2][]*plan
	for i := range lists {
		n, err := d.count(1)
		if err != nil {
			return nil, err
		}
		for range n {
			part, err := d.described(depth)
			if err != nil {
				return nil, err
			}
			lists[i] = append(lists[i], part)
		}
	}
	variadic, err := d.flag()
	if err != nil {
		return nil, err
	}
	return d.domain.funcOf(lists[0], lists[1], variadic)
}
