package check

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
)

// An Environment is what a cell found when it was checked. In it another session,
// which has what it mentions, checks the same cell to the same meaning, whatever
// else was declared there before or since.
type Environment struct {
	// Imports are the packages that the cell sees: path by name.
	Imports map[string]string
	// Names are what names that occur in the cell meant before it.
	Names map[string]types.Object
}

// Environment returns that in which the unit was checked.
func (u *Unit) Environment() Environment { return u.environment }

// CheckIn is Check in an environment, which is the session's afterwards. Packages
// that the cell imports and does not use are not loaded. Nothing that the session
// has ever declared is forgotten, unlike in Check.
func (s *Session) CheckIn(env Environment, count int, src string) (*Unit, error) {
	if err := s.enter(env); err != nil {
		return nil, err
	}
	return s.Check(count, src)
}

func (s *Session) enter(env Environment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := s.pkg.Scope()
	for _, name := range scope.Names() {
		remove(scope, name)
	}
	for name, obj := range env.Names {
		if other := scope.Insert(obj); other != nil {
			return fmt.Errorf("%s is there twice", name)
		}
	}
	s.imports = maps.Clone(env.Imports)
	s.replaying = true
	return nil
}

// noteEnvironment notes what the names of the cell mean before it changes
// anything.
func (p *pass) noteEnvironment() {
	names := map[string]types.Object{}
	skip := map[*ast.Ident]bool{}
	ast.Inspect(p.unit.Cell.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			skip[n.Sel] = true
		case *ast.Ident:
			if _, known := names[n.Name]; !known && !skip[n] {
				if obj := p.session.Lookup(n.Name); obj != nil {
					names[n.Name] = obj
				}
			}
		}
		return true
	})
	p.unit.environment = Environment{Names: names}
}
