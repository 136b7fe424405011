package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A body is what a session remembers of the current body of a function or
// method.
type body struct {
	cell  int
	pos   token.Pos // of its name
	label string
	recv  *types.TypeName // of a method
	uses  []types.Object  // package-level variables and functions, and methods, of the session
}

// change notes that old is replaced by something that its users do not fit.
func (p *pass) change(old types.Object, what string) {
	p.changes = append(p.changes, change{old, what})
}

type change struct {
	old  types.Object
	what string
}

// noteReplaced finds the functions and variables whose names mean something else
// now.
func (p *pass) noteReplaced() {
	for name, old := range p.before {
		now := p.session.Lookup(name)
		if now == old || now == nil {
			continue
		}
		switch old.(type) {
		case *types.Func, *types.Var:
			p.change(old, describeChange(old, now))
		}
		p.forget(old)
	}
}

// forget drops what the session remembers of an object that no name means any
// more.
func (p *pass) forget(old types.Object) {
	if p.session.replaying {
		return
	}
	drop(p, p.session.sources, old)
	switch old := old.(type) {
	case *types.Func:
		drop(p, p.session.signatures, old)
		drop(p, p.session.bodies, old)
	case *types.TypeName:
		if named, ok := types.Unalias(old.Type()).(*types.Named); ok && named.Obj() == old {
			for m := range named.Methods() {
				drop(p, p.session.signatures, m)
				drop(p, p.session.bodies, m)
			}
		}
	}
}

func drop[K comparable, V any](p *pass, from map[K]V, key K) {
	if v, ok := from[key]; ok {
		delete(from, key)
		p.unit.undo = append(p.unit.undo, func() { from[key] = v })
	}
}

// rememberBodies records what the cell's function bodies use, and the notes on
// those of earlier cells that go on using what the cell has replaced.
func (p *pass) rememberBodies() {
	bodies := p.session.bodies
	for _, f := range p.unit.Funcs {
		object := f.Object
		if object == p.unit.Main || slices.Contains(p.unit.Inits, f.Decl) {
			continue
		}
		before, had := bodies[object]
		p.unit.undo = append(p.unit.undo, func() {
			delete(bodies, object)
			if had {
				bodies[object] = before
			}
		})
		label := object.Name()
		if f.Recv != nil {
			label = f.Recv.Name() + "." + label
		}
		bodies[object] = &body{p.unit.Count, f.Decl.Name.Pos(), label, f.Recv, p.uses(f.Decl)}
	}
	for _, c := range p.changes {
		if note := p.note(c); note != "" {
			p.unit.Notes = append(p.unit.Notes, note)
		}
	}
	slices.Sort(p.unit.Notes)
}

// uses returns the objects of the session that n mentions.
func (p *pass) uses(n ast.Node) []types.Object {
	var uses []types.Object
	ast.Inspect(n, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := p.unit.Info.Uses[id]
		switch o := obj.(type) {
		case *types.Func:
			obj = o.Origin()
		case *types.Var:
			if o.Parent() != p.session.pkg.Scope() {
				return true
			}
		default:
			return true
		}
		if obj.Pkg() == p.session.pkg && !slices.Contains(uses, obj) {
			uses = append(uses, obj)
		}
		return true
	})
	return uses
}

// note names the functions of earlier cells that go on using c.old.
func (p *pass) note(c change) string {
	var users []*body
	for fn, b := range p.session.bodies {
		if b.cell != p.unit.Count && slices.Contains(b.uses, c.old) && p.current(fn, b) {
			users = append(users, b)
		}
	}
	if len(users) == 0 {
		return ""
	}
	slices.SortFunc(users, func(a, b *body) int {
		if a.cell != b.cell {
			return a.cell - b.cell
		}
		return strings.Compare(a.label, b.label)
	})
	_, isFunc := c.old.(*types.Func)
	verb, cells := "use", "run their cells again"
	if isFunc {
		verb = "call"
	}
	if len(users) == 1 {
		verb, cells = verb+"s", "run its cell again"
	}
	names := make([]string, len(users))
	for i, u := range users {
		names[i] = fmt.Sprintf("%s (In [%d])", u.label, u.cell)
	}
	list := strings.Join(names, ", ")
	if n := len(names); n > 1 {
		list = strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return fmt.Sprintf("%s: %s still %s the old one; %s", c.what, list, verb, cells)
}

// current reports whether b is the body of something that the session still has.
func (p *pass) current(fn *types.Func, b *body) bool {
	if b.recv == nil {
		return p.session.Lookup(fn.Name()) == fn
	}
	return p.session.Lookup(b.recv.Name()) == b.recv && methodOf(b.recv, fn.Name()) == fn
}

// describeChange says in what way a package-level name means something else.
func describeChange(old, now types.Object) string {
	generic := func(fn *types.Func) bool { return fn.Signature().TypeParams() != nil }
	switch old := old.(type) {
	case *types.Func:
		if now, ok := now.(*types.Func); ok && !generic(old) && !generic(now) && !types.Identical(old.Type(), now.Type()) {
			return old.Name() + " changed its signature"
		}
	case *types.Var:
		if now, ok := now.(*types.Var); ok && !types.Identical(old.Type(), now.Type()) {
			return old.Name() + " changed its type"
		}
	}
	return old.Name() + " was declared again"
}
