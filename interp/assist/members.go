package assist

import (
	"go/ast"
	"go/types"
	"slices"
)

// members lists what may follow the dot of sel.
func (q *question) members(l *list, sel *ast.SelectorExpr) {
	defer l.end()
	if id, ok := sel.X.(*ast.Ident); ok {
		if pkg, ok := q.Info.Uses[id].(*types.PkgName); ok {
			q.packageMembers(l, pkg.Imported())
			return
		}
	}
	tv, ok := q.Info.Types[sel.X]
	if !ok || tv.Type == nil {
		return
	}
	if tv.IsType() {
		set := types.NewMethodSet(tv.Type)
		for m := range set.Methods() {
			q.addMember(l, m.Obj())
		}
		return
	}
	if !tv.IsValue() {
		return
	}
	addressable := tv.Addressable()
	for _, name := range q.candidates(tv.Type) {
		if obj, _, _ := types.LookupFieldOrMethod(tv.Type, addressable, q.Pkg, name); obj != nil {
			q.addMember(l, obj)
		}
	}
	q.newMethods(l, tv.Type)
}

func (q *question) addMember(l *list, obj types.Object) {
	if invented(obj.Name()) || !obj.Exported() && obj.Pkg() != nil && obj.Pkg().Path() != q.Pkg.Path() {
		return
	}
	l.add(q.match(obj))
}

// packageMembers lists what a package exports.
func (q *question) packageMembers(l *list, pkg *types.Package) {
	onlyTypes := q.wantsType()
	scope := pkg.Scope()
	for _, name := range scope.Names() {
		if !l.fits(name) {
			continue
		}
		obj := scope.Lookup(name)
		if _, isType := obj.(*types.TypeName); obj.Exported() && (isType || !onlyTypes) {
			l.add(q.match(obj))
		}
	}
}

// candidates are the names that may be fields or methods of a value of type t,
// those of embedded types included.
func (q *question) candidates(t types.Type) []string {
	var names []string
	seen := map[types.Type]bool{}
	var visit func(t types.Type)
	visit = func(t types.Type) {
		t = types.Unalias(t)
		if seen[t] {
			return
		}
		seen[t] = true
		if p, ok := t.(*types.Pointer); ok {
			visit(p.Elem())
			return
		}
		if named, ok := t.(*types.Named); ok {
			for m := range named.Methods() {
				names = append(names, m.Name())
			}
		}
		switch u := t.Underlying().(type) {
		case *types.Struct:
			for f := range u.Fields() {
				names = append(names, f.Name())
				if f.Embedded() {
					visit(f.Type())
				}
			}
		case *types.Interface:
			for m := range u.Methods() {
				names = append(names, m.Name())
			}
		case *types.Pointer: // type P *T
			visit(u.Elem())
		}
	}
	visit(t)
	return names
}

// newMethods lists the methods that the cell itself gives to a type of an earlier
// one.
func (q *question) newMethods(l *list, t types.Type) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return
	}
	for _, f := range q.Funcs {
		if f.Recv == named.Obj() && f.Object.Signature().Recv() == nil {
			// The receiver is its first parameter here.
			sig := f.Object.Signature()
			params := types.NewTuple(slices.Collect(sig.Params().Variables())[1:]...)
			sig = types.NewSignatureType(nil, nil, nil, params, sig.Results(), sig.Variadic())
			l.add(q.match(types.NewFunc(f.Object.Pos(), q.Pkg, f.Decl.Name.Name, sig)))
		}
	}
}
