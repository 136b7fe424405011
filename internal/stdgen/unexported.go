package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
)

// The generic layer of a package of our own is thin source over compiled code,
// which it may keep to itself: what is not generic is not run from source, as
// it would be for std, but declared there without a body and linked by its name.

// An ownPackage is a package of the project, checked from source.
type ownPackage struct {
	scope *types.Scope
	info  *types.Info
	// linked are the functions, and methods as method expressions, that the layer
	// has without their bodies.
	linked map[string]bool
	// types are those that are not exported and that the layer mentions.
	types map[string]bool
}

// checkOwn type-checks p, whose files have been parsed.
func (l *layer) checkOwn(p *pkg, fset *token.FileSet, imp types.Importer) (*ownPackage, error) {
	for _, name := range l.scope.Names() {
		if tn, ok := l.scope.Lookup(name).(*types.TypeName); ok && isGeneric(tn.Type()) && l.public[tn] {
			return nil, fmt.Errorf("what is exported and not generic mentions the generic type %s, of which cells have another: give it a type that is not generic", name)
		}
	}
	var syntax []*ast.File
	for _, f := range l.files {
		syntax = append(syntax, f.syntax)
	}
	info := &types.Info{Selections: make(map[*ast.SelectorExpr]*types.Selection)}
	conf := types.Config{Importer: imp}
	tp, err := conf.Check(p.path, fset, syntax, info)
	if err != nil {
		return nil, fmt.Errorf("checking: %w", err)
	}
	return &ownPackage{tp.Scope(), info, make(map[string]bool), make(map[string]bool)}, nil
}

// names returns what is linked, sorted.
func (o *ownPackage) names() []string {
	return slices.Sorted(maps.Keys(o.linked))
}

// link notes a function that is not generic.
func (o *ownPackage) link(fn *types.Func) { o.linked[linkName(fn)] = true }

// linkName is how both the linker and package symbols name a function of a
// package: F, T.M, (*T).M.
func linkName(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn.Name()
	}
	name := types.TypeString(recv.Type(), func(*types.Package) string { return "" })
	if _, ok := recv.Type().(*types.Pointer); ok {
		name = "(" + name + ")"
	}
	return name + "." + fn.Name()
}

// takeOwn takes an unexported name of an own package that is not generic. It
// returns false where the source is to be taken: constants, constraints, and
// all that is generic.
func (l *layer) takeOwn(name string, d declaration) bool {
	obj := l.own.scope.Lookup(name)
	if obj == nil || isGenericObject(obj) {
		l.selected(d.node())
		for _, m := range l.methods[name] {
			l.selected(m.decl)
		}
		return false
	}
	switch obj := obj.(type) {
	case *types.Func:
		l.own.link(obj)
		l.keepHead(d)
		return true
	case *types.TypeName:
		iface, ok := obj.Type().Underlying().(*types.Interface)
		if !obj.IsAlias() && (!ok || iface.IsMethodSet()) {
			l.own.types[name] = true
		}
		if l.scope.Lookup(name) != nil {
			return true // of export data, with its methods
		}
		for _, m := range l.methods[name] {
			l.keepHead(m)
		}
	}
	return false
}

// keptTypes is the name of a function of an own package, of type func() []any.
// Its result has a nil *T for each unexported type T that the generic layer
// mentions. Cells put values of such types into interfaces, and reflection makes
// more of them: the linker, which sees neither, must not drop their methods.
const keptTypes = "keptTypes"

// kept checks that keptTypes names what it should. ok is false if the package
// needs none.
func (l *layer) kept() (ok bool, err error) {
	kept := make(map[string]bool)
	if d, ok := l.decls[keptTypes]; ok {
		ast.Inspect(d.decl, func(n ast.Node) bool {
			if star, ok := n.(*ast.StarExpr); ok {
				if id, ok := star.X.(*ast.Ident); ok {
					kept[id.Name] = true
				}
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(l.own.types)) {
		if !kept[name] {
			return false, fmt.Errorf("generic source mentions the type %[1]s: the function %[2]s must list (*%[1]s)(nil)", name, keptTypes)
		}
	}
	return len(l.own.types) > 0, nil
}

// keepHead keeps the declaration of a function without its body.
func (l *layer) keepHead(d declaration) {
	fn := d.decl.(*ast.FuncDecl)
	d.file.keepHead(fn)
	l.walk(fn.Type)
}

// selected links the methods that n calls and that a table of exported methods
// does not have.
func (l *layer) selected(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		s := l.own.info.Selections[sel]
		if s == nil || s.Kind() == types.FieldVal {
			return true
		}
		fn := s.Obj().(*types.Func)
		if fn.Pkg() == nil || fn.Pkg().Scope() != l.own.scope || fn.Origin() != fn || types.IsInterface(fn.Signature().Recv().Type()) {
			return true
		}
		named := receiverType(fn)
		if isGeneric(named) || fn.Exported() && named.Obj().Exported() {
			return true
		}
		l.own.link(fn)
		return true
	})
}

// receiverType is the named type that fn is a method of.
func receiverType(fn *types.Func) *types.Named {
	t := types.Unalias(fn.Signature().Recv().Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	return t.(*types.Named)
}
