package yaegi

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// This file lowers defer. yaegi looks at the function, receiver and arguments of
// a deferred call only when it makes the call, and its recover sees a panic only
// in a literal that is deferred where it is written.

// deferStmt has a literal, made on the spot, hold what the call will need. One
// that recovers itself stays where it is, its arguments in variables; for a
// function of the notebook, which may recover too, a literal recovers and hands
// the value on (engine.Deferred).
func (l *lowering) deferStmt(stmt *ast.DeferStmt) {
	call, start, end := stmt.Call, l.unit.Start(stmt), l.unit.End(stmt)
	if tv := l.unit.Info.Types[call.Fun]; tv.IsBuiltin() || tv.IsType() {
		l.children(stmt)
		return
	}
	var prepare strings.Builder
	variables := 0
	variable := func(e ast.Expr, text string) {
		name := fmt.Sprintf("d%dʹ", variables)
		variables++
		prepare.WriteString(name + " := " + text + "; ")
		l.replace(l.unit.Start(e), l.unit.End(e), name)
		l.replaced[e] = true
	}
	for _, arg := range call.Args {
		tv := l.unit.Info.Types[arg]
		if _, several := tv.Type.(*types.Tuple); tv.Value == nil && tv.IsValue() && !tv.IsNil() && !several {
			variable(arg, l.subtext(arg))
		}
	}
	lit, isLit := call.Fun.(*ast.FuncLit)
	if isLit && l.recovers(lit) {
		l.bare[lit] = true
		l.insert(start, "{ "+prepare.String())
		l.children(stmt)
		l.insert(end, " }")
		return
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		if method := l.unit.Info.Selections[sel]; method != nil && method.Kind() == types.MethodVal {
			variable(sel.X, l.receiver(sel.X, method))
		}
	} else if !isLit {
		variable(call.Fun, l.subtext(call.Fun))
	}
	l.children(stmt)
	text := l.render(l.unit.Start(call), end)
	l.forget(l.unit.Start(call), end)
	run := "defer dʹ()"
	if !isLit && !l.isCompiled(call) {
		run = "defer func(fʹ func()) { rtʹ.Deferred(recover(), fʹ) }(dʹ)"
	}
	l.replace(start, end, "{ dʹ := func() func() { "+prepare.String()+"return func() { "+text+" } }(); "+run+" }")
}

// isCompiled reports whether a call is known to be one of a compiled function.
func (l *lowering) isCompiled(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := l.unit.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != l.unit.Pkg
}

// receiver returns the source of what a method is called on: a copy, or the
// address where the method has a pointer receiver.
func (l *lowering) receiver(x ast.Expr, method *types.Selection) string {
	_, isPointer := method.Recv().Underlying().(*types.Pointer)
	_, wantsPointer := method.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	if wantsPointer && !isPointer && l.unit.Info.Types[x].Addressable() {
		return "&" + l.subtext(x)
	}
	return l.subtext(x)
}

// recovers reports whether a literal itself calls recover.
func (l *lowering) recovers(lit *ast.FuncLit) bool {
	found := false
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			id, ok := ast.Unparen(n.Fun).(*ast.Ident)
			found = found || ok && id.Name == "recover" && l.unit.Info.Types[n.Fun].IsBuiltin()
		}
		return !found
	})
	return found
}
