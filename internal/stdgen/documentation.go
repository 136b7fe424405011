package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// documentationSuffix ends the name of the zip file with the documentation.
const documentationSuffix = "_doc.zip"

// A documentation is what the authors of a package say: the texts of doc comments,
// without their markers, by the name of what they are about. The package itself
// has the name "", a field or method that of its type before a dot. What a
// declaration in parentheses says of all its specs is said of each that says
// nothing else.
type documentation map[string]string

// writeDocumentation writes the zip file with an entry PATH for each package that
// cells may meet, and for builtin: a documentation as JSON.
func writeDocumentation(ctx context.Context, file string, t target, lib *library) error {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	add := func(path string, d documentation) error {
		if len(d) == 0 {
			return nil
		}
		f, err := w.Create(path)
		if err != nil {
			return err
		}
		text, err := json.Marshal(d)
		if err == nil {
			_, err = f.Write(text)
		}
		return err
	}
	d, err := builtinDocumentation(ctx, t)
	if err == nil {
		err = add("builtin", d)
	}
	if err != nil {
		return fmt.Errorf("package builtin: %w", err)
	}
	for _, p := range lib.pkgs {
		// The project's own packages that cells do not import have types of which
		// those that they do are made.
		if !p.offered && !strings.HasPrefix(p.path, "cuaderno/") {
			continue
		}
		d, _, err := document(p.dir, p.files)
		if err == nil {
			err = add(p.path, d)
		}
		if err != nil {
			return fmt.Errorf("package %s: %w", p.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, buf.Bytes(), 0o644)
}

// builtinDocumentation is that of what is predeclared. The function f has its
// declaration under the name "f()".
func builtinDocumentation(ctx context.Context, t target) (documentation, error) {
	root, err := goCommand(ctx, t, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	d, files, err := document(filepath.Join(strings.TrimSpace(string(root)), "src", "builtin"), []string{"builtin.go"})
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			fn.Doc = nil
			var b strings.Builder
			if err := printer.Fprint(&b, token.NewFileSet(), fn); err != nil {
				return nil, err
			}
			d[fn.Name.Name+"()"] = b.String()
		}
	}
	return d, nil
}

// document reads the comments in the files of a package.
func document(dir string, names []string) (documentation, []*ast.File, error) {
	d := documentation{}
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
		d.add("", f.Doc)
		for _, decl := range f.Decls {
			d.addDecl(decl, f.Name.Name == "builtin")
		}
	}
	return d, files, nil
}

// add adds a comment if there is none by that name. Directives are no text.
func (d documentation) add(name string, groups ...*ast.CommentGroup) {
	for _, group := range groups {
		if text := strings.TrimSpace(group.Text()); text != "" && d[name] == "" {
			d[name] = text
		}
	}
}

// addDecl adds the comments on a declaration, unless it is not exported and all
// does not ask for it.
func (d documentation) addDecl(decl ast.Decl, all bool) {
	exported := func(name string) bool { return all || token.IsExported(name) }
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		name := decl.Name.Name
		if base := receiverBase(decl); base != "" {
			name = base + "." + name
		}
		if exported(decl.Name.Name) {
			d.add(name, decl.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if exported(spec.Name.Name) {
					d.add(spec.Name.Name, spec.Doc, decl.Doc, spec.Comment)
				}
				d.addMembers(spec.Name.Name, spec.Type)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					if exported(id.Name) {
						d.add(id.Name, spec.Doc, spec.Comment, decl.Doc)
					}
				}
			}
		}
	}
}

// addMembers adds the comments on the fields of a struct and the methods of an
// interface.
func (d documentation) addMembers(name string, t ast.Expr) {
	var fields *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		fields = t.Fields
	case *ast.InterfaceType:
		fields = t.Methods
	default:
		return
	}
	for _, f := range fields.List {
		for _, id := range f.Names {
			if token.IsExported(id.Name) {
				d.add(name+"."+id.Name, f.Doc, f.Comment)
			}
		}
	}
}
