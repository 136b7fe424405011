// Package symbols binds compiled packages to interpreted code: for every
// public package of the standard library, and for the project's own packages
// that cells may import, a table of its constants, variables, functions and
// types as reflect values.
//
// The tables are generated from export data by internal/stdgen, for the Go
// release and the platform we build with, and are not committed: run
// go generate ./interp/... (or make build). Importing this package links the
// whole standard library; the tables are read-only data, and nothing is done
// when the program starts.
//
// Linking has side effects as importing has. expvar and net/http/pprof
// register handlers in http.DefaultServeMux: a program that lets users serve
// it should put a fresh one there first.
package symbols

import (
	"go/constant"
	"go/token"
	"reflect"
	"slices"
	"strings"
)

// A table is what one package exports. Generic functions and types, and
// interfaces that only constrain type parameters, are not values and are
// absent. Each list is sorted by name.
type table struct {
	values   []symbol  // functions and typed constants
	vars     []symbol  // pointers to variables
	literals []literal // untyped constants
	types    []symbol  // nil pointers to types
	wrappers []symbol  // nil pointers to interface wrappers
}

type symbol struct {
	name  string
	value any
}

// A literal is an untyped number or string as Go source spells it; it may fit
// no Go type.
type literal struct {
	name string
	kind token.Token
	text string
}

// Package returns the name of the package that path imports and what it
// exports, in the form of yaegi's extracted symbols:
//
//   - a function or typed constant is its value;
//   - an untyped number or string is a constant.Value;
//   - a variable is addressable and settable;
//   - a type T is a nil *T;
//   - an interface I has, besides its type, a nil pointer to a struct type
//     under "_I" whose methods call its fields, for interpreted types that
//     become an I; absent where only I's own package can implement it.
//
// ok is false when cells cannot import path. The map is the caller's: each
// call builds a new one. Package is safe for concurrent use.
func Package(path string) (name string, syms map[string]reflect.Value, ok bool) {
	name, t := lookup(path)
	if t == nil {
		return "", nil, false
	}
	syms = make(map[string]reflect.Value, len(t.values)+len(t.vars)+len(t.literals)+len(t.types)+len(t.wrappers))
	for _, list := range [][]symbol{t.values, t.types, t.wrappers} {
		for _, s := range list {
			syms[s.name] = reflect.ValueOf(s.value)
		}
	}
	for _, s := range t.vars {
		syms[s.name] = reflect.ValueOf(s.value).Elem()
	}
	for _, l := range t.literals {
		syms[l.name] = reflect.ValueOf(constant.MakeFromLiteral(l.text, l.kind, 0))
	}
	return name, syms, true
}

// Lookup returns one symbol of the package that path imports, in the form of
// Package: a function or typed constant is its value, a variable is
// addressable, a type T is a nil *T. It knows besides the functions without a
// body that the sources of package stdlib declare, whose names are unexported.
// ok is false for unknown names, generic functions and types, and untyped
// constants. Lookup allocates nothing and is safe for concurrent use.
func Lookup(path, name string) (v reflect.Value, ok bool) {
	_, t := lookup(path)
	if t == nil {
		return reflect.Value{}, false
	}
	if s, ok := find(t.values, name); ok {
		return reflect.ValueOf(s), true
	}
	if s, ok := find(t.types, name); ok {
		return reflect.ValueOf(s), true
	}
	if s, ok := find(t.vars, name); ok {
		return reflect.ValueOf(s).Elem(), true
	}
	if f := helper(path, name); f != nil {
		return reflect.ValueOf(f), true
	}
	return reflect.Value{}, false
}

// Type returns the type called name of the package that path imports, nil if
// it has none, or a generic one. Type is safe for concurrent use.
func Type(path, name string) reflect.Type {
	if _, t := lookup(path); t != nil {
		if s, ok := find(t.types, name); ok {
			return reflect.TypeOf(s).Elem()
		}
	}
	return nil
}

// find searches a list, which is sorted by name.
func find(list []symbol, name string) (value any, ok bool) {
	i, ok := slices.BinarySearchFunc(list, name, func(s symbol, name string) int { return strings.Compare(s.name, name) })
	if !ok {
		return nil, false
	}
	return list[i].value, true
}

// Paths returns the import paths that Package knows, sorted.
func Paths() []string { return paths() }
