package compiled

import (
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// A Reach is what functions and types can reach when they run: the units that
// another process must load, and the session variables whose values it needs.
// It grows as long as something is added.
type Reach struct {
	e         *Engine
	units     map[int]bool
	variables map[*types.Var]bool
	functions map[*ssa.Function]bool
	types     map[types.Type]bool
	calls     map[string]bool // import paths of compiled functions
	order     []*types.Var
}

// NewReach returns an empty Reach.
func (e *Engine) NewReach() *Reach {
	return &Reach{e, map[int]bool{}, map[*types.Var]bool{}, map[*ssa.Function]bool{}, map[types.Type]bool{}, map[string]bool{}, nil}
}

// Function adds a function.
func (r *Reach) Function(f Function) {
	if f.ssa == nil {
		return
	}
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	r.unit(f.Unit)
	r.function(f.ssa)
}

// Type adds a type that a value has, with its methods.
func (r *Reach) Type(rt reflect.Type) {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	if t := r.e.types.TypeOf(rt); t != nil {
		r.typ(t)
	}
}

// Variables returns the session variables in the order in which they were
// reached.
func (r *Reach) Variables() []Variable {
	list := make([]Variable, len(r.order))
	for i, v := range r.order {
		list[i] = Variable{r.e.declaredIn(v), v.Name()}
	}
	return list
}

// Units returns the serials of the units, in the order in which they were loaded.
func (r *Reach) Units() []int {
	var list []int
	for serial := range r.units {
		list = append(list, serial)
	}
	slices.Sort(list)
	return list
}

// unit adds a unit with those that it needs.
func (r *Reach) unit(serial int) {
	if r.units[serial] {
		return
	}
	n := r.e.unit(serial)
	if n == nil {
		return
	}
	r.units[serial] = true
	for _, need := range n.needs {
		r.unit(need)
	}
}

func (r *Reach) function(fn *ssa.Function) {
	if fn == nil || r.functions[fn] {
		return
	}
	r.functions[fn] = true
	if fn.Blocks == nil {
		r.declared(fn)
		return
	}
	var space [8]*ssa.Value
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			for _, op := range instr.Operands(space[:0]) {
				switch v := (*op).(type) {
				case *ssa.Function:
					r.function(v)
				case *ssa.Global:
					if obj, ok := v.Object().(*types.Var); ok && ours(obj) {
						r.variable(obj)
					}
				}
			}
			if m, ok := instr.(*ssa.MakeInterface); ok {
				r.typ(m.X.Type())
			}
		}
	}
}

// declared adds the body that a declared function has now.
func (r *Reach) declared(fn *ssa.Function) {
	obj, ok := fn.Object().(*types.Func)
	switch {
	case !ok:
	case ours(obj):
		r.method(obj)
	case obj.Pkg() != nil:
		r.calls[obj.Pkg().Path()] = true
	}
}

func (r *Reach) method(obj *types.Func) {
	r.e.tables.Lock()
	f, serial := r.e.funcs[obj], r.e.boundIn[obj]
	r.e.tables.Unlock()
	if f == nil || f.source == nil {
		return
	}
	r.unit(serial)
	r.function(f.source)
}

func (r *Reach) variable(obj *types.Var) {
	if r.variables[obj] {
		return
	}
	r.variables[obj] = true
	r.order = append(r.order, obj)
	r.unit(r.e.declaredIn(obj))
}

// typ adds the methods of a type, which an interface may call.
func (r *Reach) typ(t types.Type) {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if r.types[t] {
		return
	}
	r.types[t] = true
	named, ok := types.Unalias(t).(*types.Named)
	if ok {
		r.e.tables.Lock()
		n := r.e.typeUnits[named.Origin().Obj()]
		r.e.tables.Unlock()
		if n != nil {
			r.unit(n.serial)
		}
		for arg := range named.TypeArgs().Types() {
			r.typ(arg)
		}
	}
	set := types.NewMethodSet(types.NewPointer(t))
	for sel := range set.Methods() {
		if m, ok := sel.Obj().(*types.Func); ok && ours(m) {
			r.method(m.Origin())
		}
	}
}

// declaredIn returns the serial of the unit that declared obj.
func (e *Engine) declaredIn(obj types.Object) int {
	e.tables.Lock()
	defer e.tables.Unlock()
	if n := e.declared[obj]; n != nil {
		return n.serial
	}
	return 0
}
