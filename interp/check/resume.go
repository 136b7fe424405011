package check

import (
	"go/types"
	"maps"
	"strings"

	"cuaderno/interp/cell"
)

// Names returns what names mean at the top level of the next cell, and the packages
// that it sees.
func (s *Session) Names() Environment {
	env := Environment{Imports: maps.Clone(s.imports), Names: map[string]types.Object{}}
	scope := s.pkg.Scope()
	for _, name := range scope.Names() {
		if !strings.Contains(name, cell.Placeholder) { // it is of our own making
			env.Names[name] = scope.Lookup(name)
		}
	}
	return env
}

// Resume makes env what names mean for the cells to come, after others were checked
// in their environments.
func (s *Session) Resume(env Environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := s.pkg.Scope()
	for _, name := range scope.Names() {
		remove(scope, name)
	}
	for _, obj := range env.Names {
		scope.Insert(obj)
	}
	s.imports = maps.Clone(env.Imports)
	s.replaying = false
}
