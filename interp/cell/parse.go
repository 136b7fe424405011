package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
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
	// clause, and its func main runs after its statements.
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
	c.layOut(layout)
	file, err := parser.ParseFile(fset, name, c.Text, parser.SkipObjectResolution)
	if file != nil {
		c.file = fset.File(file.FileStart)
	}
	if err != nil {
		return nil, c.syntaxErrors(err)
	}
	c.File = file
	last, ok := file.Decls[len(file.Decls)-1].(*ast.FuncDecl)
	if !ok || last.Name.Name != BodyName {
		return nil, Errors{{c.end(), "syntax error: a declaration is not closed"}}
	}
	c.Body = last
	if errs := c.strayReturns(); errs != nil {
		return nil, errs
	}
	return c, nil
}

// layOut writes Text: a package clause, the imports, the other declarations,
// and the statements inside a function.
func (c *Cell) layOut(layout Layout) {
	var text strings.Builder
	text.WriteString("package main\n")
	write := func(item Item) {
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

func (c *Cell) position(offset int) Position {
	// The last segment that starts at or before the offset; what the layout
	// itself wrote belongs to the end of the text before it.
	i := sort.Search(len(c.segments), func(i int) bool { return c.segments[i].text > offset }) - 1
	if i < 0 {
		return Position{1, 1}
	}
	s := c.segments[i]
	return lineColumn(c.Source, s.source+min(offset-s.text, s.length))
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
