package yaegi

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// walk lowers n and everything in it.
func (l *lowering) walk(n ast.Node) {
	if l.replaced[n] {
		return
	}
	switch n := n.(type) {
	case *ast.Ident:
		l.ident(n)
	case *ast.BlockStmt:
		l.block(n.List)
	case *ast.CaseClause:
		for _, e := range n.List {
			l.walk(e)
		}
		l.block(n.Body)
	case *ast.CommClause:
		if n.Comm != nil {
			l.walk(n.Comm)
		}
		l.block(n.Body)
	case *ast.AssignStmt:
		l.assign(n)
	case *ast.DeclStmt:
		l.declStmt(n)
	case *ast.ForStmt:
		l.loop(n.Body)
		l.children(n)
	case *ast.RangeStmt:
		l.rangeLoop(n)
	case *ast.BranchStmt:
		if n.Tok == token.GOTO {
			l.insert(l.unit.Start(n), "rtʹ.Check(); ")
		}
	case *ast.ReturnStmt:
		l.returnStmt(n)
	case *ast.GoStmt:
		l.goStmt(n)
	case *ast.DeferStmt:
		l.deferStmt(n)
	case *ast.CallExpr:
		l.call(n)
	case *ast.FuncLit:
		l.funcLit(n)
	case *ast.SelectorExpr:
		l.selector(n)
	case *ast.IndexExpr:
		l.index(n.X)
		l.children(n)
	case *ast.IndexListExpr:
		l.index(n.X)
		l.children(n)
	default:
		l.children(n)
	}
}

// index notes that type arguments, if e is generic, are written out.
func (l *lowering) index(e ast.Expr) {
	if id, ok := e.(*ast.Ident); ok {
		l.indexed[id] = true
	}
}

func (l *lowering) children(n ast.Node) {
	first := true
	ast.Inspect(n, func(child ast.Node) bool {
		if first {
			first = false
			return true
		}
		if child != nil {
			l.walk(child)
		}
		return false
	})
}

// ident gives a name of the session its own name.
func (l *lowering) ident(id *ast.Ident) {
	obj := l.unit.Info.Uses[id]
	if obj == nil {
		obj = l.unit.Info.Defs[id]
	}
	if v := l.unit.Locals[obj]; v != nil {
		obj = v
	}
	name := ""
	switch v, isVar := obj.(*types.Var); {
	case isVar && v.IsField():
		// An embedded field is called as its type, which has another name.
		if v.Embedded() {
			if tn := namedOf(v.Type()); l.names.isSession(tn) {
				name = l.names.object(tn)
			}
		}
	case l.names.isSession(obj):
		name = l.use(obj)
	}
	if name != "" {
		start := l.unit.Start(id)
		l.replace(start, start+len(id.Name), name+l.instance(id, obj))
	}
}

// instance returns the type arguments that the checker inferred for a call of a
// generic function of the notebook: yaegi infers few.
func (l *lowering) instance(id *ast.Ident, obj types.Object) string {
	inst, ok := l.unit.Info.Instances[id]
	if _, isFunc := obj.(*types.Func); !ok || !isFunc || l.indexed[id] {
		return ""
	}
	var args []string
	for i := range inst.TypeArgs.Len() {
		args = append(args, l.typeString(inst.TypeArgs.At(i)))
	}
	return "[" + strings.Join(args, ", ") + "]"
}

func namedOf(t types.Type) types.Object {
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok {
		return named.Obj()
	}
	return nil
}

func (l *lowering) selector(sel *ast.SelectorExpr) {
	if id, ok := sel.X.(*ast.Ident); ok {
		if pkg, ok := l.unit.Info.Uses[id].(*types.PkgName); ok {
			path := pkg.Imported().Path()
			l.usePackage(path)
			for _, dep := range pkg.Imported().Imports() {
				l.usePackage(dep.Path()) // its interfaces may be needed
			}
			start := l.unit.Start(id)
			l.replace(start, start+len(id.Name), imported(path))
			return
		}
	}
	l.children(sel)
}

// assign turns the declaration of session variables into an assignment.
func (l *lowering) assign(stmt *ast.AssignStmt) {
	if stmt.Tok == token.DEFINE && l.declaresSession(stmt.Lhs) {
		start := l.unit.Cell.Offset(stmt.TokPos)
		l.replace(start, start+len(":="), "=")
	}
	l.children(stmt)
}

func (l *lowering) declaresSession(lhs []ast.Expr) bool {
	for _, e := range lhs {
		if id, ok := e.(*ast.Ident); ok {
			if def := l.unit.Info.Defs[id]; def != nil && l.unit.Locals[def] != nil {
				return true
			}
		}
	}
	return false
}

// declStmt turns var declarations of session variables into assignments.
func (l *lowering) declStmt(stmt *ast.DeclStmt) {
	decl := stmt.Decl.(*ast.GenDecl)
	if decl.Tok != token.VAR || !l.declaresVars(decl) {
		l.children(stmt)
		return
	}
	at := l.unit.Start(decl)
	for _, spec := range decl.Specs {
		spec := spec.(*ast.ValueSpec)
		if len(spec.Values) == 0 {
			text := ""
			for _, id := range spec.Names {
				if v := l.unit.Locals[l.unit.Info.Defs[id]]; v != nil {
					text += fmt.Sprintf("{ var zʹ %s; %s = zʹ }; ", l.typeString(v.Type()), l.use(v))
				}
			}
			l.replace(at, l.unit.End(spec), text)
			at = l.unit.End(spec)
			continue
		}
		text := ""
		for i, id := range spec.Names {
			if i > 0 {
				text += ", "
			}
			if v := l.unit.Locals[l.unit.Info.Defs[id]]; v != nil {
				text += l.use(v)
			} else {
				text += "_"
			}
		}
		l.replace(at, l.unit.Start(spec.Values[0]), text+" = ")
		for _, value := range spec.Values {
			l.walk(value)
		}
		at = l.unit.End(spec)
		l.insert(at, ";")
	}
	l.replace(at, l.unit.End(decl), "")
}

func (l *lowering) declaresVars(decl *ast.GenDecl) bool {
	for _, spec := range decl.Specs {
		for _, id := range spec.(*ast.ValueSpec).Names {
			if l.unit.Locals[l.unit.Info.Defs[id]] != nil || id.Name == "_" {
				return true
			}
		}
	}
	return false
}

// loop makes each turn of a loop meet a stop of the cell: at once where the
// body calls something that may take long, every 256 turns otherwise.
func (l *lowering) loop(body *ast.BlockStmt) {
	check := "kʹ++; if kʹ&255 == 0 { rtʹ.Check() }; "
	if l.leaves(body) || len(body.List) == 0 {
		check = "rtʹ.Check(); "
	}
	l.insert(l.unit.Start(body)+1, " "+check)
}

// rangeLoop lowers what yaegi's range lacks: ranging over an integer, and
// variables that are new in each turn.
func (l *lowering) rangeLoop(stmt *ast.RangeStmt) {
	t := l.unit.Info.TypeOf(stmt.X)
	switch u := t.Underlying().(type) {
	case *types.Signature:
		l.unsupported(stmt, "range over a function is not supported yet: call it with a function literal")
		return
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 {
			l.rangeInteger(stmt, t)
			return
		}
	}
	l.loop(stmt.Body)
	if stmt.Tok == token.DEFINE {
		for _, e := range []ast.Expr{stmt.Key, stmt.Value} {
			if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
				l.insert(l.unit.Start(stmt.Body)+1, fmt.Sprintf("%s := %s; ", id.Name, id.Name))
			}
		}
	}
	l.children(stmt)
}

func (l *lowering) rangeInteger(stmt *ast.RangeStmt, t types.Type) {
	basic := types.Default(t)
	if stmt.Key != nil {
		basic = l.unit.Info.TypeOf(stmt.Key)
		if basic == nil {
			basic = types.Default(t)
		}
	}
	typ := l.typeString(basic)
	limit := l.unit.Start(stmt.X)
	l.replace(l.unit.Start(stmt)+len("for"), limit, fmt.Sprintf(" iʹ, nʹ := %s(0), %s(", typ, typ))
	l.walk(stmt.X)
	l.replace(l.unit.End(stmt.X), l.unit.Start(stmt.Body), "); iʹ < nʹ; iʹ++ ")
	l.loop(stmt.Body)
	if id, ok := stmt.Key.(*ast.Ident); stmt.Key != nil && (!ok || id.Name != "_") {
		key := l.render(l.unit.Start(stmt.Key), l.unit.End(stmt.Key))
		if stmt.Tok == token.ASSIGN {
			key = l.subtext(stmt.Key)
		}
		l.insert(l.unit.Start(stmt.Body)+1, fmt.Sprintf("%s %s iʹ; ", key, stmt.Tok))
	}
	l.walk(stmt.Body)
}

// subtext lowers n apart from the text around it.
func (l *lowering) subtext(n ast.Node) string {
	outer := l.editor
	l.editor = &editor{text: outer.text}
	defer func() { l.editor = outer }()
	return l.node(n)
}
