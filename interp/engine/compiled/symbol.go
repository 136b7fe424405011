package compiled

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
	"cuaderno/interp/symbols"
)

// host returns a compiled function as a func value, its receiver first.
func (e *Engine) host(fn *ssa.Function) (pointer, error) {
	obj, ok := fn.Object().(*types.Func)
	if !ok {
		return nil, fmt.Errorf("%s has no body", fn)
	}
	v, err := e.hostFunc(obj.Origin())
	if err != nil {
		return nil, err
	}
	return funcPointer(v), nil
}

// funcPointer returns a func value as it is in memory.
func funcPointer(v reflect.Value) pointer {
	p := new(pointer)
	reflect.NewAt(v.Type(), pointer(p)).Elem().Set(v)
	return *p
}

// methodName returns T.M or (*T).M.
func methodName(obj *types.Func) string {
	recv := types.TypeString(obj.Signature().Recv().Type(), func(*types.Package) string { return "" })
	if strings.HasPrefix(recv, "*") {
		recv = "(" + recv + ")"
	}
	return recv + "." + obj.Name()
}

// replaced returns what cells have in place of a function of a compiled package.
func (e *Engine) replaced(path, name string) (reflect.Value, bool) {
	if v, ok := e.options.Replaced[path][name]; ok {
		return v, true
	}
	if v, ok := e.callerFuncs[path][name]; ok {
		return v, true
	}
	e.census.sees(path, name)
	v, ok := e.insteads[path][name]
	return v, ok
}

// hostFunc finds a compiled function or method.
func (e *Engine) hostFunc(obj *types.Func) (reflect.Value, error) {
	if recv := obj.Signature().Recv(); recv != nil {
		if v, ok := e.replaced(obj.Pkg().Path(), methodName(obj)); ok {
			return v, nil
		}
		if v, ok := e.linked(obj, methodName(obj)); ok {
			return v, nil
		}
		rt := e.typ(recv.Type())
		if m, ok := rt.MethodByName(obj.Name()); ok {
			return m.Func, nil
		}
		return reflect.Value{}, fmt.Errorf("%s cannot be called: it is not exported", obj.FullName())
	}
	if v, ok := e.replaced(obj.Pkg().Path(), obj.Name()); ok {
		return v, nil
	}
	if v, ok := symbols.Lookup(obj.Pkg().Path(), obj.Name()); ok {
		return v, nil
	}
	if v, ok := e.linked(obj, obj.Name()); ok {
		return v, nil
	}
	return reflect.Value{}, fmt.Errorf("%s cannot be called from a cell", obj.FullName())
}

// linked returns a function that only the generic source of its package calls.
func (e *Engine) linked(obj *types.Func, name string) (reflect.Value, bool) {
	code := symbols.Code(obj.Pkg().Path(), name)
	if code == nil {
		return reflect.Value{}, false
	}
	return reflect.NewAt(e.funcType(obj.Signature()), pointer(&code)).Elem(), true
}

// global returns the address of a package-level variable.
func (e *Engine) global(g *ssa.Global) pointer {
	if obj, ok := g.Object().(*types.Var); ok {
		return e.variable(obj)
	}
	return e.knownGlobal(g, func() pointer { return rtype.New(e.typ(g.Type().Underlying().(*types.Pointer).Elem())) })
}

// variable returns the address of a declared package-level variable.
func (e *Engine) variable(obj *types.Var) pointer {
	return e.knownGlobal(obj, func() pointer {
		if !ours(obj) {
			if v, ok := symbols.Lookup(obj.Pkg().Path(), obj.Name()); ok && v.CanAddr() {
				return v.Addr().UnsafePointer()
			}
		}
		return rtype.New(e.typ(obj.Type()))
	})
}

func (e *Engine) knownGlobal(key any, make func() pointer) pointer {
	e.tables.Lock()
	p, ok := e.globals[key]
	e.tables.Unlock()
	if ok {
		return p
	}
	made := make()
	e.tables.Lock()
	defer e.tables.Unlock()
	if p, ok := e.globals[key]; ok {
		return p
	}
	e.globals[key] = made
	return made
}
