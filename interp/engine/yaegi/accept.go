package yaegi

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"cuaderno/interp/check"
)

// A Snippet is a unit that yaegi evaluates: a function of pointers to the session
// variables that it uses.
type Snippet struct {
	source    string // a function without func and name
	variables []reflect.Value
}

// A Refusal says why a unit is not yaegi's.
type Refusal struct {
	// Line is that of the cell as typed, 0 for the unit as a whole.
	Line int
	What string
}

func (r *Refusal) Error() string {
	if r.Line == 0 {
		return r.What
	}
	return fmt.Sprintf("line %d: %s", r.Line, r.What)
}

// Accept turns the statements of u into a snippet, if yaegi can be trusted with
// them. variable returns a session variable, settable. The error is a *Refusal.
func Accept(u *check.Unit, variable func(*types.Var) reflect.Value) (*Snippet, error) {
	switch {
	case u.Decls != nil:
		return nil, &Refusal{What: "a whole program"}
	case len(u.Cell.Body.Body.List) == 0:
		return nil, &Refusal{What: "no statements"}
	case u.Result == check.ErrorResult || u.Result == check.ValueErrorResult:
		return nil, &Refusal{What: "a result that may be an error"}
	}
	a := &acceptance{unit: u, numbers: map[*types.Var]int{}}
	a.statements()
	if a.refusal != nil {
		return nil, a.refusal
	}
	s := &Snippet{}
	params := make([]string, len(a.variables))
	for i, v := range a.variables {
		params[i] = fmt.Sprintf("v%d *%s", i, v.Type())
		s.variables = append(s.variables, variable(v))
	}
	s.source = fmt.Sprintf("(%s) %s {\n%s}", strings.Join(params, ", "), a.result, a.out.String())
	return s, nil
}

// An acceptance is one look at a unit. After a refusal it goes on and what it
// writes is of no use.
type acceptance struct {
	unit      *check.Unit
	out       strings.Builder
	result    string
	numbers   map[*types.Var]int
	variables []*types.Var
	refusal   *Refusal
}

func (a *acceptance) refuse(n ast.Node, what string) string {
	if a.refusal == nil {
		a.refusal = &Refusal{a.unit.Line(n), what}
	}
	return ""
}

// basic are the types that yaegi computes with as Go does.
var basic = map[types.BasicKind]bool{types.Int: true, types.Float64: true, types.String: true, types.Bool: true}

func isBasic(t types.Type) (*types.Basic, bool) {
	b, ok := types.Default(t).(*types.Basic)
	return b, ok && basic[b.Kind()]
}

func (a *acceptance) statements() {
	list := a.unit.Cell.Body.Body.List
	for i, stmt := range list {
		if last, ok := stmt.(*ast.ExprStmt); ok && i == len(list)-1 && a.unit.Last == last.X {
			b, ok := isBasic(a.unit.Info.TypeOf(last.X))
			if !ok {
				a.refuse(last, "a result of another type than int, float64, string and bool")
				return
			}
			a.result = b.Name()
			fmt.Fprintf(&a.out, "return %s\n", a.expr(last.X))
			return
		}
		a.statement(stmt)
	}
}

// assignments are the operators of assignments, with the types that they take.
var assignments = map[token.Token]string{
	token.ASSIGN: "=", token.DEFINE: "=", token.ADD_ASSIGN: "+=", token.SUB_ASSIGN: "-=", token.MUL_ASSIGN: "*=",
}

func (a *acceptance) statement(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		op, ok := assignments[s.Tok]
		if !ok || len(s.Lhs) != 1 || len(s.Rhs) != 1 {
			a.refuse(s, "an assignment "+s.Tok.String()+" of this form")
			return
		}
		fmt.Fprintf(&a.out, "%s %s %s\n", a.target(s.Lhs[0]), op, a.expr(s.Rhs[0]))
	case *ast.IncDecStmt:
		fmt.Fprintf(&a.out, "%s%s\n", a.target(s.X), s.Tok)
	case *ast.DeclStmt:
		a.declaration(s)
	default:
		a.refuse(stmt, "a statement of this kind")
	}
}

func (a *acceptance) declaration(s *ast.DeclStmt) {
	decl, ok := s.Decl.(*ast.GenDecl)
	if !ok || decl.Tok != token.VAR {
		a.refuse(s, "a declaration of this kind")
		return
	}
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		for i, name := range spec.Names {
			value := ""
			switch {
			case len(spec.Values) == len(spec.Names):
				value = a.expr(spec.Values[i])
			case len(spec.Values) == 0:
				if v := a.variable(name); v != nil {
					value = zero(v.Type())
				}
			default:
				a.refuse(spec, "several variables from one value")
			}
			fmt.Fprintf(&a.out, "%s = %s\n", a.target(name), value)
		}
	}
}

func zero(t types.Type) string {
	b, _ := isBasic(t)
	switch {
	case b.Info()&types.IsString != 0:
		return `""`
	case b.Info()&types.IsBoolean != 0:
		return "false"
	}
	return "0"
}

// target writes a variable that is assigned to.
func (a *acceptance) target(e ast.Expr) string {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return a.refuse(e, "an assignment to something else than a variable")
	}
	return a.use(id)
}

func (a *acceptance) use(id *ast.Ident) string {
	v := a.variable(id)
	if v == nil {
		return ""
	}
	n, seen := a.numbers[v]
	if !seen {
		n = len(a.variables)
		a.numbers[v] = n
		a.variables = append(a.variables, v)
	}
	return fmt.Sprintf("*v%d", n)
}

func (a *acceptance) variable(id *ast.Ident) *types.Var {
	obj := a.unit.Info.ObjectOf(id)
	v := a.unit.Variable(obj)
	if v == nil {
		a.refuse(id, id.Name+" is no session variable")
		return nil
	}
	if b, ok := v.Type().(*types.Basic); !ok || !basic[b.Kind()] {
		a.refuse(id, id.Name+" is of another type than int, float64, string and bool")
		return nil
	}
	return v
}

// expr writes an expression, with brackets where it is composed.
func (a *acceptance) expr(e ast.Expr) string {
	tv := a.unit.Info.Types[e]
	b, ok := isBasic(tv.Type)
	if !ok {
		return a.refuse(e, "a value of another type than int, float64, string and bool")
	}
	if tv.Value != nil {
		return a.constant(e, b, tv.Value)
	}
	switch e := e.(type) {
	case *ast.Ident:
		return a.use(e)
	case *ast.ParenExpr:
		return a.expr(e.X)
	case *ast.UnaryExpr:
		switch e.Op {
		case token.SUB, token.ADD, token.NOT:
			return "(" + e.Op.String() + a.expr(e.X) + ")"
		}
		return a.refuse(e, "the operator "+e.Op.String())
	case *ast.BinaryExpr:
		switch e.Op {
		case token.QUO:
			if b.Kind() != types.Float64 {
				return a.refuse(e, "a division of integers, which may panic")
			}
		case token.ADD, token.SUB, token.MUL, token.LAND, token.LOR,
			token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		default:
			return a.refuse(e, "the operator "+e.Op.String())
		}
		return "(" + a.expr(e.X) + " " + e.Op.String() + " " + a.expr(e.Y) + ")"
	}
	return a.refuse(e, "an expression of this kind")
}

func (a *acceptance) constant(e ast.Expr, b *types.Basic, v constant.Value) string {
	switch b.Kind() {
	case types.Bool:
		return strconv.FormatBool(constant.BoolVal(v))
	case types.String:
		return strconv.Quote(constant.StringVal(v))
	case types.Float64:
		f, _ := constant.Float64Val(v)
		text := strconv.FormatFloat(f, 'g', -1, 64)
		return "float64(" + text + ")"
	}
	n, exact := constant.Int64Val(constant.ToInt(v))
	if !exact || n == -1<<63 {
		return a.refuse(e, "a constant at the end of its range")
	}
	return "int(" + strconv.FormatInt(n, 10) + ")"
}
