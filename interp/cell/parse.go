package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"slices"
	"sort"
	"strings"
)

// A Cell is a parsed cell.
type Cell struct {
	Source string // as typed
	Text   string // as given to the parser
	File   *ast.File
	// Body is the function that holds the statements of the cell.
	Body *ast.FuncDecl
	// Quiet reports that the value of the last expression is not wanted.
	Quiet bool
	// Program reports that the cell is a whole program: it has a package
	// clause and a func main. Body holds its variable declarations and nothing
	// else.
	Program bool

	file     *token.File
	segments []segment
}

// A segment of Text that was copied from Source.
type segment struct{ text, source, length int }

// A Position is a place in a cell as typed: line and column count from one,
// columns in bytes.
type Position struct{ Line, Column int }

// An Error is one complaint about a cell's source.
type Error struct {
	Pos Position
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Column, e.Msg) }

// Errors is all that is wrong with a cell, in the order of the source.
type Errors []*Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// BodyName is the name of the function that holds a cell's statements. No
// identifier of a user is spelt like that.
const BodyName = "cellʹ"

// Parse parses src as a cell and adds it to fset. The error is an Errors.
func Parse(fset *token.FileSet, name, src string) (*Cell, error) {
	layout := Split(src)
	c := &Cell{Source: src, Quiet: layout.Quiet}
	switch {
	case layout.Unterminated >= 0:
		what := "string"
		if src[layout.Unterminated] == '/' {
			what = "comment"
		}
		return nil, Errors{{lineColumn(src, layout.Unterminated), "syntax error: " + what + " not terminated"}}
	case layout.Stray >= 0:
		return nil, Errors{{lineColumn(src, layout.Stray), "syntax error: unexpected " + src[layout.Stray:layout.Stray+1]}}
	}
	c.layOut(layout, sourceLines(name, src))
	file, err := parser.ParseFile(fset, name, c.Text, parser.SkipObjectResolution)
	if file != nil {
		c.file = fset.File(file.FileStart)
	}
	parsed := false
	defer func() {
		if !parsed && c.file != nil {
			fset.RemoveFile(c.file)
		}
	}()
	if err != nil {
		return nil, c.syntaxErrors(err)
	}
	c.File = file
	last, ok := file.Decls[len(file.Decls)-1].(*ast.FuncDecl)
	if !ok || last.Name.Name != BodyName {
		return nil, Errors{{c.end(), "syntax error: a declaration is not closed"}}
	}
	c.Body = last
	c.Program = c.Program && c.declaresMain()
	if errs := c.strayStatements(); errs != nil {
		return nil, errs
	}
	if errs := c.strayReturns(); errs != nil {
		return nil, errs
	}
	parsed = true
	return c, nil
}

// sourceLines returns src as a file that resolves its positions: line directives
// in it count.
func sourceLines(name, src string) *token.File {
	file := token.NewFileSet().AddFile(name, -1, len(src))
	if !strings.Contains(src, "//line ") && !strings.Contains(src, "/*line ") {
		file.SetLinesForContent([]byte(src))
		return file
	}
	var s scanner.Scanner
	s.Init(file, []byte(src), nil, scanner.ScanComments)
	for {
		if _, tok, _ := s.Scan(); tok == token.EOF {
			return file
		}
	}
}

// layOut writes Text: a package clause, the imports, the other declarations,
// and the statements inside a function. Line directives tell the positions of the
// parsed file where each of them stands in the cell.
func (c *Cell) layOut(layout Layout, lines *token.File) {
	var text strings.Builder
	text.WriteString("package main\n")
	write := func(item Item) {
		p := lines.Position(lines.Pos(item.Start))
		fmt.Fprintf(&text, "/*line %s:%d", p.Filename, p.Line)
		if p.Column > 0 { // a directive without a column leaves none
			fmt.Fprintf(&text, ":%d", p.Column)
		}
		text.WriteString("*/")
		c.segments = append(c.segments, segment{text.Len(), item.Start, item.End - item.Start})
		text.WriteString(c.Source[item.Start:item.End])
		text.WriteByte('\n')
	}
	group := func(kinds ...Kind) {
		for _, item := range layout.Items {
			for _, kind := range kinds {
				if item.Kind == kind {
					write(item)
				}
			}
		}
	}
	for _, item := range layout.Items {
		c.Program = c.Program || item.Kind == Package
	}
	group(Import)
	group(Const, Type, Func)
	text.WriteString("func " + BodyName + "() {\n")
	group(Var, Statement)
	text.WriteString("}\n")
	c.Text = text.String()
}

// Position returns where pos stands in the cell as typed.
func (c *Cell) Position(pos token.Pos) Position {
	if !pos.IsValid() || c.file == nil || int(pos) < c.file.Base() || int(pos) > c.file.Base()+c.file.Size() {
		return Position{1, 1}
	}
	return c.position(c.file.Offset(pos))
}

// Offset returns where pos stands in Text.
func (c *Cell) Offset(pos token.Pos) int { return c.file.Offset(pos) }

func (c *Cell) position(offset int) Position { return lineColumn(c.Source, c.typedOffset(offset)) }

// sourceOffset returns where pos stands in Source.
func (c *Cell) sourceOffset(pos token.Pos) int { return c.typedOffset(c.file.Offset(pos)) }

// typedOffset returns where an offset of Text stands in Source.
func (c *Cell) typedOffset(offset int) int {
	// The last segment that starts at or before the offset; what the layout
	// itself wrote belongs to the end of the text before it.
	i := sort.Search(len(c.segments), func(i int) bool { return c.segments[i].text > offset }) - 1
	if i < 0 {
		return 0
	}
	s := c.segments[i]
	return s.source + min(offset-s.text, s.length)
}

// typed reports whether the byte at offset of Text is one that was typed.
func (c *Cell) typed(offset int) bool {
	for _, s := range c.segments {
		if s.text <= offset && offset < s.text+s.length {
			return true
		}
	}
	return false
}

func (c *Cell) end() Position { return lineColumn(c.Source, len(c.Source)) }

func lineColumn(src string, offset int) Position {
	before := src[:min(offset, len(src))]
	return Position{strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')}
}

func (c *Cell) syntaxErrors(err error) Errors {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return Errors{{Position{1, 1}, err.Error()}}
	}
	var errs Errors
	for _, e := range list {
		msg := e.Msg
		if !c.typed(e.Pos.Offset) {
			if len(errs) > 0 {
				continue // it follows from what is wrong before
			}
			// What the parser found there is the layout's, not the person's.
			if expected, _, ok := strings.Cut(msg, ", found "); ok {
				msg = expected + ", found the end"
			}
		}
		errs = append(errs, &Error{c.position(e.Pos.Offset), "syntax error: " + msg})
	}
	return errs
}

func (c *Cell) declaresMain() bool {
	return slices.ContainsFunc(c.File.Decls, func(decl ast.Decl) bool {
		f, ok := decl.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == "main"
	})
}

// strayStatements reports the first statement of a whole program that stands
// outside its functions.
func (c *Cell) strayStatements() Errors {
	if !c.Program {
		return nil
	}
	for _, stmt := range c.Body.Body.List {
		if _, ok := stmt.(*ast.DeclStmt); !ok {
			return Errors{{c.Position(stmt.Pos()), "syntax error: non-declaration statement outside function body"}}
		}
	}
	return nil
}

// ProgramDecls returns the declarations of a whole program in the order of its
// source.
func (c *Cell) ProgramDecls() []ast.Decl {
	decls := slices.Clone(c.File.Decls[:len(c.File.Decls)-1])
	for _, stmt := range c.Body.Body.List {
		decls = append(decls, stmt.(*ast.DeclStmt).Decl)
	}
	slices.SortStableFunc(decls, func(a, b ast.Decl) int { return c.sourceOffset(a.Pos()) - c.sourceOffset(b.Pos()) })
	return decls
}

// lacksBody reports a function without a body, which no further line can give it.
func (c *Cell) lacksBody() bool {
	return slices.ContainsFunc(c.File.Decls, func(decl ast.Decl) bool {
		f, ok := decl.(*ast.FuncDecl)
		return ok && f.Body == nil
	})
}

// strayReturns reports return statements that belong to no function of the
// cell's author.
func (c *Cell) strayReturns() Errors {
	var errs Errors
	ast.Inspect(c.Body.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			errs = append(errs, &Error{c.Position(n.Pos()), "return outside a function: a cell has nothing to return to"})
		}
		return true
	})
	return errs
}
