package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
)

// A cut is a source file of which only some declarations are kept. What stays
// is where it was, so that lines in positions and tracebacks are those of the
// original.
type cut struct {
	name   string
	fset   *token.FileSet
	src    []byte
	syntax *ast.File
	kept   map[ast.Node]bool // declarations, and specs of those in parentheses
	heads  map[ast.Node]bool // functions of kept whose body is not
}

func newCut(fset *token.FileSet, name string, src []byte) (*cut, error) {
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &cut{name: name, fset: fset, src: src, syntax: f, kept: make(map[ast.Node]bool), heads: make(map[ast.Node]bool)}, nil
}

// keep keeps d: of declarations in parentheses the one spec, but of constants
// all, because each counts lines of iota.
func (c *cut) keep(d declaration) {
	c.kept[d.decl] = true
	if gen, ok := d.decl.(*ast.GenDecl); ok && gen.Lparen.IsValid() {
		for _, spec := range gen.Specs {
			if spec == d.spec || gen.Tok == token.CONST {
				c.kept[spec] = true
			}
		}
	}
}

// keepHead keeps a function's declaration without its body.
func (c *cut) keepHead(fn *ast.FuncDecl) {
	c.kept[fn] = true
	c.heads[fn] = true
}

// text is the file with blanks for all that is not kept, and for comments; nil
// if nothing is. names maps import paths to package names.
func (c *cut) text(names map[string]string) []byte {
	if len(c.kept) == 0 {
		return nil
	}
	c.keepImports(names)

	out := bytes.Repeat([]byte(" "), len(c.src))
	for i, b := range c.src {
		if b == '\n' {
			out[i] = b
		}
	}
	show := func(from, to token.Pos) {
		i, j := c.offset(from), c.offset(to)
		copy(out[i:j], c.src[i:j])
	}
	show(c.syntax.Package, c.syntax.Name.End())
	for _, decl := range c.syntax.Decls {
		if !c.kept[decl] {
			continue
		}
		gen, ok := decl.(*ast.GenDecl)
		if !ok || !gen.Lparen.IsValid() {
			end := decl.End()
			if c.heads[decl] {
				end = decl.(*ast.FuncDecl).Type.End()
			}
			show(decl.Pos(), end)
			continue
		}
		show(gen.Pos(), gen.Lparen+1)
		for _, spec := range gen.Specs {
			if c.kept[spec] {
				show(spec.Pos(), spec.End())
			}
		}
		show(gen.Rparen, gen.Rparen+1)
	}
	for _, group := range c.syntax.Comments {
		for i := c.offset(group.Pos()); i < c.offset(group.End()); i++ {
			if out[i] != '\n' {
				out[i] = ' '
			}
		}
	}
	lines := bytes.Split(out, []byte("\n"))
	for i, line := range lines {
		lines[i] = bytes.TrimRight(line, " \t\r")
	}
	return append(bytes.TrimRight(bytes.Join(lines, []byte("\n")), "\n"), '\n')
}

func (c *cut) offset(pos token.Pos) int { return c.fset.Position(pos).Offset }

// keepImports keeps the imports that what is kept mentions.
func (c *cut) keepImports(names map[string]string) {
	used := make(map[string]bool)
	mention := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := sel.X.(*ast.Ident); ok {
					used[id.Name] = true
				}
			}
			return true
		})
	}
	for n := range c.kept {
		if c.heads[n] {
			fn := n.(*ast.FuncDecl)
			mention(fn.Type)
		} else if gen, ok := n.(*ast.GenDecl); !ok || !gen.Lparen.IsValid() {
			mention(n)
		}
	}
	for _, decl := range c.syntax.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			continue
		}
		for _, spec := range gen.Specs {
			imp := spec.(*ast.ImportSpec)
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				continue // the parser has accepted it
			}
			name, ok := names[p]
			if !ok {
				name = path.Base(p)
			}
			if imp.Name != nil {
				name = imp.Name.Name
			}
			if used[name] {
				c.keep(declaration{c, decl, spec})
			}
		}
	}
}
