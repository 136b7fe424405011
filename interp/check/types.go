package check

import (
	"go/ast"
	"go/types"
)

// A typeSource is what a type declaration said, to recognise it when it is run
// again.
type typeSource struct {
	text string
	// deps are what the names in the declaration meant.
	deps map[string]types.Object
}

// keepUnchangedTypes drops the type declarations that the session already has
// word for word, meaning the same. A method of the cell with a new signature
// makes its type a changed one.
func (p *pass) keepUnchangedTypes() {
	unchanged := map[string]*types.TypeName{}
	for _, spec := range p.types {
		if obj, ok := p.session.Lookup(spec.Name.Name).(*types.TypeName); ok && p.sameType(obj, spec) {
			unchanged[spec.Name.Name] = obj
		}
	}
	// A type that mentions one that changes, changes with it.
	for again := true; again; {
		again = false
		for name, obj := range unchanged {
			for dep := range p.session.types[obj].deps {
				if _, hoisted := p.hoisted[dep]; hoisted && dep != name && unchanged[dep] == nil {
					delete(unchanged, name)
					again = true
					break
				}
			}
		}
	}
	changed := p.types[:0:0]
	for _, spec := range p.types {
		if unchanged[spec.Name.Name] == nil {
			changed = append(changed, spec)
		} else {
			delete(p.hoisted, spec.Name.Name)
		}
	}
	p.types = changed
	p.unit.Types = changed
}

func (p *pass) sameType(obj *types.TypeName, spec *ast.TypeSpec) bool {
	source := p.session.types[obj]
	if source == nil || source.text != p.text(spec) {
		return false
	}
	for name, dep := range source.deps {
		if name != obj.Name() && p.session.Lookup(name) != dep {
			return false
		}
	}
	for _, f := range p.funcs {
		if f.recv != obj.Name() {
			continue
		}
		if m := methodOf(obj, f.decl.Name.Name); m != nil && p.session.methods[m] != p.signatureText(f) {
			return false
		}
	}
	return true
}

// rememberTypes records the new types' sources for the cells to come.
func (p *pass) rememberTypes() {
	for _, spec := range p.types {
		obj, ok := p.unit.Info.Defs[spec.Name].(*types.TypeName)
		if !ok {
			continue
		}
		source := &typeSource{text: p.text(spec), deps: map[string]types.Object{}}
		ast.Inspect(spec, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if dep := p.unit.Info.Uses[id]; dep != nil && dep.Parent() == p.session.pkg.Scope() {
					source.deps[id.Name] = dep
				}
			}
			return true
		})
		p.session.types[obj] = source
		p.unit.undo = append(p.unit.undo, func() { delete(p.session.types, obj) })
	}
}

func (p *pass) text(n ast.Node) string {
	return p.unit.Cell.Text[p.unit.Start(n):p.unit.End(n)]
}

func methodOf(obj *types.TypeName, name string) *types.Func {
	named, ok := types.Unalias(obj.Type()).(*types.Named)
	if !ok {
		return nil
	}
	for m := range named.Methods() {
		if m.Name() == name {
			return m
		}
	}
	return nil
}
