package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"runtime"

	"cuaderno/interp/cell"
)

// An Importer provides the packages that cells may use.
type Importer interface {
	types.Importer
	// Names returns the import paths whose package name is name.
	Names(name string) []string
	// Offers reports whether a cell may import path, and the package's name.
	Offers(path string) (name string, ok bool)
}

// A Session is what cells have declared so far. It has at most one Unit that is
// neither committed nor rolled back, and is not safe for concurrent use, but for
// Consult, which may be called at any time.
type Session struct {
	Fset *token.FileSet

	mu         turn // held while something changes, and by Consult
	pkg        *types.Package
	importer   Importer
	sizes      types.Sizes
	imports    map[string]string        // package name in cells → import path
	preloaded  map[string]string        // those that need no import declaration, also in whole programs
	sources    map[types.Object]*source // of types and generic functions
	signatures map[*types.Func]string   // text of a function's or method's signature
	bodies     map[*types.Func]*body
	names      int // hidden names given out
	// replaying says that cells are checked in environments of another session.
	replaying bool
	// trial says that it is a copy, whose types are another's.
	trial bool
}

// New returns a session without declarations. The packages of preloaded, by
// their name in cells, need no import declaration.
func New(importer Importer, preloaded map[string]string) (*Session, error) {
	if err := layoutError(); err != nil {
		return nil, err
	}
	s := &Session{
		mu:         make(turn, 1),
		Fset:       token.NewFileSet(),
		pkg:        types.NewPackage("main", "main"),
		importer:   importer,
		sizes:      types.SizesFor("gc", runtime.GOARCH),
		imports:    map[string]string{},
		preloaded:  preloaded,
		sources:    map[types.Object]*source{},
		signatures: map[*types.Func]string{},
		bodies:     map[*types.Func]*body{},
	}
	maps.Copy(s.imports, preloaded)
	return s, nil
}

// Lookup returns what name means at the top level of the next cell, nil if
// nothing.
func (s *Session) Lookup(name string) types.Object { return s.pkg.Scope().Lookup(name) }

// Check parses and type-checks src as the cell with number count. The Unit must
// be committed or rolled back before the next Check. The error is a cell.Errors;
// the session is then as it was.
func (s *Session) Check(count int, src string) (*Unit, error) {
	c, err := cell.Parse(s.Fset, fileName(count), src)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := newUnit(c, count, s.pkg)
	u.session = s
	p := newPass(s, u)
	p.noteEnvironment()
	p.run()
	u.environment.Imports = p.imports
	forgetChildren(s.pkg.Scope())
	if errs := p.errors(); errs != nil {
		u.rollback()
		return nil, errs
	}
	return u, nil
}

func newUnit(c *cell.Cell, count int, pkg *types.Package) *Unit {
	return &Unit{
		Cell:  c,
		Count: count,
		Pkg:   pkg,
		Info: &types.Info{
			Types:      map[ast.Expr]types.TypeAndValue{},
			Instances:  map[*ast.Ident]types.Instance{},
			Defs:       map[*ast.Ident]types.Object{},
			Uses:       map[*ast.Ident]types.Object{},
			Implicits:  map[ast.Node]types.Object{},
			Selections: map[*ast.SelectorExpr]*types.Selection{},
		},
		Locals: map[types.Object]*types.Var{},
	}
}

func newPass(s *Session, u *Unit) *pass {
	return &pass{session: s, unit: u, touched: map[string]bool{}, imports: map[string]string{}, before: map[string]types.Object{}}
}

// fileName is how positions name the cell with number count.
func fileName(count int) string { return fmt.Sprintf("In [%d]", count) }

// cellAt returns the cell, by its number, and the line of it that pos is in; zeros
// where a line directive of the cell says something else.
func (s *Session) cellAt(pos token.Pos) (count, line int) {
	p := s.Fset.Position(pos)
	if _, err := fmt.Sscanf(p.Filename, "In [%d]", &count); err != nil || p.Filename != fileName(count) {
		return 0, 0
	}
	return count, p.Line
}

// hidden returns a name that no user can have given.
func (s *Session) hidden(base string) string {
	s.names++
	return fmt.Sprintf("%sʹ%d", base, s.names)
}

// touch prepares for changing what name means: Rollback will restore it.
func (p *pass) touch(name string) {
	if p.touched[name] {
		return
	}
	p.touched[name] = true
	scope := p.session.pkg.Scope()
	old := scope.Lookup(name)
	if old != nil {
		p.before[name] = old
	}
	p.unit.undo = append(p.unit.undo, func() {
		remove(scope, name)
		if old != nil {
			scope.Insert(old)
		}
	})
}

// declare makes name mean obj, or nothing if obj is nil.
func (p *pass) declare(name string, obj types.Object) {
	p.touch(name)
	remove(p.session.pkg.Scope(), name)
	if obj != nil {
		p.session.pkg.Scope().Insert(obj)
	}
}
