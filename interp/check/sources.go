package check

import (
	"go/ast"
	"go/types"
	"strings"
)

// A source is what the declaration of a type or a generic function said, to
// recognise it when it is run again.
type source struct {
	text string
	// deps are what the names in the declaration meant.
	deps map[string]types.Object
}

// A generic function, and a generic type with its methods, is built anew
// wherever it is used, bodies included: it cannot be late-bound, so its bodies
// belong to the declaration. Methods of other types have their own ways.

// keepUnchanged drops the declarations of types and generic functions that the
// session already has word for word, meaning the same. A method of the cell with
// a new signature makes its type a changed one.
func (p *pass) keepUnchanged() {
	unchanged := map[string]types.Object{}
	for _, spec := range p.types {
		if obj, ok := p.session.Lookup(spec.Name.Name).(*types.TypeName); ok && p.sameSource(obj, p.typeText(spec)) && p.sameMethods(obj) {
			unchanged[spec.Name.Name] = obj
		}
	}
	for _, f := range p.funcs {
		if f.recv == "" && f.generic {
			if obj, ok := p.session.Lookup(f.decl.Name.Name).(*types.Func); ok && p.sameSource(obj, p.text(f.decl)) {
				unchanged[f.decl.Name.Name] = obj
			}
		}
	}
	// What mentions something that changes, changes with it.
	for again := true; again; {
		again = false
		for name, obj := range unchanged {
			for dep := range p.session.sources[obj].deps {
				if _, hoisted := p.hoisted[dep]; hoisted && dep != name && unchanged[dep] == nil && !p.lateBound(dep) {
					delete(unchanged, name)
					again = true
					break
				}
			}
		}
	}
	kept := p.types[:0:0]
	for _, spec := range p.types {
		if unchanged[spec.Name.Name] == nil {
			kept = append(kept, spec)
		}
	}
	p.types, p.unit.Types = kept, kept
	funcs := p.funcs[:0:0]
	for _, f := range p.funcs {
		if !f.generic || unchanged[f.decl.Name.Name] == nil && unchanged[f.recv] == nil {
			funcs = append(funcs, f)
		}
	}
	p.funcs = funcs
	for name := range unchanged {
		delete(p.hoisted, name)
	}
}

// lateBound reports whether the cell declares name as a function that takes the
// place of one of the same signature text: who mentions it sees no change.
func (p *pass) lateBound(name string) bool {
	old, ok := p.session.Lookup(name).(*types.Func)
	if !ok || old.Signature().TypeParams() != nil {
		return false
	}
	for _, f := range p.funcs {
		if f.recv == "" && f.decl.Name.Name == name {
			return !f.generic && p.session.signatures[old] == p.signatureText(f)
		}
	}
	return false
}

func (p *pass) sameSource(obj types.Object, text string) bool {
	source := p.session.sources[obj]
	if source == nil || source.text != text {
		return false
	}
	for name, dep := range source.deps {
		if name != obj.Name() && p.session.Lookup(name) != dep {
			return false
		}
	}
	return true
}

// sameMethods reports whether the methods that the cell gives a type have the
// signatures that they had.
func (p *pass) sameMethods(obj *types.TypeName) bool {
	for _, f := range p.funcs {
		if f.recv != obj.Name() || f.generic {
			continue
		}
		if m := methodOf(obj, f.decl.Name.Name); m != nil && p.session.signatures[m] != p.signatureText(f) {
			return false
		}
	}
	return true
}

// rememberSources records the new types' and generic functions' sources for the
// cells to come.
func (p *pass) rememberSources() {
	for _, spec := range p.types {
		p.rememberSource(spec.Name, p.typeText(spec), append(p.genericMethods(spec), spec))
	}
	for _, f := range p.funcs {
		if f.recv == "" && f.generic {
			p.rememberSource(f.decl.Name, p.text(f.decl), []ast.Node{f.decl})
		}
	}
}

func (p *pass) rememberSource(id *ast.Ident, text string, nodes []ast.Node) {
	obj := p.unit.Info.Defs[id]
	if obj == nil {
		return
	}
	deps := map[string]types.Object{}
	for _, n := range nodes {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				if dep := p.unit.Info.Uses[id]; dep != nil && dep.Parent() == p.session.pkg.Scope() {
					deps[id.Name] = dep
				}
			}
			return true
		})
	}
	sources := p.session.sources
	sources[obj] = &source{strings.Clone(text), deps}
	p.unit.undo = append(p.unit.undo, func() { delete(sources, obj) })
}

// typeText is the text of a type declaration, with that of its methods if it is
// generic.
func (p *pass) typeText(spec *ast.TypeSpec) string {
	text := []string{p.text(spec)}
	for _, m := range p.genericMethods(spec) {
		text = append(text, p.text(m))
	}
	return strings.Join(text, "\n")
}

func (p *pass) genericMethods(spec *ast.TypeSpec) []ast.Node {
	var methods []ast.Node
	for _, f := range p.funcs {
		if f.generic && f.recv == spec.Name.Name {
			methods = append(methods, f.decl)
		}
	}
	return methods
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
