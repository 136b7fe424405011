package rtype

import (
	"go/types"
	"reflect"
	"unsafe"
)

// typesByString returns the type literals of the program, in particular the
// pointers to its named types, whose text is s.
//
//go:linkname typesByString reflect.typesByString
func typesByString(s string) []*abiType

// sessionPath is the import path of what cells declare.
const sessionPath = "main"

// known returns the compiled type that a named type stands for, or nil. Types
// that the tables cannot name, unexported ones and instances of generic types,
// are looked for among all types of the program.
func (b *builder) known(typ *types.Named) reflect.Type {
	obj := typ.Obj()
	if isLocal(obj) {
		return nil
	}
	args := typ.TypeArgs()
	if args.Len() == 0 {
		if rt := b.compiled(obj); rt != nil {
			return rt
		}
	}
	if ofSession(typ) {
		return nil
	}
	text := b.string(typ)
	for _, p := range b.program("*" + text) {
		rt := FromPointer(unsafe.Pointer(p)).Elem()
		if rt.PkgPath() == obj.Pkg().Path() && rt.String() == text && sameLayout(rt, b.shape(typ.Underlying())) {
			return rt
		}
	}
	return nil
}

// ofSession reports whether a type is one that only a session has, or mentions
// one. It makes no type.
func ofSession(typ types.Type) bool {
	switch typ := types.Unalias(typ).(type) {
	case *types.Named:
		if typ.Obj().Pkg() != nil && (typ.Obj().Pkg().Path() == sessionPath || isLocal(typ.Obj())) {
			return true
		}
		for arg := range typ.TypeArgs().Types() {
			if ofSession(arg) {
				return true
			}
		}
	case *types.Map:
		return ofSession(typ.Key()) || ofSession(typ.Elem())
	case interface{ Elem() types.Type }:
		return ofSession(typ.Elem())
	case *types.Signature:
		return ofSession(typ.Params()) || ofSession(typ.Results())
	case *types.Tuple:
		for v := range typ.Variables() {
			if ofSession(v.Type()) {
				return true
			}
		}
	case *types.Struct:
		for f := range typ.Fields() {
			if ofSession(f.Type()) {
				return true
			}
		}
	case *types.Interface:
		for m := range typ.Methods() {
			if ofSession(m.Type()) {
				return true
			}
		}
	}
	return false
}

func sameLayout(x, y reflect.Type) bool {
	return x.Size() == y.Size() && x.Align() == y.Align() && PointerShaped(x) == PointerShaped(y)
}

// findStruct returns the struct type of the program with these fields, or nil.
func (b *builder) findStruct(text string, fields []reflect.StructField) reflect.Type {
candidates:
	for _, p := range b.program(text) {
		rt := FromPointer(unsafe.Pointer(p))
		if rt.Kind() != reflect.Struct || rt.NumField() != len(fields) {
			continue
		}
		for i, want := range fields {
			got := rt.Field(i)
			if got.Name != want.Name || got.Type != want.Type || got.Tag != want.Tag || got.Anonymous != want.Anonymous || got.PkgPath != want.PkgPath {
				continue candidates
			}
		}
		return rt
	}
	return nil
}
