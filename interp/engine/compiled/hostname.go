package compiled

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"cuaderno/interp/symbols"
)

// hostName returns the import path and the name of a function that a compiled
// package declares, as cells have it; "" for closures and methods.
func (e *Engine) hostName(fv reflect.Value) (path, name string) {
	p := objectOf(fv)
	for _, tables := range []map[string]map[string]reflect.Value{e.options.Replaced, e.callerFuncs, e.insteads} {
		for path, table := range tables {
			for name, v := range table {
				if v.Kind() == reflect.Func && objectOf(v) == p {
					return path, name
				}
			}
		}
	}
	fn := runtime.FuncForPC(fv.Pointer())
	if fn == nil {
		return "", ""
	}
	slash := strings.LastIndexByte(fn.Name(), '/') + 1
	pkg, name, _ := strings.Cut(fn.Name()[slash:], ".")
	path = fn.Name()[:slash] + pkg
	if v, ok := symbols.Lookup(path, name); ok && v.Kind() == reflect.Func && objectOf(v) == p {
		return path, name
	}
	return "", ""
}

// HostFunction returns a function that a compiled package declares, as cells have
// it.
func (e *Engine) HostFunction(path, name string) (reflect.Value, error) {
	if v, ok := e.replaced(path, name); ok {
		return v, nil
	}
	if v, ok := symbols.Lookup(path, name); ok && v.Kind() == reflect.Func {
		return v, nil
	}
	return reflect.Value{}, fmt.Errorf("%s.%s is no function that cells can call", path, name)
}
