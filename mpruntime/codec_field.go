package mpruntime

import (
	"reflect"
	"unsafe"
)

// This file reaches the unexported fields of types that a notebook declares:
// they are the notebook's own, and travel with its values. Package reflect lets
// them be read and set only through their address, which is where unsafe comes
// in; the cells of interp/testdata/children.txtar check it.

// notebook is the import path of what cells declare.
const notebook = "main"

// withFields returns v, or a copy of it, such that field can reach its fields.
func withFields(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	for i := range v.NumField() {
		if v.Type().Field(i).PkgPath == notebook {
			c := reflect.New(v.Type()).Elem()
			c.Set(v)
			return c
		}
	}
	return v
}

// field returns the i-th field of v, free of the restrictions on unexported ones
// if it is the notebook's.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	if v.Type().Field(i).PkgPath != notebook {
		return f
	}
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}
