package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// processPath is the package whose NewProcess starts child processes.
const processPath = "cuaderno/mpruntime"

// A target is the signature of what a call of mp.NewProcess is to run in a child.
type target struct {
	params   *types.Tuple
	variadic bool
}

// findTargets checks the targets of mp.NewProcess and the arguments for them.
func (p *pass) findTargets() {
	ast.Inspect(p.unit.Cell.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || !p.startsProcess(call) || len(call.Args) == 0 {
			return true
		}
		if t := p.unit.Info.TypeOf(call.Args[0]); t != nil && types.IsInterface(t) {
			return true // what it holds is looked at when it runs
		}
		target, err := p.target(ast.Unparen(call.Args[0]))
		if err != "" {
			p.fail(call.Args[0], "mp.NewProcess: "+err)
			return true
		}
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

// target finds the signature of a target: a function, however it is written, or a
// value with Run().
func (p *pass) target(e ast.Expr) (t target, msg string) {
	if sig, ok := p.underlying(e).(*types.Signature); ok {
		return target{sig.Params(), sig.Variadic()}, ""
	}
	return p.runner(e)
}

// runner finds the signature of the method Run of a value.
func (p *pass) runner(e ast.Expr) (found target, msg string) {
	t := p.unit.Info.TypeOf(e)
	if t == nil {
		return target{}, "missing target"
	}
	obj, _, _ := types.LookupFieldOrMethod(t, false, p.session.pkg, "Run")
	run, ok := obj.(*types.Func)
	if !ok || run.Signature().Params().Len() != 0 {
		if ptr := types.NewPointer(t); run == nil && !types.IsInterface(t) {
			if obj, _, _ := types.LookupFieldOrMethod(ptr, false, p.session.pkg, "Run"); obj != nil {
				return target{}, fmt.Sprintf("Run has a pointer receiver: pass &%s", p.text(e))
			}
		}
		return target{}, fmt.Sprintf("%s (type %s) is not a function and has no method Run()", p.text(e), p.typeString(t))
	}
	return target{params: run.Signature().Params()}, ""
}

func (p *pass) underlying(e ast.Expr) types.Type {
	if t := p.unit.Info.TypeOf(e); t != nil {
		return t.Underlying()
	}
	return nil
}

func (p *pass) checkArguments(call *ast.CallExpr, target target) {
	args := call.Args[1:]
	if call.Ellipsis.IsValid() {
		return // mp.NewProcess(f, args...): checked when it runs
	}
	n := target.params.Len()
	if len(args) < n && !(target.variadic && len(args) == n-1) || len(args) > n && !target.variadic {
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
		if want := target.param(i); tv.Type != nil && !p.assignable(arg, tv, want) {
			p.fail(arg, fmt.Sprintf("cannot use %s (%s of type %s) as %s value in argument to %s", p.text(arg), kind, p.typeString(tv.Type), p.typeString(want), p.text(call.Args[0])))
		}
	}
}

// param returns the type that the i-th argument of the target is given to.
func (t target) param(i int) types.Type {
	if t.variadic && i >= t.params.Len()-1 {
		return t.params.At(t.params.Len() - 1).Type().(*types.Slice).Elem()
	}
	return t.params.At(i).Type()
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
	untyped, err := types.Eval(token.NewFileSet(), p.session.pkg, token.NoPos, p.text(arg))
	if err != nil || untyped.Value == nil || !isUntyped(untyped.Type) {
		return types.AssignableTo(tv.Type, want)
	}
	_, err = types.Eval(token.NewFileSet(), p.session.pkg, token.NoPos, fmt.Sprintf("func(%s) {}(%s)", basic, p.text(arg)))
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
