package cell

import (
	"go/ast"
	"go/parser"
	"go/token"
)

// Sketch parses what the parser can make of src, which may be wrong in any way, and
// adds it to fset. Mend makes that more.
func Sketch(fset *token.FileSet, name, src string) *Cell {
	layout := Split(src)
	c := &Cell{Source: src, Quiet: layout.Quiet}
	c.layOut(layout, sourceLines(name, src))
	// What is wrong does not matter here.
	c.File, _ = parser.ParseFile(fset, name, c.Text, parser.SkipObjectResolution|parser.AllErrors)
	c.file = fset.File(c.File.FileStart)
	if n := len(c.File.Decls); n > 0 {
		if last, ok := c.File.Decls[n-1].(*ast.FuncDecl); ok && last.Name.Name == BodyName && last.Body != nil {
			c.Body = last
		}
	}
	if c.Body == nil { // a declaration before it has no end
		end := c.File.FileEnd
		c.Body = &ast.FuncDecl{
			Name: &ast.Ident{NamePos: end, Name: BodyName},
			Type: &ast.FuncType{Func: end, Params: &ast.FieldList{}},
			Body: &ast.BlockStmt{Lbrace: end, Rbrace: end},
		}
		c.File.Decls = append(c.File.Decls, c.Body)
	}
	c.Program = c.Program && c.declaresMain() && c.strayStatements() == nil
	return c
}

// Pos returns where the byte at offset of Source is in the parsed file; NoPos
// between the items of the cell.
func (c *Cell) Pos(offset int) token.Pos {
	for _, s := range c.segments {
		if s.source <= offset && offset <= s.source+s.length {
			return c.file.Pos(s.text + offset - s.source)
		}
	}
	return token.NoPos
}
