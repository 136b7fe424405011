package check

import (
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"

	"cuaderno/interp/cell"
)

// A Sketch is what can be told of a cell that is being typed, and of the session
// around it. It holds only during Consult.
type Sketch struct {
	*Unit
	// Fset has the positions of the cell.
	Fset *token.FileSet
	// Scopes are those of the cell's syntax.
	Scopes map[ast.Node]*types.Scope
	// Cursor is the place that Consult was asked about, NoPos between the items of
	// the cell.
	Cursor token.Pos
	// Imports are the packages that cells may use by name, without those of the
	// standard library that nobody has imported yet.
	Imports map[string]string

	session *Session
}

// Consult checks src, which need not be right in any way (see cell.Mend), as the
// next cell, and calls use with what came of it. at is an offset in src; what
// does not matter there is left out. Nothing of the session changes. Check waits
// until use has returned. Consult waits for a Check that is under way, but not beyond
// the end of ctx: the error is the context's cause then, and use is not called.
func (s *Session) Consult(ctx context.Context, src string, at int, use func(*Sketch)) error {
	if err := s.mu.take(ctx); err != nil {
		return fmt.Errorf("waiting until a cell is checked: %w", err)
	}
	defer s.mu.Unlock()
	sketch := &Sketch{Fset: token.NewFileSet(), session: s}
	c := cell.Sketch(sketch.Fset, "", src)
	sketch.Cursor = c.Pos(at)
	trial := s.copy(sketch.Fset)
	sketch.Unit = newUnit(c, 0, trial.pkg)
	sketch.Info.Scopes = map[ast.Node]*types.Scope{}
	sketch.Scopes = sketch.Info.Scopes
	if within := sketch.Cursor; within.IsValid() && !c.Program {
		leaveOut(c, within)
	}
	p := newPass(trial, sketch.Unit)
	p.cursor = sketch.Cursor
	p.sketch()
	sketch.Imports = trial.imports
	use(sketch)
	return nil
}

// copy returns a session that may be changed in place of s: it shares what has
// been declared.
func (s *Session) copy(fset *token.FileSet) *Session {
	t := &Session{
		mu:         make(turn, 1),
		Fset:       fset,
		pkg:        types.NewPackage(s.pkg.Path(), s.pkg.Name()),
		importer:   s.importer,
		sizes:      s.sizes,
		imports:    maps.Clone(s.imports),
		preloaded:  s.preloaded,
		sources:    maps.Clone(s.sources),
		signatures: maps.Clone(s.signatures),
		bodies:     maps.Clone(s.bodies),
		names:      s.names,
		trial:      true,
	}
	scope := s.pkg.Scope()
	for _, name := range scope.Names() {
		t.pkg.Scope().Insert(scope.Lookup(name))
	}
	return t
}

// leaveOut drops the statements of the cell that follow the one at pos.
func leaveOut(c *cell.Cell, pos token.Pos) {
	body := c.Body.Body
	if pos < body.Pos() || pos > body.End() {
		return
	}
	body.List = slices.DeleteFunc(body.List, func(stmt ast.Stmt) bool { return stmt.Pos() > pos })
}

// sketch is run for a cell that is being typed: every step is taken, whatever the
// ones before have found.
func (p *pass) sketch() {
	if p.unit.Cell.Program {
		p.checkProgram()
		return
	}
	p.sortDeclarations()
	p.resolveImports()
	p.keepUnchanged()
	p.checkSignatures()
	p.checkStatements()
	p.checkBodies()
}

// elsewhere reports a function of a sketch in which the cursor is not.
func (p *pass) elsewhere(f *funcDecl) bool {
	return p.session.trial && (p.cursor < f.decl.Pos() || p.cursor > f.decl.End())
}

// Own reports whether obj is declared in the cell itself.
func (s *Sketch) Own(obj types.Object) bool { return obj.Pkg() == s.Pkg }

// Earlier returns what name means before the cell, nil if nothing.
func (s *Sketch) Earlier(name string) types.Object { return s.session.Lookup(name) }

// Declared returns the cell that declared obj, an object of the session, by its
// number, and the line of its name there. Of a function or method it is where the
// body is. The cell is 0 if obj is no such object, and if it is the cell's own.
func (s *Sketch) Declared(obj types.Object) (count, line int) {
	if obj.Pkg() != s.session.pkg {
		return 0, 0
	}
	pos := obj.Pos()
	if fn, ok := obj.(*types.Func); ok {
		if b := s.session.bodies[fn.Origin()]; b != nil {
			pos = b.pos
		}
	}
	return s.session.cellAt(pos)
}
