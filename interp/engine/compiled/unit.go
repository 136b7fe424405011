package compiled

import (
	"go/types"
	"slices"
	"weak"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/check"
)

// A unit is what is kept of a unit that was loaded, so that what it declares can
// be named to another process that loads it too.
type unit struct {
	// serial is the unit's number in the session.
	serial int
	// needs are the serials of the units that must be loaded before this one.
	needs []int
	// objects are the variables, constants, types and functions that the unit
	// declares first, by name.
	objects map[string]types.Object
	// types are the named types that it declares, local ones included, in the
	// order of the source.
	types []*types.TypeName
	// roots are the functions that it gives bodies to, in the order of the source,
	// and functions all that have SSA in it, once somebody asked.
	roots     []*ssa.Function
	functions []*ssa.Function
	// declares says that the unit is the first to declare something, methods included.
	declares bool
	// pkg is nil, and roots are released, once the unit only lives as long as these.
	pkg      *ssa.Package
	key      weak.Pointer[ssa.Package] // leads to pkg, too
	released []weakFunction
	// pinned says that the unit is kept whatever happens.
	pinned bool
}

// newUnit records u. The caller holds e.tables.
func (e *Engine) newUnit(serial int, u *check.Unit, b built) *unit {
	n := &unit{serial: serial, objects: map[string]types.Object{}, pkg: b.pkg, key: weak.Make(b.pkg)}
	scope := u.Pkg.Scope()
	declare := func(obj types.Object) {
		if _, known := e.declared[obj]; known || hidden(obj.Name()) {
			return
		}
		e.declared[obj] = n
		n.declares = true
		if obj.Parent() == scope {
			n.objects[obj.Name()] = obj
		}
	}
	for _, v := range u.Vars {
		declare(v)
	}
	for _, f := range u.Funcs {
		declare(f.Object)
	}
	for _, obj := range u.Info.Defs {
		if obj == nil {
			continue
		}
		if name, ok := obj.(*types.TypeName); ok && !name.IsAlias() {
			if _, parameter := name.Type().(*types.TypeParam); !parameter {
				n.types = append(n.types, name)
			}
		}
		if scope.Lookup(obj.Name()) == obj { // and not a signature for another's body
			declare(obj)
		}
	}
	slices.SortFunc(n.types, func(a, b *types.TypeName) int { return int(a.Pos() - b.Pos()) })
	for _, t := range n.types {
		e.typeUnits[t] = n
	}
	need := func(obj types.Object) {
		if other := e.declared[obj]; other != nil && other != n && !slices.Contains(n.needs, other.serial) {
			n.needs = append(n.needs, other.serial)
		}
	}
	for _, obj := range u.Info.Uses {
		need(obj)
		if f, ok := obj.(*types.Func); ok {
			need(f.Origin())
		}
	}
	for _, v := range u.Locals {
		need(v)
	}
	for _, f := range u.Funcs {
		need(f.Object)
	}
	slices.Sort(n.needs)
	n.roots = b.roots()
	return n
}

// roots returns the functions of a unit in the order of the source.
func (b built) roots() []*ssa.Function {
	var roots []*ssa.Function
	for _, fn := range b.bodies {
		roots = append(roots, fn)
	}
	for _, fn := range []*ssa.Function{b.initialize, b.main, b.statements} {
		if fn != nil && !slices.Contains(roots, fn) {
			roots = append(roots, fn)
		}
	}
	slices.SortFunc(roots, func(a, b *ssa.Function) int {
		if a.Pos() != b.Pos() {
			return int(a.Pos() - b.Pos())
		}
		return len(a.Name()) - len(b.Name())
	})
	return roots
}

// all returns every function that has SSA in n, in an order that depends on the
// source alone. Methods of instances, which n's interfaces may call, are among them.
func (n *unit) all(b *builder) []*ssa.Function {
	if n.functions != nil {
		return n.functions
	}
	seen := map[*ssa.Function]bool{}
	instances := map[types.Type]bool{}
	var visit func(fn *ssa.Function)
	methods := func(t types.Type) {
		named, ok := types.Unalias(t).(*types.Named)
		if !ok || named.TypeArgs().Len() == 0 || !ours(named.Obj()) || types.IsInterface(named) {
			return
		}
		for _, t := range []types.Type{named, types.NewPointer(named)} {
			for sel := range types.NewMethodSet(t).Methods() {
				if fn, err := b.method(sel); err == nil {
					visit(fn)
				}
			}
		}
	}
	visit = func(fn *ssa.Function) {
		if fn == nil || seen[fn] || fn.Blocks == nil {
			return
		}
		seen[fn] = true
		n.functions = append(n.functions, fn)
		var space [8]*ssa.Value
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				for _, op := range instr.Operands(space[:0]) {
					if callee, ok := (*op).(*ssa.Function); ok {
						visit(callee)
					}
				}
				if m, ok := instr.(*ssa.MakeInterface); ok {
					t := types.Unalias(m.X.Type())
					if p, ok := t.(*types.Pointer); ok {
						t = p.Elem()
					}
					if !instances[t] {
						instances[t] = true
						methods(t)
					}
				}
			}
		}
	}
	for _, fn := range n.living() {
		visit(fn)
	}
	functions := n.functions
	if n.pkg == nil {
		n.functions = nil // they would be kept
	}
	return functions
}
