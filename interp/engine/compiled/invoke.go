package compiled

import (
	"go/types"
	"reflect"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/rtype"
)

// A methodTable is what a call of an interface's method has found for a type.
type methodTable struct {
	tab pointer
	// f is the notebook's method; code a compiled method's, as a func value whose
	// first parameter is the interface's data word.
	f    *Func
	code pointer
}

// A methodCache is what a call of an interface's method has found, by the
// interface's table.
type methodCache struct {
	last atomic.Pointer[methodTable]
	all  sync.Map // from pointer to *methodTable
}

// find returns the method for a table that is not the last one's.
func (c *methodCache) find(e *Engine, it types.Type, method *types.Func, tab pointer) *methodTable {
	m, ok := c.all.Load(tab)
	if !ok {
		m, _ = c.all.LoadOrStore(tab, e.methodOf(it, method, tab))
	}
	c.last.Store(m.(*methodTable))
	return m.(*methodTable)
}

// invoke compiles a call of an interface's method.
func (c *compiler) invoke(call *ssa.CallCommon, dst uintptr, wanted bool) step {
	sig := call.Method.Signature()
	it := call.Value.Type()
	x := get[iface](c, call.Value)
	plain := c.e.plainType(sig)
	// Compiled methods take the data word of the interface.
	data := place{c.memory.value(ptr, nil), reflect.TypeFor[pointer]()}
	host := c.hostSite(withReceiver(plain), []place{data}, call.Args, sig, dst, wanted)
	host.acquires = acquires(call)
	// The layout of our method depends on its receiver's type: for one word it is
	// that of the data word, else a wrapper takes the pointer.
	ours := newLayout(withReceiver(plain), headerSize)
	args := c.arguments(ours, []transfer{nil}, call.Args)[1:]
	results := c.taking(ours, sig, dst, wanted)
	receiver := ours.params[0].off
	var found methodCache
	e, method := c.e, call.Method
	forwards := c.forwardsRecover()
	return func(fr *frame) {
		i := x(fr)
		if i.tab == nil {
			panicNil()
		}
		m := found.last.Load()
		if m == nil || m.tab != i.tab {
			m = found.find(e, it, method, i.tab)
		}
		if m.f != nil {
			cf := fr.next(m.f)
			cf.pc = unentered
			*at[pointer](cf, receiver) = i.data
			for _, put := range args {
				put(fr, pointer(cf))
			}
			if forwards {
				fr.forward(cf)
			} else {
				cf.body.call(cf)
			}
			for _, take := range results {
				take(fr, pointer(cf))
			}
			return
		}
		*at[pointer](fr, data.off) = i.data
		host.call(fr, m.code)
	}
}

// withReceiver returns the function type with a pointer as first parameter.
func withReceiver(t reflect.Type) reflect.Type {
	in := []reflect.Type{reflect.TypeFor[pointer]()}
	for p := range t.Ins() {
		in = append(in, p)
	}
	var out []reflect.Type
	for r := range t.Outs() {
		out = append(out, r)
	}
	return reflect.FuncOf(in, out, t.IsVariadic())
}

// plainType returns the function type of a signature without its receiver.
func (e *Engine) plainType(sig *types.Signature) reflect.Type {
	return e.funcType(types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic()))
}

// methodOf finds the method of the type in an interface of type it.
func (e *Engine) methodOf(it types.Type, method *types.Func, tab pointer) *methodTable {
	m := &methodTable{tab: tab}
	rt := rtype.FromPointer(rtype.ItabType(tab))
	if t := e.types.TypeOf(rt); t != nil {
		recv := t
		if !rtype.PointerShaped(rt) {
			recv = types.NewPointer(t)
		}
		set := types.NewMethodSet(recv)
		sel := set.Lookup(method.Pkg(), method.Name())
		if sel != nil {
			m.f = e.methodFunc(sel)
			return m
		}
	}
	if rt.Kind() == reflect.Pointer && rt.Elem().PkgPath() != "" {
		if v, ok := e.replaced(rt.Elem().PkgPath(), "(*"+rt.Elem().Name()+")."+method.Name()); ok {
			m.code = funcPointer(v)
			return m
		}
	}
	code := rtype.ItabFun(tab, methodIndex(it, method))
	p := new(pointer)
	*p = code
	m.code = pointer(p)
	return m
}

// methodIndex returns the place of a method in the tables of an interface type:
// they are sorted as the compiler sorts them.
func methodIndex(it types.Type, method *types.Func) int {
	iface := it.Underlying().(*types.Interface)
	n := 0
	for m := range iface.Methods() {
		if m != method && methodLess(m, method) {
			n++
		}
	}
	return n
}

func methodLess(a, b *types.Func) bool {
	if a.Exported() != b.Exported() {
		return a.Exported()
	}
	if a.Name() != b.Name() {
		return a.Name() < b.Name()
	}
	return !a.Exported() && a.Pkg().Path() < b.Pkg().Path()
}

// methodFunc returns the Func of a selected method, with the receiver as the
// selection has it; nil if only compiled code has it.
func (e *Engine) methodFunc(sel *types.Selection) *Func {
	obj := sel.Obj().(*types.Func)
	if len(sel.Index()) == 1 && obj.Origin() == obj && types.Identical(sel.Recv(), obj.Signature().Recv().Type()) && ours(obj) {
		return e.sessionFunc(obj)
	}
	return e.known(e.funcs, methodKey{obj, rtype.TypePointer(e.typ(sel.Recv()))}, func() *Func {
		f := &Func{engine: e, name: funcName(obj), layout: newLayout(e.receiverType(sel), headerSize)}
		f.resolve = func() *ssa.Function {
			fn, err := e.builder.method(sel)
			if err != nil {
				panic(err)
			}
			return fn
		}
		return f
	})
}

// ours reports whether cells declare obj.
func ours(obj types.Object) bool { return obj.Pkg() != nil && obj.Pkg().Path() == "main" }

type methodKey struct {
	obj  *types.Func
	recv pointer
}

// receiverType returns the function type of a selected method with its receiver
// first.
func (e *Engine) receiverType(sel *types.Selection) reflect.Type {
	plain := e.plainType(sel.Obj().(*types.Func).Signature())
	if sel, ok := sel.Type().(*types.Signature); ok {
		plain = e.plainType(sel)
	}
	in := []reflect.Type{e.typ(sel.Recv())}
	for p := range plain.Ins() {
		in = append(in, p)
	}
	var out []reflect.Type
	for r := range plain.Outs() {
		out = append(out, r)
	}
	return reflect.FuncOf(in, out, plain.IsVariadic())
}
