package yaegi

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
)

// statements returns the source of the function that runs the cell.
func (l *lowering) statements() string {
	body := l.unit.Cell.Body.Body
	l.insert(l.unit.End(body)-1, l.programCalls())
	l.enterFunction(body, "", nil)
	l.walk(body)
	l.leaveFunction()
	clear(l.needs)
	return "func " + l.program.Entry + "() " + l.render(l.unit.Start(body), l.unit.End(body)) + "\n"
}

// programCalls returns the calls that run a whole program: its init functions,
// then main.
func (l *lowering) programCalls() string {
	if !l.unit.Cell.Program {
		return ""
	}
	calls, main := "\n", ""
	for _, f := range l.unit.Funcs {
		switch {
		case f.Recv == nil && f.Object.Name() == "main":
			main = l.names.object(f.Object) + "();"
		case slices.Contains(l.unit.Inits, f.Decl):
			calls += l.names.object(f.Object) + "();"
		}
	}
	return calls + main
}

// result returns what to write around the last expression, to hand its value to
// the runtime.
func (l *lowering) result() (before, after string) {
	switch l.unit.Result {
	case check.ErrorResult:
		return "rtʹ.LastError(", ")"
	case check.ValueErrorResult:
		return "{ vʹ, eʹ := ", "; rtʹ.ResultOrError(vʹ, eʹ) }"
	case check.ValueResult:
		if method := l.textMethod(l.unit.Info.TypeOf(l.unit.Last)); method != "" {
			return "{ vʹ := ", "; rtʹ.ResultText(vʹ, vʹ." + method + "()) }"
		}
		return "rtʹ.Result(", ")"
	}
	return "", ""
}

// textMethod returns the method by which values of a session type say what they
// are: compiled code cannot see it.
func (l *lowering) textMethod(t types.Type) string {
	base := t
	if ptr, ok := t.(*types.Pointer); ok {
		base = ptr.Elem()
	}
	named, ok := types.Unalias(base).(*types.Named)
	if !ok || !l.names.isSession(named.Obj()) || types.IsInterface(t) {
		return ""
	}
	for _, name := range []string{"Error", "String"} {
		obj, _, _ := types.LookupFieldOrMethod(t, false, l.unit.Pkg, name)
		m, ok := obj.(*types.Func)
		if !ok {
			continue
		}
		sig := m.Signature()
		if sig.Params().Len() == 0 && sig.Results().Len() == 1 && types.Identical(sig.Results().At(0).Type(), types.Typ[types.String]) {
			return name
		}
	}
	return ""
}

func (l *lowering) enterFunction(body *ast.BlockStmt, label string, results *types.Tuple) {
	f := &function{name: label, results: results}
	if body != nil {
		f.leaves = l.leaves(body)
	}
	l.funcs = append(l.funcs, f)
	l.frames++
	l.program.Frames[l.frames] = engine.FrameInfo{Name: label, Cell: l.unit.Count}
	if body != nil {
		l.insert(l.unit.Start(body)+1, fmt.Sprintf(" gʹ := rtʹ.Enter(%d); kʹ := 0; ", l.frames))
		if results.Len() == 0 {
			l.insert(l.unit.End(body)-1, "; rtʹ.Leave(gʹ) ")
		}
	}
}

func (l *lowering) leaveFunction() { l.funcs = l.funcs[:len(l.funcs)-1] }

func (l *lowering) inside() *function { return l.funcs[len(l.funcs)-1] }

// block lowers a list of statements.
func (l *lowering) block(list []ast.Stmt) {
	for _, stmt := range list {
		switch stmt.(type) {
		case *ast.CaseClause, *ast.CommClause:
			l.walk(stmt)
		default:
			l.stmt(stmt)
		}
	}
}

// stmt lowers a statement, preceded by its line. Where the function leaves its
// own statements, what says the line also meets a stop of the cell.
func (l *lowering) stmt(stmt ast.Stmt) {
	start := l.unit.Start(stmt)
	switch {
	case l.inside().leaves:
		l.insert(start, fmt.Sprintf("rtʹ.At(gʹ, %d); ", l.unit.Line(stmt)))
	case l.mayPanic(stmt):
		l.insert(start, fmt.Sprintf("gʹ.Line = %d; ", l.unit.Line(stmt)))
	}
	if expr, ok := stmt.(*ast.ExprStmt); ok && expr.X == l.unit.Last {
		before, after := l.result()
		l.insert(start, before)
		l.walk(stmt)
		l.insert(l.unit.End(stmt), after)
		return
	}
	if assign, ok := stmt.(*ast.AssignStmt); ok && l.assignsTogether(assign) {
		l.insert(start, "{ ")
		for i, value := range assign.Rhs {
			tv := l.unit.Info.Types[value]
			if tv.Value != nil {
				continue
			}
			name := fmt.Sprintf("t%dʹ", i)
			declare := name + " := "
			if tv.IsNil() {
				declare = "var " + name + " " + l.typeString(l.unit.Info.TypeOf(assign.Lhs[i])) + " = "
			}
			l.insert(start, declare+l.subtext(value)+"; ")
			l.replace(l.unit.Start(value), l.unit.End(value), name)
			l.replaced[value] = true
		}
		l.walk(stmt)
		l.insert(l.unit.End(stmt), " }")
		return
	}
	if expr, ok := stmt.(*ast.ExprStmt); ok && l.ignoresError(expr.X) {
		l.insert(start, "rtʹ.Ignored(")
		l.walk(stmt)
		l.insert(l.unit.End(stmt), ")")
		return
	}
	l.walk(stmt)
}

// assignsTogether reports an assignment of several values, some nil or of calls:
// yaegi loses others of them.
func (l *lowering) assignsTogether(stmt *ast.AssignStmt) bool {
	if len(stmt.Rhs) < 2 || stmt.Tok == token.DEFINE && !l.declaresSession(stmt.Lhs) {
		return false
	}
	return slices.ContainsFunc(stmt.Rhs, func(e ast.Expr) bool {
		_, isCall := ast.Unparen(e).(*ast.CallExpr)
		return isCall || l.unit.Info.Types[e].IsNil()
	})
}

// returnStmt has a function leave its frame when it returns. A panic does not,
// so what the results are is found out before.
func (l *lowering) returnStmt(stmt *ast.ReturnStmt) {
	start, end := l.unit.Start(stmt), l.unit.End(stmt)
	const leave = "rtʹ.Leave(gʹ); return"
	results := l.inside().results
	// With named results yaegi stores one before it looks at the next.
	inTurn := len(stmt.Results) > 1 && results.At(0).Name() != ""
	if len(stmt.Results) == 0 || !l.mayPanic(stmt) && !inTurn {
		l.insert(start, "{ rtʹ.Leave(gʹ); ")
		l.children(stmt)
		l.insert(end, " }")
		return
	}
	names := make([]string, results.Len())
	for i := range names {
		names[i] = fmt.Sprintf("r%dʹ", i)
	}
	list := strings.Join(names, ", ")
	if len(stmt.Results) != len(names) {
		l.replace(start, l.unit.Start(stmt.Results[0]), "{ "+list+" := ")
		l.walk(stmt.Results[0])
		l.insert(end, "; "+leave+" "+list+" }")
		return
	}
	at, before := start, "{ "
	for i, result := range stmt.Results {
		l.replace(at, l.unit.Start(result), fmt.Sprintf("%svar %s %s = ", before, names[i], l.typeString(results.At(i).Type())))
		l.walk(result)
		at, before = l.unit.End(result), "; "
	}
	l.insert(end, "; "+leave+" "+list+" }")
}

// ignoresError reports a call of package mp whose error nobody looks at. It is
// not lost: the runtime tells the cell.
func (l *lowering) ignoresError(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := l.unit.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "cuaderno/mpruntime" &&
		types.Identical(l.unit.Info.TypeOf(call), types.Universe.Lookup("error").Type())
}

// mayPanic reports whether the part of stmt outside its nested blocks does
// something that can panic.
func (l *lowering) mayPanic(stmt ast.Stmt) bool {
	found := false
	ast.Inspect(stmt, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt, *ast.FuncLit, *ast.CaseClause, *ast.CommClause:
			return n == ast.Node(stmt)
		case *ast.CallExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.TypeAssertExpr, *ast.SendStmt, *ast.SelectorExpr:
			found = true
		case *ast.BinaryExpr:
			found = found || n.Op == token.QUO || n.Op == token.REM || n.Op == token.SHL || n.Op == token.SHR
		case *ast.AssignStmt:
			found = found || n.Tok == token.QUO_ASSIGN || n.Tok == token.REM_ASSIGN
		}
		return !found
	})
	return found
}

// leaves reports whether something in n calls a function, conversions and
// builtins aside, or may wait for a channel.
func (l *lowering) leaves(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			tv := l.unit.Info.Types[n.Fun]
			found = found || !tv.IsType() && !tv.IsBuiltin()
		case *ast.SendStmt, *ast.SelectStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.RangeStmt:
			_, isChan := l.unit.Info.TypeOf(n.X).Underlying().(*types.Chan)
			found = found || isChan
		}
		return !found
	})
	return found
}
