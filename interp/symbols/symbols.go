// Package symbols binds compiled packages to interpreted code: for every
// public package of the standard library, and for the project's own packages
// that cells may import, a table of its variables, functions and types as
// reflect values. Constants are not in it: the type checker knows their values.
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
	"reflect"
	"slices"
	"strings"
)

// A table is what one package exports. Generic functions and types, and
// interfaces that only constrain type parameters, are not values and are
// absent. Each list is sorted by name.
type table struct {
	funcs []symbol
	vars  []symbol // pointers to variables
	types []symbol // nil pointers to types
	// unexported are functions that the generic source of a package of our own
	// mentions.
	unexported []link
	// keptTypes returns a nil *T for each unexported type T that it mentions; nil
	// for no types.
	keptTypes func() []any
}

type symbol struct {
	name  string
	value any
}

// A link is a function under another type.
type link struct {
	name string
	code func()
}

// Lookup returns one function or variable of the package that path imports: a
// function is its value, a variable is addressable. It knows besides the
// functions without a body that the sources of package stdlib declare, whose
// names are unexported. ok is false for unknown names and generic functions.
// Lookup allocates nothing and is safe for concurrent use.
func Lookup(path, name string) (v reflect.Value, ok bool) {
	t := lookup(path)
	if t == nil {
		return reflect.Value{}, false
	}
	if s, ok := find(t.funcs, name); ok {
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
// it has none, or a generic one. Of packages of our own it knows the unexported
// types that their generic source mentions. Type is safe for concurrent use.
func Type(path, name string) reflect.Type {
	if t := lookup(path); t != nil {
		if s, ok := find(t.types, name); ok {
			return reflect.TypeOf(s).Elem()
		}
		if t.keptTypes != nil {
			for _, p := range t.keptTypes() {
				if rt := reflect.TypeOf(p).Elem(); rt.Name() == name {
					return rt
				}
			}
		}
	}
	return nil
}

// Code returns a function, F, or a method, (*T).M or T.M, of the package that
// path imports, which is one of our own, for its generic source: one that is
// not exported, or a method of a type that is not. The func value has the code
// of that function, and not its type; a method's receiver comes first. It is nil
// for other names. Code is safe for concurrent use.
func Code(path, name string) func() {
	if t := lookup(path); t != nil {
		for _, l := range t.unexported {
			if l.name == name {
				return l.code
			}
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
