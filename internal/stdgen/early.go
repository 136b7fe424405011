package main

import (
	"fmt"
	"go/types"
	"slices"
)

// markEarly finds, for each package, the others whose generic types its export data
// mentions. It carries a copy of each, which an importer takes unless the type
// is there already.
func markEarly(lib *library) error {
	layers := make(map[string]bool)
	for _, p := range lib.pkgs {
		layers[p.path] = p.layer != nil
	}
	lib.early = make(map[string][]string)
	for _, p := range lib.pkgs {
		tp, err := lib.importer().Import(p.path)
		if err != nil {
			return fmt.Errorf("importing %s: %w", p.path, err)
		}
		for _, dep := range tp.Imports() {
			if layers[dep.Path()] && slices.ContainsFunc(dep.Scope().Names(), func(name string) bool {
				tn, ok := dep.Scope().Lookup(name).(*types.TypeName)
				return ok && isGeneric(tn.Type())
			}) {
				lib.early[p.path] = append(lib.early[p.path], dep.Path())
			}
		}
	}
	return nil
}
