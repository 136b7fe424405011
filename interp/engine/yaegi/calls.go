package yaegi

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
)

// goStmt turns go f(a, b) into rt.Start(f, a, b).
func (l *lowering) goStmt(stmt *ast.GoStmt) {
	call := stmt.Call
	if tv := l.unit.Info.Types[call.Fun]; tv.IsBuiltin() || tv.IsType() {
		l.children(stmt)
		return
	}
	start := "rtʹ.Start("
	if call.Ellipsis.IsValid() {
		start = "rtʹ.StartSpread("
		dots := l.unit.Cell.Offset(call.Ellipsis)
		l.replace(dots, dots+len("..."), "")
	}
	l.replace(l.unit.Start(stmt), l.unit.Start(call.Fun), start)
	l.walk(call.Fun)
	paren := l.unit.Cell.Offset(call.Lparen)
	comma := ", "
	if len(call.Args) == 0 {
		comma = ""
	}
	l.replace(paren, paren+1, comma)
	sig, _ := l.unit.Info.TypeOf(call.Fun).Underlying().(*types.Signature)
	for i, arg := range call.Args {
		l.argument(arg, parameter(sig, i))
	}
}

// parameter returns the type that the i-th argument of a call is given to.
func parameter(sig *types.Signature, i int) types.Type {
	last := sig.Params().Len() - 1
	if sig.Variadic() && i >= last {
		return sig.Params().At(last).Type().(*types.Slice).Elem()
	}
	return sig.Params().At(i).Type()
}

// argument lowers an argument that goes through a parameter of type any: a
// constant would arrive there with its default type, so it gets its own.
func (l *lowering) argument(arg ast.Expr, want types.Type) {
	if l.unit.Info.Types[arg].Value == nil || types.IsInterface(want) {
		l.walk(arg)
		return
	}
	l.insert(l.unit.Start(arg), l.typeString(want)+"(")
	l.walk(arg)
	l.insert(l.unit.End(arg), ")")
}

func (l *lowering) call(call *ast.CallExpr) {
	if target := l.unit.Targets[call]; target != nil {
		l.process(call, target)
		return
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && l.unit.Info.Types[call.Fun].IsBuiltin() {
		l.builtin(call, id)
		return
	}
	if sig, ok := l.unit.Info.TypeOf(call.Fun).(*types.Signature); ok {
		l.standardStreams(call, sig)
	}
	if i, ok := background[l.callee(call)]; ok && i < len(call.Args) {
		l.insert(l.unit.Start(call.Args[i]), "rtʹ.Guard(")
		defer l.insert(l.unit.End(call.Args[i]), ")")
	}
	l.children(call)
}

// background are the functions of the standard library that call one of their
// arguments on another goroutine, and which: a panic there is the cell's.
var background = map[string]int{"(*sync.WaitGroup).Go": 0, "time.AfterFunc": 1, "context.AfterFunc": 1}

// callee returns the full name of the compiled function or method that is called.
func (l *lowering) callee(call *ast.CallExpr) string {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if fn, ok := l.unit.Info.Uses[sel.Sel].(*types.Func); ok {
			return fn.FullName()
		}
	}
	return ""
}

// standardStreams gives a call that takes os.Stdin, os.Stdout or os.Stderr as a
// reader or writer those of the cell: its input asks the front end, and its output
// keeps its place among what the cell prints.
func (l *lowering) standardStreams(call *ast.CallExpr, sig *types.Signature) {
	for i, arg := range call.Args {
		sel, ok := arg.(*ast.SelectorExpr)
		if !ok || i >= sig.Params().Len() || !types.IsInterface(sig.Params().At(i).Type()) {
			continue
		}
		v, ok := l.unit.Info.Uses[sel.Sel].(*types.Var)
		if !ok || v.Pkg() == nil || v.Pkg().Path() != "os" {
			continue
		}
		switch v.Name() {
		case "Stdin", "Stdout", "Stderr":
			l.replace(l.unit.Start(arg), l.unit.End(arg), "rtʹ."+v.Name()+"()")
			l.replaced[arg] = true
		}
	}
}

func (l *lowering) builtin(call *ast.CallExpr, id *ast.Ident) {
	start := l.unit.Start(call)
	switch id.Name {
	case "recover":
		l.insert(start, "rtʹ.Recovered(gʹ, ")
		l.insert(l.unit.End(call), ")")
	case "print", "println":
		l.replace(start, start+len(id.Name), "rtʹ."+strings.ToUpper(id.Name[:1])+id.Name[1:])
		for _, arg := range call.Args {
			l.walk(arg)
		}
		return
	case "min", "max":
		l.minMax(call, id.Name)
		return
	case "clear":
		l.unsupported(call, "clear is not supported yet: use a new map, or delete each key")
	}
	l.children(call)
}

// minMax turns min(a, b) into the call of a literal.
func (l *lowering) minMax(call *ast.CallExpr, name string) {
	op := map[string]string{"min": "<", "max": ">"}[name]
	typ := l.typeString(types.Default(l.unit.Info.TypeOf(call)))
	start := l.unit.Start(call)
	l.replace(start, start+len(name), fmt.Sprintf("func(xʹ ...%s) %s { mʹ := xʹ[0]; for _, vʹ := range xʹ { if vʹ %s mʹ { mʹ = vʹ } }; return mʹ }", typ, typ, op))
	for _, arg := range call.Args {
		l.walk(arg)
	}
}

// funcLit lowers a function literal and has another one make it, on the spot. A
// literal shares the frame around it in yaegi, which writes there when the
// literal returns, from whatever goroutine: so it gets a frame of its own, and
// with it variables of its own in each turn of a loop. A deferred literal that
// recovers stays where it is: recover looks into the frame that deferred it.
func (l *lowering) funcLit(lit *ast.FuncLit) {
	if !l.bare[lit] {
		l.insert(l.unit.Start(lit), "func() "+l.subtext(lit.Type)+" { return ")
		defer func() { l.insert(l.unit.End(lit), " }()") }()
	}
	l.bareLiteral(lit)
}

func (l *lowering) bareLiteral(lit *ast.FuncLit) {
	outer := l.inside()
	outer.lits++
	label := outer.name
	if label == "" {
		label = "func"
	} else {
		label += ".func"
	}
	for _, field := range lit.Type.Params.List {
		if len(field.Names) == 0 { // yaegi would put the first variable there
			l.insert(l.unit.Start(field), "_ ")
		}
	}
	l.walk(lit.Type)
	l.enterFunction(lit.Body, fmt.Sprintf("%s%d", label, outer.lits), l.unit.Info.TypeOf(lit).(*types.Signature).Results())
	l.walk(lit.Body)
	l.leaveFunction()
}

// process gives mp.NewProcess a target that names a function which a child can
// find again: a declared function, or one that is declared here for a literal
// or for the method of a value.
func (l *lowering) process(call *ast.CallExpr, target *check.Target) {
	l.walk(call.Fun)
	arg := call.Args[0]
	start, end := l.unit.Start(arg), l.unit.End(arg)
	label := l.unit.Cell.Text[start:end]
	switch {
	case target.Func != nil:
		l.replace(start, end, fmt.Sprintf("rtʹ.Target(%q, %q)", l.use(target.Func), label))
	case target.Lit != nil:
		name := l.lift(target)
		captures := ""
		for _, v := range target.Captures {
			captures += ", &" + v.Name()
		}
		l.replace(start, end, fmt.Sprintf("rtʹ.Literal(%q%s)", name, captures))
	default:
		name := l.liftMethod(target, label)
		value := l.subtext(target.Value)
		if l.takesAddress(target) {
			value = "&" + value
		}
		l.replace(start, end, fmt.Sprintf("rtʹ.Method(%q, %q, %s)", name, label, value))
	}
	for i, arg := range call.Args[1:] {
		if call.Ellipsis.IsValid() {
			l.walk(arg)
		} else {
			l.argument(arg, target.Param(i))
		}
	}
}

// lift declares a function that, given the captured variables, returns the
// literal.
func (l *lowering) lift(target *check.Target) string {
	outer, needs := l.isolate()
	name := l.literalName()
	var params, types []string
	for _, v := range target.Captures {
		params = append(params, v.Name()+" "+l.typeString(v.Type()))
		types = append(types, l.typeString(v.Type()))
	}
	l.funcs = append(l.funcs, &function{name: "func"})
	typ := l.node(target.Lit.Type)
	l.editor.edits = nil
	l.bareLiteral(target.Lit)
	literal := l.render(l.unit.Start(target.Lit), l.unit.End(target.Lit))
	l.leaveFunction()
	fmt.Fprintf(&l.decls, "var %s func(%s) %s\n", name, strings.Join(types, ", "), typ)
	fmt.Fprintf(&l.bind, "%s = func(%s) %s { return %s }\n", name, strings.Join(params, ", "), typ, literal)
	l.define(name, engine.FuncDef, "function literal")
	l.restore(outer, needs)
	l.needs[name] = true
	return name
}

// liftMethod declares a function that calls the target's method on its first
// argument.
func (l *lowering) liftMethod(target *check.Target, label string) string {
	outer, needs := l.isolate()
	name := l.literalName()
	recv := l.unit.Info.TypeOf(target.Value)
	if l.takesAddress(target) {
		recv = types.NewPointer(recv)
	}
	sig := types.NewSignatureType(nil, nil, nil, target.Params, nil, target.Variadic)
	s := &spelling{l: l}
	s.b.WriteString("(rʹ " + l.typeString(recv))
	if target.Params.Len() > 0 {
		s.b.WriteString(", ")
	}
	s.params(sig)
	s.b.WriteString(")")
	var args []string
	for i := range target.Params.Len() {
		args = append(args, fmt.Sprintf("p%dʹ", i))
	}
	if target.Variadic {
		args[len(args)-1] += "..."
	}
	fmt.Fprintf(&l.decls, "var %s func%s\n", name, s.b.String())
	fmt.Fprintf(&l.bind, "%s = func%s { rʹ.%s(%s) }\n", name, s.b.String(), target.Method, strings.Join(args, ", "))
	l.define(name, engine.FuncDef, "method "+label)
	l.restore(outer, needs)
	l.needs[name] = true
	return name
}

// takesAddress reports whether the target's method has a pointer receiver and
// its value is an addressable variable: v.m is then (&v).m.
func (l *lowering) takesAddress(target *check.Target) bool {
	t := l.unit.Info.TypeOf(target.Value)
	if _, ok := t.Underlying().(*types.Pointer); ok {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, false, l.unit.Pkg, target.Method)
	return obj == nil
}

func (l *lowering) literalName() string {
	l.lits++
	return fmt.Sprintf("litʹ%d_%d", l.serial, l.lits)
}

// isolate prepares for writing a definition in the midst of another one.
func (l *lowering) isolate() (*editor, map[string]bool) {
	outer, needs := l.editor, l.needs
	l.editor, l.needs = &editor{text: outer.text}, map[string]bool{}
	return outer, needs
}

func (l *lowering) restore(outer *editor, needs map[string]bool) { l.editor, l.needs = outer, needs }
