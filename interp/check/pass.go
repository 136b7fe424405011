package check

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"cuaderno/interp/cell"
)

// A pass is one run of Check over a cell.
type pass struct {
	session *Session
	unit    *Unit
	touched map[string]bool
	before  map[string]types.Object // what touched names meant
	imports map[string]string       // of this cell, by name

	consts     []*ast.GenDecl
	types      []*ast.TypeSpec
	funcs      []*funcDecl
	hoisted    map[string]ast.Node // names of consts, types and functions
	locals     map[token.Pos]bool  // where the statements declare top-level variables
	localNames map[string]bool     // of those variables
	used       map[string]bool     // names that stand before a dot

	cursor token.Pos // of a sketch

	changes []change
	// replaced leads from functions that the checker saw to those whose bodies they
	// are.
	replaced map[types.Object]types.Object

	failures []types.Error
	other    cell.Errors
}

func (p *pass) run() {
	if p.unit.Cell.Program {
		p.checkProgram()
	} else {
		p.sortDeclarations()
		p.resolveImports()
		p.keepUnchanged()
		p.checkSignatures()
		p.checkStatements()
		p.checkBodies()
		p.rememberSources()
	}
	if len(p.failures) == 0 && len(p.other) == 0 {
		p.noteReplaced()
		p.rememberBodies()
		p.typeShiftCounts()
		p.checkSizes()
		p.findTargets()
		p.classifyResult()
	}
}

func (p *pass) fail(n ast.Node, msg string) {
	p.other = append(p.other, &cell.Error{Pos: p.unit.Cell.Position(n.Pos()), Msg: msg})
}

// sortDeclarations tells apart what the cell declares.
func (p *pass) sortDeclarations() {
	p.hoisted = map[string]ast.Node{}
	p.locals = map[token.Pos]bool{}
	p.localNames = map[string]bool{}
	p.used = map[string]bool{}
	for _, decl := range p.unit.Cell.File.Decls {
		switch decl := decl.(type) {
		case *ast.GenDecl:
			p.sortGenDecl(decl)
		case *ast.FuncDecl:
			switch {
			case decl == p.unit.Cell.Body:
			case decl.Recv == nil && decl.Name.Name == "init":
				p.fail(decl.Name, "func init has no place in a cell: write its statements at the top level")
			default:
				p.funcs = append(p.funcs, newFuncDecl(decl))
				if decl.Recv == nil {
					p.hoist(decl.Name)
				}
			}
		}
	}
	for _, stmt := range p.unit.Cell.Body.Body.List {
		for _, id := range declared(stmt) {
			if _, twice := p.hoisted[id.Name]; twice {
				p.fail(id, id.Name+" redeclared in this cell")
			}
			p.locals[id.Pos()] = true
			p.localNames[id.Name] = true
		}
	}
	p.findQualifiers()
}

// findQualifiers notes the names that stand before a dot.
func (p *pass) findQualifiers() {
	ast.Inspect(p.unit.Cell.File, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				p.used[id.Name] = true
			}
		}
		return true
	})
}

func (p *pass) sortGenDecl(decl *ast.GenDecl) {
	switch decl.Tok {
	case token.CONST:
		p.consts = append(p.consts, decl)
		for _, spec := range decl.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				p.hoist(id)
			}
		}
	case token.TYPE:
		for _, spec := range decl.Specs {
			spec := spec.(*ast.TypeSpec)
			p.types = append(p.types, spec)
			p.hoist(spec.Name)
		}
	}
}

func (p *pass) hoist(id *ast.Ident) {
	if id.Name == "_" {
		return
	}
	p.hoisted[id.Name] = id
}

// declared returns the variables that a top-level statement declares, if they
// are new to the cell.
func declared(stmt ast.Stmt) []*ast.Ident {
	var ids []*ast.Ident
	switch stmt := stmt.(type) {
	case *ast.LabeledStmt:
		return declared(stmt.Stmt)
	case *ast.AssignStmt:
		if stmt.Tok == token.DEFINE {
			for _, lhs := range stmt.Lhs {
				if id, ok := lhs.(*ast.Ident); ok && id.Name != "_" {
					ids = append(ids, id)
				}
			}
		}
	case *ast.DeclStmt:
		if decl, ok := stmt.Decl.(*ast.GenDecl); ok && decl.Tok == token.VAR {
			for _, spec := range decl.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					if id.Name != "_" {
						ids = append(ids, id)
					}
				}
			}
		}
	}
	return ids
}

// check runs a Checker of its own over decls.
func (p *pass) check(decls []ast.Decl) {
	file := &ast.File{Name: ast.NewIdent("main"), Package: p.unit.Cell.File.Package, FileStart: p.unit.Cell.File.FileStart, FileEnd: p.unit.Cell.File.FileEnd}
	file.Decls = append(p.importDecls(), decls...)
	p.checkFile(file)
}

// checkFile runs a Checker over file.
func (p *pass) checkFile(file *ast.File) {
	s := p.session
	config := &types.Config{
		Importer: s.importer,
		Sizes:    s.sizes,
		Error: func(err error) {
			var complaint types.Error
			if errors.As(err, &complaint) && !p.tolerated(complaint) {
				p.failures = append(p.failures, complaint)
			}
		},
	}
	// Every complaint has gone to config.Error.
	_ = types.NewChecker(config, s.Fset, s.pkg, p.unit.Info).Files([]*ast.File{file})
}

// tolerated reports complaints that do not apply to a notebook (to a whole
// program all of the compiler's do): imports and
// top-level variables need not be used, and the last expression is the result.
func (p *pass) tolerated(err types.Error) bool {
	switch {
	case strings.HasPrefix(err.Msg, "\t"):
		return true // more about the complaint before
	case p.unit.Cell.Program:
		return err.Pos == p.unit.Cell.File.Package // an import that the program did not write
	case strings.HasSuffix(err.Msg, "imported and not used"), strings.Contains(err.Msg, " imported as ") && strings.HasSuffix(err.Msg, "and not used"):
		return true
	case strings.HasPrefix(err.Msg, "declared and not used: "):
		return p.locals[err.Pos]
	case strings.HasSuffix(err.Msg, "is not used"):
		last := lastExpr(p.unit.Cell.Body.Body)
		return last != nil && within(last, err.Pos)
	}
	return false
}

// within reports whether pos is in n, but not in the body of a function literal
// inside n.
func within(n ast.Node, pos token.Pos) bool {
	if pos < n.Pos() || pos >= n.End() {
		return false
	}
	inside := true
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.FuncLit); ok && lit.Body.Pos() <= pos && pos < lit.Body.End() {
			inside = false
		}
		return inside
	})
	return inside
}

func lastExpr(body *ast.BlockStmt) ast.Expr {
	if len(body.List) == 0 {
		return nil
	}
	if stmt, ok := body.List[len(body.List)-1].(*ast.ExprStmt); ok {
		return stmt.X
	}
	return nil
}

// errors returns all complaints in the order of the source.
func (p *pass) errors() error {
	errs := p.other
	for _, err := range p.failures {
		errs = append(errs, &cell.Error{Pos: p.unit.Cell.Position(err.Pos), Msg: p.hint(err)})
	}
	if len(errs) == 0 {
		return nil
	}
	slices.SortStableFunc(errs, func(a, b *cell.Error) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
	return slices.CompactFunc(errs, func(a, b *cell.Error) bool { return *a == *b })
}
