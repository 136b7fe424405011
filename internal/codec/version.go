package codec

import (
	"reflect"
	"slices"
)

// This file tells which types one variable may be seen through: types with the same
// structure, and the versions of a named type, of which a session makes another
// whenever the type gets a method. They have one name and one layout. Package
// reflect compares types that refer to themselves, and have one name, without end.

// firstVersion returns the first plan of a type that travels by p's name, p itself if
// there is none.
func (d *Domain) firstVersion(p *plan) *plan {
	if p.name == "" {
		return p
	}
	known, _ := d.firsts.LoadOrStore(p.name, p)
	if first := known.(*plan); first.kind == p.kind && first.typ.Size() == p.typ.Size() {
		return first
	}
	return p
}

// sameValues reports whether what is a pointer, slice, map or func of p's type is one
// of q's type as well.
func sameValues(p, q *plan) bool {
	if p.kind == reflect.Pointer && q.kind == reflect.Pointer {
		return p.elem.first == q.elem.first || sameStructure(p.elem, q.elem)
	}
	return sameStructure(p, q)
}

// identical reports whether two types are versions of one.
func identical(p, q *plan) bool {
	return p.first == q.first || p.typ.Name() == "" && q.typ.Name() == "" && sameStructure(p, q)
}

// sameStructure reports whether two types are identical apart from their names. It
// ends at names, which all types have that refer to themselves.
func sameStructure(p, q *plan) bool {
	if p.kind != q.kind || p.typ.Size() != q.typ.Size() {
		return false
	}
	switch p.kind {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return identical(p.elem, q.elem) && (p.kind != reflect.Array || p.typ.Len() == q.typ.Len())
	case reflect.Map:
		return identical(p.key, q.key) && identical(p.elem, q.elem)
	case reflect.Struct:
		return p.typ.NumField() == q.typ.NumField() && slices.EqualFunc(p.fields, q.fields, func(f, g planField) bool {
			return f.index == g.index && f.name == g.name && f.embedded == g.embedded && identical(f.plan, g.plan)
		})
	case reflect.Func:
		return p.typ.NumIn() == q.typ.NumIn() && p.typ.IsVariadic() == q.typ.IsVariadic() && slices.EqualFunc(p.parts, q.parts, identical)
	case reflect.Interface:
		return p.typ.Implements(q.typ) && q.typ.Implements(p.typ)
	case reflect.Chan:
		return p.typ.AssignableTo(q.typ)
	}
	return true
}

// seenAs returns a value as one of type t, of which sameValues is true.
func seenAs(v reflect.Value, t reflect.Type) reflect.Value {
	variable := reflect.New(v.Type())
	variable.Elem().Set(v)
	return reflect.NewAt(t, variable.UnsafePointer()).Elem()
}
