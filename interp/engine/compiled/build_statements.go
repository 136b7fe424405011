package compiled

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"

	"cuaderno/interp/check"
)

// statements adds the function of the unit's statements to the file and returns
// it, nil if there are none. In it the variables that the checker took for
// locals of that function are the session's: their declarations become
// assignments, in a copy of the function's list.
func (a *assembly) statements() *ast.FuncDecl {
	body := a.unit.Cell.Body
	if a.unit.Cell.Program || len(body.Body.List) == 0 {
		return nil
	}
	for id, obj := range a.info.Uses {
		if v, ok := a.unit.Locals[obj]; ok {
			a.info.Uses[id] = v
		}
	}
	block := *body.Body
	block.List = nil
	for _, stmt := range body.Body.List {
		block.List = append(block.List, a.statement(stmt))
	}
	decl := *body
	decl.Body = &block
	a.decls = append(a.decls, &decl)
	return &decl
}

// statement returns what a top-level statement becomes.
func (a *assembly) statement(stmt ast.Stmt) ast.Stmt {
	switch stmt := stmt.(type) {
	case *ast.LabeledStmt:
		labeled := *stmt
		labeled.Stmt = a.statement(stmt.Stmt)
		return &labeled
	case *ast.AssignStmt:
		if stmt.Tok != token.DEFINE {
			return stmt
		}
		for _, lhs := range stmt.Lhs {
			a.assigned(lhs.(*ast.Ident))
		}
		assign := *stmt
		assign.Tok = token.ASSIGN
		return &assign
	case *ast.DeclStmt:
		if decl, ok := stmt.Decl.(*ast.GenDecl); ok && decl.Tok == token.VAR {
			return a.declaration(decl)
		}
	case *ast.ExprStmt:
		if stmt.X == a.unit.Last && a.unit.Result != check.NoResult {
			return &ast.ExprStmt{X: a.mark(resultMarker, stmt.X)}
		}
	}
	return stmt
}

// assigned makes an identifier that declares a local one that refers to the
// session variable.
func (a *assembly) assigned(id *ast.Ident) {
	if v, ok := a.unit.Locals[a.info.Defs[id]]; ok {
		delete(a.info.Defs, id)
		a.info.Uses[id] = v
	}
}

// declaration returns the assignments that a var declaration becomes: without
// values the variables are cleared, because they may be of an earlier run.
func (a *assembly) declaration(decl *ast.GenDecl) ast.Stmt {
	block := &ast.BlockStmt{Lbrace: decl.Pos(), Rbrace: decl.End()}
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		assign := &ast.AssignStmt{TokPos: spec.Pos(), Tok: token.ASSIGN, Rhs: spec.Values}
		for _, id := range spec.Names {
			a.assigned(id)
			if len(spec.Values) > 0 {
				assign.Lhs = append(assign.Lhs, id)
			} else if v, ok := a.info.Uses[id].(*types.Var); ok {
				zero := types.NewVar(id.Pos(), a.unit.Pkg, "zeroʹ", v.Type())
				block.List = append(block.List, &ast.DeclStmt{Decl: &ast.GenDecl{
					TokPos: id.Pos(), Tok: token.VAR, Specs: []ast.Spec{&ast.ValueSpec{Names: []*ast.Ident{a.define(zero)}}},
				}})
				assign.Lhs = append(assign.Lhs, id)
				assign.Rhs = append(assign.Rhs, a.use(zero, id.Pos()))
			}
		}
		if len(assign.Lhs) > 0 {
			block.List = append(block.List, assign)
		}
	}
	return block
}

// mark returns a call that hands the values of e to a marker.
func (a *assembly) mark(m marker, e ast.Expr) ast.Expr {
	name, results := "resultʹ", a.unit.Info.TypeOf(e)
	if m == ignoredMarker {
		name = "ignoredʹ"
	}
	var params []*types.Var
	if tuple, ok := results.(*types.Tuple); ok {
		for v := range tuple.Variables() {
			params = append(params, types.NewParam(token.NoPos, a.unit.Pkg, "", v.Type()))
		}
	} else {
		params = append(params, types.NewParam(token.NoPos, a.unit.Pkg, "", markable(results)))
	}
	fn := types.NewFunc(token.NoPos, a.unit.Pkg, name, types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), nil, false))
	a.markers[fn] = m
	a.marked = append(a.marked, fn)
	a.declareFunc(fn)
	call := &ast.CallExpr{Fun: a.use(fn, e.Pos()), Lparen: e.Pos(), Args: []ast.Expr{e}, Rparen: e.End()}
	a.info.Types[call] = types.TypeAndValue{Type: (*types.Tuple)(nil)}
	return call
}

// markable returns the type of a marker's parameter for a value of type t.
func markable(t types.Type) types.Type {
	if t == types.Typ[types.UntypedNil] {
		return types.Universe.Lookup("any").Type()
	}
	return types.Default(t)
}

// wrapIgnored hands to a marker the errors of package mp that statements in n do
// not look at. It changes those statements where they stand, so that the bodies
// around them need no copies; undo puts them back.
func (a *assembly) wrapIgnored(n ast.Node) (undo func()) {
	var wrapped []*ast.ExprStmt
	undo = func() {
		for _, stmt := range wrapped {
			stmt.X = stmt.X.(*ast.CallExpr).Args[0]
		}
	}
	if !a.usesProcesses {
		return undo
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if stmt, ok := n.(*ast.ExprStmt); ok && stmt.X != a.unit.Last && a.ignoresError(stmt.X) {
			stmt.X = a.mark(ignoredMarker, stmt.X)
			wrapped = append(wrapped, stmt)
		}
		return true
	})
	return undo
}

// fixLengths replaces the operand of each range statement in n that Go does not
// evaluate, an array whose length is constant and whose elements nobody wants, by
// that length. It changes the statements where they stand; undo puts them back.
func (a *assembly) fixLengths(n ast.Node) (undo func()) {
	operands := map[*ast.RangeStmt]ast.Expr{}
	undo = func() {
		for stmt, x := range operands {
			stmt.X = x
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		stmt, ok := n.(*ast.RangeStmt)
		if !ok || stmt.Value != nil || a.calls(stmt.X) {
			return true
		}
		t := a.info.TypeOf(stmt.X).Underlying()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem().Underlying()
		}
		array, ok := t.(*types.Array)
		if !ok {
			return true
		}
		length := &ast.BasicLit{ValuePos: stmt.X.Pos(), Kind: token.INT, Value: strconv.FormatInt(array.Len(), 10)}
		a.info.Types[length] = types.TypeAndValue{Type: types.Typ[types.Int], Value: constant.MakeInt64(array.Len())}
		operands[stmt], stmt.X = stmt.X, length
		return true
	})
	return undo
}

// calls reports whether e calls functions or receives from channels.
func (a *assembly) calls(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.CallExpr:
			fun := a.info.Types[n.Fun]
			found = found || !fun.IsType() && a.info.Types[n].Value == nil
		}
		return !found
	})
	return found
}

const mpruntimePath = "cuaderno/mpruntime"

func (a *assembly) ignoresError(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := a.unit.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == mpruntimePath &&
		types.Identical(a.unit.Info.TypeOf(call), types.Universe.Lookup("error").Type())
}
