package check

import (
	"errors"
	"go/types"
	"reflect"
	"unsafe"
)

// This file takes names and inner scopes out of a types.Scope and methods off a
// types.Named, which go/types does not offer: its packages never change, a
// session does.
//
// It relies on types.Scope having fields elems of type map[string]types.Object
// and children of type []*types.Scope, and types.Named a field methods of type
// []*types.Func. The Go release is pinned; layoutError, called when a session
// starts, refuses another layout.

func layoutError() error {
	elems, ok := reflect.TypeFor[types.Scope]().FieldByName("elems")
	if !ok || elems.Type != reflect.TypeFor[map[string]types.Object]() {
		return errors.New("this Go release lays out go/types.Scope differently: build Cuaderno with the Go release that go.mod names")
	}
	children, ok := reflect.TypeFor[types.Scope]().FieldByName("children")
	if !ok || children.Type != reflect.TypeFor[[]*types.Scope]() {
		return errors.New("this Go release lays out go/types.Scope differently: build Cuaderno with the Go release that go.mod names")
	}
	methods, ok := reflect.TypeFor[types.Named]().FieldByName("methods")
	if !ok || methods.Type != reflect.TypeFor[[]*types.Func]() {
		return errors.New("this Go release lays out go/types.Named differently: build Cuaderno with the Go release that go.mod names")
	}
	return nil
}

// remove takes name out of scope.
func remove(scope *types.Scope, name string) {
	field, _ := reflect.TypeFor[types.Scope]().FieldByName("elems")
	elems := *(*map[string]types.Object)(unsafe.Add(unsafe.Pointer(scope), field.Offset))
	delete(elems, name)
}

// forgetChildren takes the scopes inside scope out of it. Objects still know the
// scopes around them; nothing is looked up from the outside in.
func forgetChildren(scope *types.Scope) {
	field, _ := reflect.TypeFor[types.Scope]().FieldByName("children")
	*(*[]*types.Scope)(unsafe.Add(unsafe.Pointer(scope), field.Offset)) = nil
}

// removeMethod takes the method m off named.
func removeMethod(named *types.Named, m *types.Func) {
	field, _ := reflect.TypeFor[types.Named]().FieldByName("methods")
	methods := (*[]*types.Func)(unsafe.Add(unsafe.Pointer(named), field.Offset))
	kept := (*methods)[:0:0]
	for _, other := range *methods {
		if other != m {
			kept = append(kept, other)
		}
	}
	*methods = kept
}
