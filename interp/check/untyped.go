package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// giveDefaultType makes the last expression, if it is untyped, one of its default
// type, as the checker would if it were assigned to a variable without a type:
// it has seen it as a statement, which asks for none.
func (p *pass) giveDefaultType(e ast.Expr) {
	if t := p.unit.Info.TypeOf(e); isUntyped(t) && t != types.Typ[types.UntypedNil] {
		p.setType(e, types.Default(t))
	}
}

// typeShiftCounts makes untyped shift counts that are not constant, such as 1<<x
// in y<<(1<<x), of type uint, as the compiler does. The checker leaves them
// untyped (go.dev/issue/47410).
func (p *pass) typeShiftCounts() {
	untyped := false
	for _, tv := range p.unit.Info.Types {
		basic, ok := tv.Type.(*types.Basic)
		untyped = untyped || ok && tv.Value == nil && basic.Info()&types.IsUntyped != 0 && basic.Info()&types.IsNumeric != 0
	}
	if !untyped {
		return
	}
	ast.Inspect(p.unit.Cell.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.SHL || n.Op == token.SHR {
				p.setType(n.Y, types.Typ[types.Uint])
			}
		case *ast.AssignStmt:
			if n.Tok == token.SHL_ASSIGN || n.Tok == token.SHR_ASSIGN {
				p.setType(n.Rhs[0], types.Typ[types.Uint])
			}
		}
		return true
	})
}

// setType follows the operands that share the type of an untyped expression, as
// Checker.updateExprType does.
func (p *pass) setType(e ast.Expr, t types.Type) {
	tv, ok := p.unit.Info.Types[e]
	if !ok || !isUntyped(tv.Type) {
		return
	}
	if tv.Value == nil {
		switch e := e.(type) {
		case *ast.UnaryExpr:
			p.setType(e.X, t)
		case *ast.BinaryExpr:
			switch e.Op {
			case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
			case token.SHL, token.SHR:
				if basic, ok := t.(*types.Basic); !ok || basic.Info()&types.IsInteger == 0 {
					p.fail(e.X, fmt.Sprintf("invalid operation: shifted operand %s (type %s) must be integer", p.text(e.X), t))
				}
				p.setType(e.X, t)
			default:
				p.setType(e.X, t)
				p.setType(e.Y, t)
			}
		}
	}
	if paren, ok := e.(*ast.ParenExpr); ok {
		p.setType(paren.X, t)
	}
	tv.Type = t
	p.unit.Info.Types[e] = tv
}
