package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"
)

// This file decides which packages a cell sees: those it imports, those that
// earlier cells imported, and those of the standard library whose name is
// unambiguous and means nothing else.

// resolveImports fills p.imports.
func (p *pass) resolveImports() {
	s := p.session
	for _, spec := range p.unit.Cell.File.Imports {
		pkg := p.importSpec(spec)
		if pkg == nil {
			continue
		}
		name := pkg.Name()
		if spec.Name != nil {
			name = spec.Name.Name
		}
		switch name {
		case "_":
			continue
		case ".":
			p.fail(spec, "a cell cannot import into its own scope (import . ): name the package")
			continue
		}
		p.imports[name] = pkg.Path()
		p.declare(name, nil) // an import replaces what the name meant before
	}
	for name := range p.used {
		if _, ok := p.imports[name]; ok || s.Lookup(name) != nil {
			continue
		}
		if path, ok := s.imports[name]; ok {
			p.imports[name] = path
			continue
		}
		if _, ok := p.hoisted[name]; ok || types.Universe.Lookup(name) != nil {
			continue
		}
		if paths := s.importer.Names(name); len(paths) == 1 {
			p.imports[name] = paths[0]
		}
	}
	p.rememberImports()
}

// rememberImports keeps the cell's imports for the cells to come.
func (p *pass) rememberImports() {
	imports := p.session.imports
	for name, path := range p.imports {
		before, had := imports[name]
		if had && before == path {
			continue
		}
		imports[name] = path
		p.unit.undo = append(p.unit.undo, func() {
			delete(imports, name)
			if had {
				imports[name] = before
			}
		})
	}
}

// importSpec returns the package that an import declaration names, nil if cells
// cannot have it.
func (p *pass) importSpec(spec *ast.ImportSpec) *types.Package {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		p.fail(spec, "invalid import path "+spec.Path.Value)
		return nil
	}
	switch path {
	case "mp", "display", "cuaderno/mp", "cuaderno/display":
		p.fail(spec, "mp and display need no import: they are always there")
		return nil
	}
	if _, ok := p.session.importer.Offers(path); !ok && path != "unsafe" {
		p.fail(spec, "package "+path+" is not in the standard library: cells can import only that")
		return nil
	}
	if p.session.replaying && !p.names(spec) {
		return nil
	}
	pkg, err := p.session.importer.Import(path)
	if err != nil {
		p.fail(spec, err.Error())
		return nil
	}
	return pkg
}

// names reports whether the cell mentions the package that spec imports.
func (p *pass) names(spec *ast.ImportSpec) bool {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return false
	}
	name, ok := p.session.importer.Offers(path)
	if spec.Name != nil {
		name = spec.Name.Name
	}
	return !ok || name == "." || p.used[name]
}

// importDecls returns the imports as a declaration, less those whose name is
// taken by something that the session declares.
func (p *pass) importDecls() []ast.Decl {
	decl := &ast.GenDecl{Tok: token.IMPORT, TokPos: p.unit.Cell.File.Package}
	names := make([]string, 0, len(p.imports))
	for name := range p.imports {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if _, hoisted := p.hoisted[name]; hoisted || p.session.Lookup(name) != nil {
			continue
		}
		decl.Specs = append(decl.Specs, &ast.ImportSpec{
			Name: &ast.Ident{NamePos: p.unit.Cell.File.Package, Name: name},
			Path: &ast.BasicLit{ValuePos: p.unit.Cell.File.Package, Kind: token.STRING, Value: strconv.Quote(p.imports[name])},
		})
	}
	if len(decl.Specs) == 0 {
		return nil
	}
	return []ast.Decl{decl}
}

// missingImport names the packages that an undefined name may have meant.
func (p *pass) missingImport(name string) string {
	paths := p.session.importer.Names(name)
	switch len(paths) {
	case 0:
		return ""
	case 1: // only a whole program has to import it
		return fmt.Sprintf(" (import %q)", paths[0])
	}
	for i, path := range paths {
		paths[i] = strconv.Quote(path)
	}
	return fmt.Sprintf(" (several packages have that name: import %s)", strings.Join(paths, " or "))
}
