package mpruntime

import (
	"fmt"
	"math"
	"reflect"
	"strings"
)

// A type description begins with the number of its reflect.Kind or one of these.
const (
	typeNamed = 64 + iota // a registered type: its name
	typeOwn               // a type that encodes itself, not registered: its name
	typeOld               // the number of a composite type described before
)

// maxTypeDepth bounds the nesting of a type description, and maxTypeWeight the
// length of what it would look like written out, which can be exponentially
// longer than the description and which package reflect keeps for ever.
const (
	maxTypeDepth  = 500
	maxTypeWeight = 1 << 16
)

// describe appends the description of t.
func (e *Encoder) describe(t reflect.Type) {
	if name := nameOf(e.Types, t); name != "" {
		e.out = append(e.out, typeNamed)
		e.text(name)
		return
	}
	if hookOf(t) != nil {
		e.out = append(e.out, typeOwn)
		e.text(t.String())
		return
	}
	switch t.Kind() {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
		if number, seen := e.types[t]; seen {
			e.out = append(e.out, typeOld)
			e.uvarint(number)
			return
		}
		e.types[t] = uint64(len(e.types))
	}
	e.out = append(e.out, byte(t.Kind()))
	switch t.Kind() {
	case reflect.Array:
		e.uvarint(uint64(t.Len()))
		e.describe(t.Elem())
	case reflect.Slice, reflect.Pointer:
		e.describe(t.Elem())
	case reflect.Map:
		e.describe(t.Key())
		e.describe(t.Elem())
	case reflect.Struct:
		e.uvarint(uint64(t.NumField()))
		for i := range t.NumField() {
			f := t.Field(i)
			e.text(f.Name)
			e.text(string(f.Tag))
			if f.Anonymous {
				e.out = append(e.out, 1)
			} else {
				e.out = append(e.out, 0)
			}
			e.describe(f.Type)
		}
	case reflect.Interface, reflect.Chan, reflect.Func:
		e.text(t.String())
	}
}

// rebuildable reports why a type cannot be made from its description alone,
// which a value in an interface requires, and which part of it is in the way.
func (e *Encoder) rebuildable(t reflect.Type, open []reflect.Type) (offending reflect.Type, why string) {
	if nameOf(e.Types, t) != "" {
		return nil, ""
	}
	for _, o := range open {
		if o == t {
			return t, "in an interface the type travels along, and this one refers to itself"
		}
	}
	if t.Name() != "" && t.PkgPath() != "" {
		return t, "in an interface the type travels along, and the other process cannot tell this one by its name"
	}
	open = append(open, t)
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return t, processBound(t.Kind())
	case reflect.Interface:
		if t != anyType && t != errorType {
			return t, "in an interface the type travels along, and this one has methods"
		}
	case reflect.Array, reflect.Slice, reflect.Pointer:
		return e.rebuildable(t.Elem(), open)
	case reflect.Map:
		if offending, why = e.rebuildable(t.Key(), open); why != "" {
			return offending, why
		}
		return e.rebuildable(t.Elem(), open)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() {
				return t, fmt.Sprintf("its field %s is not exported: export its fields, or give it MarshalBinary and UnmarshalBinary", f.Name)
			}
			if offending, why = e.rebuildable(f.Type, open); why != "" {
				return offending, why
			}
			if f.Anonymous && f.Type.NumMethod() > 0 {
				return t, "in an interface the type travels along, and this one embeds methods"
			}
		}
	}
	return nil, ""
}

// typeDescription is a description as it was read. Recursive types make it a
// cycle.
type typeDescription struct {
	kind      reflect.Kind
	name      string // of a registered type, a type that encodes itself, an interface, chan or func
	own       bool   // it encodes itself and is not registered
	named     reflect.Type
	length    int
	key, elem *typeDescription
	fields    []fieldDescription

	building bool
	built    reflect.Type
	weight   int // valid when built
}

type fieldDescription struct {
	name, tag string
	embedded  bool
	typ       *typeDescription
}

// description reads a type description.
func (d *Decoder) description(depth int) (*typeDescription, error) {
	if depth > maxTypeDepth {
		return nil, errCorrupt
	}
	b, err := d.byte()
	if err != nil {
		return nil, err
	}
	t := &typeDescription{kind: reflect.Kind(b)}
	switch b {
	case typeNamed, typeOwn:
		if t.name, err = d.text(); err != nil {
			return nil, err
		}
		t.own = b == typeOwn
		if t.named = typeNamedBy(d.Types, t.name); t.named == nil && !t.own {
			return nil, errCorrupt
		}
		return t, nil
	case typeOld:
		number, err := d.uvarint()
		if err != nil || number >= uint64(len(d.types)) {
			return nil, errCorrupt
		}
		return d.types[number], nil
	}
	switch t.kind {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
		d.types = append(d.types, t)
	}
	switch t.kind {
	case reflect.Array:
		n, err := d.uvarint()
		if err != nil || n > math.MaxInt32 {
			return nil, errCorrupt
		}
		t.length = int(n)
		t.elem, err = d.description(depth + 1)
		return t, err
	case reflect.Slice, reflect.Pointer:
		t.elem, err = d.description(depth + 1)
		return t, err
	case reflect.Map:
		if t.key, err = d.description(depth + 1); err != nil {
			return nil, err
		}
		t.elem, err = d.description(depth + 1)
		return t, err
	case reflect.Struct:
		t.fields, err = d.fields(depth + 1)
		return t, err
	case reflect.Interface, reflect.Chan, reflect.Func:
		t.name, err = d.text()
		return t, err
	case reflect.UnsafePointer:
		return t, nil
	}
	if basicType(t.kind) == nil {
		return nil, errCorrupt
	}
	return t, nil
}

// fields reads the descriptions of a struct's fields.
func (d *Decoder) fields(depth int) ([]fieldDescription, error) {
	n, err := d.count(4) // of two lengths, a flag and a kind
	if err != nil {
		return nil, err
	}
	var fields []fieldDescription
	for range n {
		var f fieldDescription
		if f.name, err = d.text(); err != nil {
			return nil, err
		}
		if f.tag, err = d.text(); err != nil {
			return nil, err
		}
		embedded, err := d.byte()
		if err != nil || embedded > 1 {
			return nil, errCorrupt
		}
		f.embedded = embedded == 1
		if f.typ, err = d.description(depth); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// pairing is a comparison that has begun.
type pairing struct {
	description *typeDescription
	typ         reflect.Type
}

// fits reports whether a type has this description.
func (t *typeDescription) fits(names TypeNames, r reflect.Type, begun map[pairing]bool) bool {
	if name := nameOf(names, r); name != "" || t.named != nil && !t.own {
		return t.named != nil && !t.own && t.name == name
	}
	if hookOf(r) != nil || t.own {
		return t.own && hookOf(r) != nil && t.name == r.String()
	}
	if t.kind != r.Kind() {
		return false
	}
	switch t.kind {
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Struct:
		if p := (pairing{t, r}); begun[p] {
			return true
		} else {
			begun[p] = true
		}
	}
	switch t.kind {
	case reflect.Array:
		return t.length == r.Len() && t.elem.fits(names, r.Elem(), begun)
	case reflect.Slice, reflect.Pointer:
		return t.elem.fits(names, r.Elem(), begun)
	case reflect.Map:
		return t.key.fits(names, r.Key(), begun) && t.elem.fits(names, r.Elem(), begun)
	case reflect.Struct:
		if len(t.fields) != r.NumField() {
			return false
		}
		for i, f := range t.fields {
			if r.Field(i).Name != f.name || !f.typ.fits(names, r.Field(i).Type, begun) {
				return false
			}
		}
	case reflect.Interface, reflect.Chan, reflect.Func:
		return t.name == r.String()
	}
	return true
}

// build makes the type that is described.
func (t *typeDescription) build() (built reflect.Type, err error) {
	if t.built != nil {
		return t.built, nil
	}
	if t.building || t.own {
		return nil, errCorrupt
	}
	t.building = true
	defer func() {
		t.building = false
		// Package reflect answers descriptions that no type has by panics.
		if r := recover(); r != nil {
			built, err = nil, fmt.Errorf("%w: %v", errCorrupt, r)
		}
		t.built = built
	}()
	t.weight = 1
	for _, part := range t.parts() {
		if _, err := part.build(); err != nil {
			return nil, err
		}
		if t.weight += part.weight; t.weight > maxTypeWeight {
			return nil, errCorrupt
		}
	}
	for _, f := range t.fields {
		if t.weight += len(f.name) + len(f.tag); t.weight > maxTypeWeight {
			return nil, errCorrupt
		}
	}
	if t.named != nil {
		return t.named, nil
	}
	switch t.kind {
	case reflect.Array:
		if size := t.elem.built.Size(); size > 0 && uintptr(t.length) > math.MaxInt32/size {
			return nil, errCorrupt
		}
		return reflect.ArrayOf(t.length, t.elem.built), nil
	case reflect.Slice:
		return reflect.SliceOf(t.elem.built), nil
	case reflect.Pointer:
		return reflect.PointerTo(t.elem.built), nil
	case reflect.Map:
		if !t.key.built.Comparable() {
			return nil, errCorrupt
		}
		return reflect.MapOf(t.key.built, t.elem.built), nil
	case reflect.Struct:
		fields := make([]reflect.StructField, len(t.fields))
		for i, f := range t.fields {
			fields[i] = reflect.StructField{Name: f.name, Tag: reflect.StructTag(f.tag), Anonymous: f.embedded, Type: f.typ.built}
		}
		return reflect.StructOf(fields), nil
	case reflect.Interface:
		switch t.name {
		case anyType.String():
			return anyType, nil
		case errorType.String():
			return errorType, nil
		}
		return nil, errCorrupt
	}
	if basic := basicType(t.kind); basic != nil {
		return basic, nil
	}
	return nil, errCorrupt
}

// parts returns the types that t is made of.
func (t *typeDescription) parts() []*typeDescription {
	var parts []*typeDescription
	for _, part := range []*typeDescription{t.key, t.elem} {
		if part != nil {
			parts = append(parts, part)
		}
	}
	for _, f := range t.fields {
		parts = append(parts, f.typ)
	}
	return parts
}

// String names the type for an error, no deeper than one level.
func (t *typeDescription) String() string {
	if t.name != "" {
		return t.name
	}
	inner := func(u *typeDescription) string {
		switch {
		case u.name != "":
			return u.name
		case u.elem != nil || u.fields != nil:
			return u.kind.String() + "…"
		}
		return u.kind.String()
	}
	switch t.kind {
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.length, inner(t.elem))
	case reflect.Slice:
		return "[]" + inner(t.elem)
	case reflect.Pointer:
		return "*" + inner(t.elem)
	case reflect.Map:
		return "map[" + inner(t.key) + "]" + inner(t.elem)
	case reflect.Struct:
		var b strings.Builder
		for i, f := range t.fields {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(f.name + " " + inner(f.typ))
		}
		return "struct { " + b.String() + " }"
	}
	return t.kind.String()
}
