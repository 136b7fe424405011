package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// processPath is the package whose NewProcess starts child processes.
const processPath = "cuaderno/mpruntime"

// A Target is what a call of mp.NewProcess is to run in a child. It is
// recognised where the call is written, because there the checker still knows
// which function it is.
type Target struct {
	// One of the following is set: a declared function, a literal, or a value
	// of which the child calls Method.
	Func   *types.Func
	Lit    *ast.FuncLit
	Value  ast.Expr
	Method string
	// Captures are the local variables that Lit uses from around it.
	Captures []*types.Var
	// Params are what the call's remaining arguments are given to.
	Params   *types.Tuple
	Variadic bool
}

// findTargets fills Unit.Targets and checks the arguments of each target.
func (p *pass) findTargets() {
	ast.Inspect(p.unit.Cell.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !p.startsProcess(call) || len(call.Args) == 0 {
			return true
		}
		target, err := p.target(ast.Unparen(call.Args[0]))
		if err != "" {
			p.fail(call.Args[0], "mp.NewProcess: "+err)
			return true
		}
		p.unit.Targets[call] = target
		p.checkArguments(call, target)
		return true
	})
}

func (p *pass) startsProcess(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := p.unit.Info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == processPath && fn.Name() == "NewProcess"
}

func (p *pass) target(e ast.Expr) (target *Target, msg string) {
	info := p.unit.Info
	if sig, ok := p.underlying(e).(*types.Signature); ok {
		target = &Target{Params: sig.Params(), Variadic: sig.Variadic()}
		switch e := e.(type) {
		case *ast.FuncLit:
			target.Lit, target.Captures = e, p.captures(e)
			return target, ""
		case *ast.Ident:
			if fn, ok := info.Uses[e].(*types.Func); ok && fn.Pkg() == p.session.pkg {
				if fn.Signature().TypeParams() != nil {
					return nil, fn.Name() + " is generic: a child cannot be given a generic function yet"
				}
				target.Func = fn
				return target, ""
			}
		case *ast.SelectorExpr:
			if sel := info.Selections[e]; sel != nil && sel.Kind() == types.MethodVal && !types.IsInterface(sel.Recv()) {
				target.Value, target.Method = e.X, e.Sel.Name
				return target, ""
			}
			if fn, ok := info.Uses[e.Sel].(*types.Func); ok && fn.Pkg() != p.session.pkg {
				return nil, fmt.Sprintf("%s is a compiled function: declare a function in the notebook that calls it", p.text(e))
			}
		}
		return nil, "cannot tell which function this is: write the function's name, a function literal, a method value or a value with Run() in the call itself"
	}
	t := p.unit.Info.TypeOf(e)
	if t == nil {
		return nil, "missing target"
	}
	obj, _, _ := types.LookupFieldOrMethod(t, false, p.session.pkg, "Run")
	run, ok := obj.(*types.Func)
	if !ok || run.Signature().Params().Len() != 0 || run.Signature().Results().Len() != 0 {
		if ptr := types.NewPointer(t); run == nil && !types.IsInterface(t) {
			if obj, _, _ := types.LookupFieldOrMethod(ptr, false, p.session.pkg, "Run"); obj != nil {
				return nil, fmt.Sprintf("Run has a pointer receiver: pass &%s", p.text(e))
			}
		}
		return nil, fmt.Sprintf("%s (type %s) is not a function and has no method Run()", p.text(e), p.typeString(t))
	}
	if types.IsInterface(t) {
		return nil, "an interface value cannot be a target: pass the value it holds"
	}
	return &Target{Value: e, Method: "Run", Params: run.Signature().Params()}, ""
}

func (p *pass) underlying(e ast.Expr) types.Type {
	if t := p.unit.Info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

// captures returns the local variables that lit uses from around it, in the
// order of their first use.
func (p *pass) captures(lit *ast.FuncLit) []*types.Var {
	var vars []*types.Var
	seen := map[*types.Var]bool{}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		v, ok := p.unit.Info.Uses[id].(*types.Var)
		if !ok || v.IsField() || v.Pkg() != p.session.pkg || seen[v] || p.unit.Variable(v) != nil ||
			lit.Pos() <= v.Pos() && v.Pos() < lit.End() {
			return true
		}
		seen[v] = true
		vars = append(vars, v)
		return true
	})
	return vars
}

func (p *pass) checkArguments(call *ast.CallExpr, target *Target) {
	args := call.Args[1:]
	if call.Ellipsis.IsValid() {
		return // mp.NewProcess(f, args...): checked when it runs
	}
	n := target.Params.Len()
	if len(args) < n && !(target.Variadic && len(args) == n-1) || len(args) > n && !target.Variadic {
		// As the compiler does, point at what is too much or where more should be.
		few, at := "not enough", ast.Node(&ast.Ident{NamePos: call.Rparen})
		if len(args) > n {
			few, at = "too many", args[n]
		}
		p.fail(at, fmt.Sprintf("mp.NewProcess: %s arguments for %s: have %d, want %d", few, p.text(call.Args[0]), len(args), n))
		return
	}
	for i, arg := range args {
		tv := p.unit.Info.Types[arg]
		kind := "value"
		if tv.Value != nil {
			kind = "constant"
		}
		if want := target.Param(i); tv.Type != nil && !p.assignable(arg, tv, want) {
			p.fail(arg, fmt.Sprintf("cannot use %s (%s of type %s) as %s value in argument to %s", p.text(arg), kind, p.typeString(tv.Type), p.typeString(want), p.text(call.Args[0])))
		}
	}
}

// Param returns the type that the i-th argument of the target is given to.
func (t *Target) Param(i int) types.Type {
	if t.Variadic && i >= t.Params.Len()-1 {
		return t.Params.At(t.Params.Len() - 1).Type().(*types.Slice).Elem()
	}
	return t.Params.At(i).Type()
}

// assignable is types.AssignableTo, and also accepts untyped constants, which the
// call turned into their default type, where the parameter can hold them.
func (p *pass) assignable(arg ast.Expr, tv types.TypeAndValue, want types.Type) bool {
	if tv.Value == nil {
		return types.AssignableTo(tv.Type, want)
	}
	basic, ok := want.Underlying().(*types.Basic)
	if !ok {
		return types.AssignableTo(tv.Type, want)
	}
	untyped, err := types.Eval(p.session.Fset, p.session.pkg, token.NoPos, p.text(arg))
	if err != nil || untyped.Value == nil || !isUntyped(untyped.Type) {
		return types.AssignableTo(tv.Type, want)
	}
	_, err = types.Eval(p.session.Fset, p.session.pkg, token.NoPos, fmt.Sprintf("func(%s) {}(%s)", basic, p.text(arg)))
	return err == nil
}

func isUntyped(t types.Type) bool {
	basic, ok := t.(*types.Basic)
	return ok && basic.Info()&types.IsUntyped != 0
}

func (p *pass) typeString(t types.Type) string {
	return types.TypeString(t, func(pkg *types.Package) string {
		if pkg == p.session.pkg {
			return ""
		}
		return pkg.Name()
	})
}
