package compiled

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"weak"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/cell"
	"cuaderno/interp/rtype"
)

// sessionFunc returns what callers of a declared function or method know.
func (e *Engine) sessionFunc(obj *types.Func) *Func {
	return e.known(e.funcs, obj, func() *Func {
		return &Func{engine: e, name: funcName(obj), layout: e.layout(obj.Signature())}
	})
}

// known returns the Func of key in table, and makes it where there is none.
func (e *Engine) known(table map[any]*Func, key any, make func() *Func) *Func {
	e.tables.Lock()
	f := table[key]
	e.tables.Unlock()
	if f != nil {
		return f
	}
	made := make()
	e.tables.Lock()
	defer e.tables.Unlock()
	if f := table[key]; f != nil {
		return f
	}
	table[key] = made
	return made
}

// funcName is the name of a function in a traceback.
func funcName(obj *types.Func) string {
	recv := obj.Signature().Recv()
	if recv == nil {
		return obj.Name()
	}
	t := recv.Type()
	if p, ok := t.(*types.Pointer); ok {
		return "(*" + typeName(p.Elem()) + ")." + obj.Name()
	}
	return typeName(t) + "." + obj.Name()
}

// typeName is the name of a type in a traceback.
func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == "main" {
			return ""
		}
		return p.Name()
	})
}

// ssaFunc returns the Func of a function that has SSA of its own: a literal, a
// wrapper, an instance.
func (e *Engine) ssaFunc(fn *ssa.Function) *Func {
	make := func() *Func {
		return &Func{engine: e, name: e.ssaName(fn), source: fn, layout: e.layout(fn.Signature)}
	}
	if isLibrary(fn) {
		return e.known(e.funcs, fn, make)
	}
	return e.own(fn, make)
}

// ssaName turns go/ssa's f$1 into the f.func1 of a Go traceback.
func (e *Engine) ssaName(fn *ssa.Function) string {
	if parent := fn.Parent(); parent != nil {
		name := fn.Name()
		if _, n, ok := strings.Cut(name, "$"); ok {
			if i := strings.LastIndexByte(name, '$'); i >= 0 {
				n = name[i+1:]
			}
			if parent.Parent() != nil {
				return e.ssaName(parent) + "." + n
			}
			return strings.TrimPrefix(e.ssaName(parent)+".func"+n, ".")
		}
	}
	if fn.Name() == cell.BodyName {
		return "" // the statements of a cell
	}
	e.tables.Lock()
	declared := e.bodyOfObject[weak.Make(fn)]
	e.tables.Unlock()
	if declared != nil {
		return funcName(declared)
	}
	if obj, ok := fn.Object().(*types.Func); ok {
		return funcName(obj)
	}
	return fn.Name()
}

// bodyOf compiles f. That of a function which only leads to a declared one is
// not kept, because the other's may be replaced.
func (e *Engine) bodyOf(f *Func) *body {
	b, other := e.ownBody(f)
	if other != nil {
		return other.compiled()
	}
	return b
}

// ownBody compiles f, or returns the function that it leads to.
func (e *Engine) ownBody(f *Func) (b *body, other *Func) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b := f.body.Load(); b != nil {
		return b, nil
	}
	if f.source == nil && f.resolve != nil {
		f.source = f.resolve()
	}
	if f.source == nil {
		panic(fmt.Sprintf("%s has no body", f.name))
	}
	if f.source.Blocks == nil {
		if other := e.target(f.source); other != nil && other != f {
			return nil, other
		}
		panic(fmt.Sprintf("%s has no body", f.name))
	}
	b = e.compile(f, f.source)
	f.body.Store(b)
	return b, nil
}

// bind gives a declared function a new body.
func (e *Engine) bind(obj *types.Func, fn *ssa.Function) {
	f := e.sessionFunc(obj)
	e.mu.Lock()
	defer e.mu.Unlock()
	f.source = fn
	f.body.Store(nil)
}

// target returns the Func that fn stands for, nil if it is a compiled function.
func (e *Engine) target(fn *ssa.Function) *Func {
	// The object of a wrapper is the method that it wraps.
	if obj, ok := fn.Object().(*types.Func); ok && !wraps(fn) && fn.Origin() == nil && obj.Pkg() != nil && obj.Pkg().Path() == "main" {
		e.tables.Lock()
		f := e.funcs[obj]
		e.tables.Unlock()
		if f != nil {
			return f
		}
		if fn.Blocks == nil {
			return e.sessionFunc(obj)
		}
	}
	if fn.Blocks != nil {
		return e.ssaFunc(fn)
	}
	return nil
}

// layout returns the layout of a signature, with the receiver as a parameter.
func (e *Engine) layout(sig *types.Signature) *layout {
	return newLayout(e.funcType(sig), headerSize)
}

// funcType returns the function type of a signature with the receiver first.
func (e *Engine) funcType(sig *types.Signature) reflect.Type {
	var in, out []reflect.Type
	if recv := sig.Recv(); recv != nil {
		in = append(in, e.typ(recv.Type()))
	}
	for v := range sig.Params().Variables() {
		in = append(in, e.typ(v.Type()))
	}
	for v := range sig.Results().Variables() {
		out = append(out, e.typ(v.Type()))
	}
	return reflect.FuncOf(in, out, sig.Variadic())
}

// typ returns the runtime type of t. That of a value that nobody wants, which
// go/ssa types as invalid, is empty.
func (e *Engine) typ(t types.Type) reflect.Type {
	if t == types.Typ[types.Invalid] {
		return reflect.TypeFor[struct{}]()
	}
	return e.types.Of(t)
}

// funcValue returns fn as a func value.
func (e *Engine) funcValue(fn *ssa.Function) pointer {
	if f := e.target(fn); f != nil {
		return f.funcValue()
	}
	v, err := e.host(fn)
	if err != nil {
		panic(err)
	}
	return v
}

// funcValue returns a function without captures as a func value.
func (f *Func) funcValue() pointer {
	t := trampolineOf(f.layout.typ)
	fn := f.value.Load()
	if fn == nil {
		fn = newFunction(t, f)
		if !f.value.CompareAndSwap(nil, fn) {
			fn = f.value.Load()
		}
	}
	return t.value(fn)
}

// newFunction makes a func value without captures.
func newFunction(t *trampoline, f *Func) *function {
	rt, _ := functionType(t, nil)
	fn := t.init(rtype.New(rt))
	fn.fn = f
	return fn
}
