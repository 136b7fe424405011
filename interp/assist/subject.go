package assist

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// inspect describes what stands at the cursor, nil if nothing is known of it.
func (q *question) inspect() *description {
	if q.id != nil && !invented(q.id.Name) {
		if d := q.describeIdent(q.id, len(q.path)-1); d != nil {
			return d
		}
	}
	for i := len(q.path) - 1; i >= 0; i-- {
		switch n := q.path[i].(type) {
		case *ast.SelectorExpr:
			if invented(n.Sel.Name) && n.X.End() < q.Cursor { // x. and nothing yet
				if d := q.describeExpr(n.X); d != nil {
					return d
				}
			}
		case *ast.CallExpr:
			if n.Lparen < q.Cursor && q.Cursor <= n.Rparen {
				if d := q.describeExpr(n.Fun); d != nil {
					return d
				}
			}
		case *ast.FuncLit:
			if n.Body.Pos() < q.Cursor && q.Cursor < n.Body.End() {
				return nil // calls around it are far away
			}
		}
	}
	return nil
}

// describeExpr describes what an expression names.
func (q *question) describeExpr(e ast.Expr) *description {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return q.describeIdent(e, -1)
	case *ast.SelectorExpr:
		if obj := q.Info.Uses[e.Sel]; obj != nil {
			return q.describe(obj, q.ownerOf(e))
		}
	case *ast.IndexExpr:
		return q.describeExpr(e.X)
	case *ast.IndexListExpr:
		return q.describeExpr(e.X)
	}
	return nil
}

// describeIdent describes what an identifier means. depth is its place in the path,
// -1 if it is not there.
func (q *question) describeIdent(id *ast.Ident, depth int) *description {
	obj := q.Info.ObjectOf(id)
	if obj == nil {
		obj = q.declaredBy(id)
	}
	if v := q.Locals[obj]; v != nil && !q.Own(v) {
		obj = v // the session's, which the cell assigns to
	}
	if obj == nil {
		return q.packageNamed(id)
	}
	var owner *types.Named
	if depth > 0 {
		switch n := q.path[depth-1].(type) {
		case *ast.SelectorExpr:
			if n.Sel == id {
				owner = q.ownerOf(n)
			}
		case *ast.KeyValueExpr:
			if lit, ok := q.path[max(depth-2, 0)].(*ast.CompositeLit); ok && n.Key == id {
				owner = namedOf(q.Info.TypeOf(lit))
			}
		}
	}
	return q.describe(obj, owner)
}

// declaredBy is the function or method whose declaration has the name id.
func (q *question) declaredBy(id *ast.Ident) types.Object {
	for _, f := range q.Funcs {
		if f.Decl.Name == id {
			return f.Object
		}
	}
	return nil
}

// packageNamed describes the package that a name would mean if it were used.
func (q *question) packageNamed(id *ast.Ident) *description {
	if sel := q.selector(); sel != nil {
		return nil
	}
	path := q.Imports[id.Name]
	if path == "" {
		paths := q.Importer.Names(id.Name)
		if len(paths) != 1 {
			return nil
		}
		path = paths[0]
	}
	return q.packageAt(path, q.detail)
}

// ownerOf is the type that has the member that sel selects, nil if it has no name.
func (q *question) ownerOf(sel *ast.SelectorExpr) *types.Named {
	selection := q.Info.Selections[sel]
	if selection == nil {
		return nil
	}
	t := selection.Recv()
	index := selection.Index()
	for _, i := range index[:len(index)-1] {
		named := namedOf(t)
		s, ok := t.Underlying().(*types.Struct)
		if named != nil {
			s, ok = named.Underlying().(*types.Struct)
		}
		if !ok || i >= s.NumFields() {
			return nil
		}
		t = s.Field(i).Type()
	}
	return namedOf(t)
}

// namedOf is the named type that t is, or points to.
func namedOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

// describe describes an object. owner is the type that has it, if it is a field or
// method of one that has a name.
func (q *question) describe(obj types.Object, owner *types.Named) *description {
	if pkg, ok := obj.(*types.PkgName); ok {
		return q.packageAt(pkg.Imported().Path(), q.detail)
	}
	if fn, ok := obj.(*types.Func); ok {
		obj = fn.Origin()
		if recv := fn.Signature().Recv(); recv != nil && namedOf(recv.Type()) != nil {
			owner = namedOf(recv.Type())
		}
	}
	if v, ok := obj.(*types.Var); ok && v.IsField() {
		obj = v.Origin()
	}
	d := &description{declaration: q.declaration(obj, owner)}
	switch {
	case obj.Pkg() == nil:
		q.describePredeclared(d, obj)
	case obj.Pkg().Path() == q.Pkg.Path():
		q.describeOwn(d, obj)
	default:
		d.path = obj.Pkg().Path()
		name := obj.Name()
		if owner != nil && owner.Obj() != obj {
			name = owner.Obj().Name() + "." + name
		}
		d.comment = q.comment(d.path, name)
	}
	if d.declaration == "" {
		return nil
	}
	return d
}

// describePredeclared adds what is said of len, error and so on.
func (q *question) describePredeclared(d *description, obj types.Object) {
	d.path = "builtin"
	name := obj.Name()
	if fn, ok := obj.(*types.Func); ok && fn.Signature().Recv() != nil {
		name = "error." + name
	}
	if _, ok := obj.(*types.Builtin); ok {
		d.declaration = "func " + name + q.builtin(name)
	}
	d.comment = q.comment(d.path, name)
}

// describeOwn adds what the notebook says of what it declares itself.
func (q *question) describeOwn(d *description, obj types.Object) {
	source, line := q.Cell.Source, 0
	for _, f := range q.Funcs {
		if f.Object == obj {
			line = q.Cell.Position(f.Decl.Name.Pos()).Line
		}
	}
	if line == 0 && q.Own(obj) {
		line = q.Cell.Position(obj.Pos()).Line
	}
	if line == 0 {
		var count int
		if count, line = q.Declared(obj); count == 0 {
			return
		}
		source = q.Source(count)
		d.where = declaredIn(count)
	}
	d.comment = commentAt(source, line)
	_, isFunc := obj.(*types.Func)
	_, isType := obj.(*types.TypeName)
	if isType || isFunc && q.detail > 0 {
		if text := declarationAt(source, line, obj.Name()); text != "" {
			if i := strings.Index(d.declaration, "\n\n"); i >= 0 {
				text += d.declaration[i:] // the methods
			}
			d.declaration = text
		}
	}
}

// builtin is the parameters and results of a predeclared function.
func (q *question) builtin(name string) string {
	return strings.TrimPrefix(q.comment("builtin", name+"()"), "func "+name)
}

// methods are those of a type that may be seen, sorted by name.
func (q *question) methods(t *types.Named) []*types.Func {
	var methods []*types.Func
	for m := range t.Methods() {
		if m.Exported() || m.Pkg().Path() == q.Pkg.Path() {
			methods = append(methods, m)
		}
	}
	slices.SortFunc(methods, func(a, b *types.Func) int { return strings.Compare(a.Name(), b.Name()) })
	return methods
}
