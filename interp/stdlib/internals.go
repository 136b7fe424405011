package stdlib

import (
	"fmt"
	"go/types"
	"reflect"
	"runtime"
	"unsafe"
)

// This file reaches into go/types and go/importer for two things that they do
// not offer: taking an object out of a scope, and telling an importer of a
// package that it has not read. The Go release is pinned; another one may lay
// out the structs differently and is refused.

// objectsOf returns the objects of scope by name. Deleting one takes it out.
func objectsOf(scope *types.Scope) (map[string]types.Object, error) {
	var objects map[string]types.Object
	err := field(reflect.ValueOf(scope), "elems", &objects)
	return objects, err
}

// packagesOf returns the packages by path that imp, of go/importer, has read
// or has seen mentioned. One that is added and is complete is not read.
func packagesOf(imp types.Importer) (map[string]*types.Package, error) {
	var packages map[string]*types.Package
	err := field(reflect.ValueOf(imp), "packages", &packages)
	return packages, err
}

// field copies the field of the struct that v points to.
func field[T any](v reflect.Value, name string, to *T) error {
	if v.Kind() == reflect.Pointer {
		f := v.Elem().FieldByName(name)
		if f.IsValid() && f.Type() == reflect.TypeFor[T]() {
			*to = *(*T)(unsafe.Pointer(f.UnsafeAddr()))
			return nil
		}
	}
	return fmt.Errorf("%s lays out %s differently", runtime.Version(), v.Type())
}
