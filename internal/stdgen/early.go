package main

import (
	"fmt"
	"go/types"
	"slices"
)

// markEarly finds the packages whose generic types the export data of others
// mentions. It carries a copy of each, which an importer takes unless the type
// is there already.
func markEarly(lib *library) error {
	layers := make(map[string]bool)
	for _, p := range lib.pkgs {
		layers[p.path] = p.layer != nil
	}
	mentions := make(map[string][]string)
	early := make(map[string]bool)
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
				mentions[p.path] = append(mentions[p.path], dep.Path())
				early[dep.Path()] = true
			}
		}
	}
	var add func(path string)
	add = func(path string) {
		if !early[path] {
			return
		}
		early[path] = false
		for _, dep := range mentions[path] {
			add(dep)
		}
		lib.early = append(lib.early, path)
	}
	for _, p := range lib.pkgs {
		add(p.path)
	}
	return nil
}
