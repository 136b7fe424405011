package rtype

import (
	"go/types"
	"reflect"
	"strconv"
	"unsafe"
)

var (
	unsafePointer = reflect.TypeFor[unsafe.Pointer]()
	errorType     = reflect.TypeFor[error]()
	anyType       = reflect.TypeFor[any]()
)

// shape returns a type of the layout of typ, which mentions only types that
// are there already: pointers, maps, channels and functions are unsafe
// pointers in it. Equal shapes are one type, so masks are shared.
func (b *builder) shape(typ types.Type) reflect.Type {
	switch typ := types.Unalias(typ).(type) {
	case *types.Basic:
		return b.basic(typ)
	case *types.Named:
		if rt, ok := b.forward.At(typ).(reflect.Type); ok {
			return rt
		}
		if typ.Obj().Pkg() == nil {
			return b.named(typ)
		}
		if rt := b.known(typ); rt != nil {
			return rt
		}
		return b.shape(typ.Underlying())
	case *types.Slice:
		return reflect.TypeFor[[]byte]()
	case *types.Array:
		return b.array(typ, b.shape(typ.Elem()))
	case *types.Struct:
		fields := make([]reflect.StructField, typ.NumFields())
		for i := range fields {
			fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: b.shape(typ.Field(i).Type())}
			if typ.Field(i).Name() == "_" {
				// Blank fields are not compared, which makes the shape another.
				fields[i].Name, fields[i].PkgPath = "_", "shape"
			}
		}
		return reflect.StructOf(fields)
	case *types.Interface:
		return anyType
	case *types.TypeParam:
		fail(typ, "it is a type parameter")
	}
	return unsafePointer
}
