package check

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"cuaderno/interp/cell"
)

const typeToken = token.TYPE

// checkStatements is step 2. It ends by making the variables that the
// statements declare at the top level variables of the session.
func (p *pass) checkStatements() {
	if len(p.unit.Cell.Body.Body.List) == 0 {
		return
	}
	p.check([]ast.Decl{p.unit.Cell.Body})
	remove(p.session.pkg.Scope(), cell.BodyName)
	for _, stmt := range p.unit.Cell.Body.Body.List {
		for _, id := range declared(stmt) {
			if local, ok := p.unit.Info.Defs[id].(*types.Var); ok {
				p.keep(local)
			}
		}
	}
}

// keep makes a variable of the statements one of the session: the one it has,
// if the type is the same, so that closures go on seeing it.
func (p *pass) keep(local *types.Var) {
	if old, ok := p.session.Lookup(local.Name()).(*types.Var); ok && types.Identical(old.Type(), local.Type()) {
		p.unit.Locals[local] = old
		return
	}
	v := types.NewVar(local.Pos(), p.session.pkg, local.Name(), local.Type())
	p.declare(local.Name(), v)
	p.unit.Locals[local] = v
	p.unit.Vars = append(p.unit.Vars, v)
}

// classifyResult decides what becomes of the last expression's value.
func (p *pass) classifyResult() {
	last := lastExpr(p.unit.Cell.Body.Body)
	if last == nil || p.unit.Cell.Quiet || p.prints(last) {
		return
	}
	tv := p.unit.Info.Types[last]
	switch {
	case tv.IsVoid() || tv.IsType() || tv.Type == nil:
		return
	case isError(tv.Type):
		p.unit.Result = ErrorResult
	case p.overflows(tv):
		p.fail(last, fmt.Sprintf("%s (%s constant %s) overflows %s", p.text(last), tv.Type, tv.Value, types.Default(tv.Type)))
	default:
		tuple, ok := tv.Type.(*types.Tuple)
		if ok && isError(tuple.At(tuple.Len()-1).Type()) {
			p.unit.Result = ValueErrorResult
		} else {
			p.unit.Result = ValueResult
		}
	}
	p.unit.Last = last
	p.giveDefaultType(last)
}

// overflows reports an untyped constant that its default type cannot hold.
func (p *pass) overflows(tv types.TypeAndValue) bool {
	if tv.Value == nil || tv.Value.Kind() != constant.Int {
		return false
	}
	basic, ok := tv.Type.(*types.Basic)
	_, exact := constant.Int64Val(tv.Value)
	return ok && basic.Kind() == types.UntypedInt && !exact
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// prints reports a call of fmt's Print functions, whose results nobody wants.
func (p *pass) prints(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := p.unit.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "fmt" &&
		(strings.HasPrefix(fn.Name(), "Print") || strings.HasPrefix(fn.Name(), "Fprint"))
}
