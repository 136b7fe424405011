package main

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// A file is the generated Go file of one package: it keeps the names under
// which other packages are imported.
type file struct {
	home  *types.Package
	names map[string]string // import path → name in this file
}

func newFile(home *types.Package) *file {
	return &file{home: home, names: make(map[string]string)}
}

// importName makes the file import path and returns the name to write. Two
// packages of one name get different ones.
func (f *file) importName(path, name string) string {
	if have, ok := f.names[path]; ok {
		return have
	}
	for _, used := range f.names {
		if used == name {
			name = identifier(path)
			break
		}
	}
	f.names[path] = name
	return name
}

// ref is how the file writes an exported object of its package.
func (f *file) ref(obj types.Object) string {
	return f.importName(f.home.Path(), f.home.Name()) + "." + obj.Name()
}

// imports is the import declaration. A package of which the file uses nothing
// is linked all the same, for what it does when it is initialised.
func (f *file) imports(p *types.Package) string {
	if _, ok := f.names[p.Path()]; !ok {
		f.names[p.Path()] = "_"
	}
	var specs []string
	for path, name := range f.names {
		specs = append(specs, fmt.Sprintf("%s %q\n", name, path))
	}
	slices.SortFunc(specs, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, '"'):], b[strings.IndexByte(b, '"'):])
	})
	return "import (\n" + strings.Join(specs, "") + ")\n\n"
}
