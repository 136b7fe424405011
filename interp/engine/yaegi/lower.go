package yaegi

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"sort"
	"strings"

	"cuaderno/interp/cell"
	"cuaderno/interp/check"
	"cuaderno/interp/engine"
)

// A lowering rewrites the text of one checked cell for yaegi:
//
//   - every name of the session becomes that object's own name, and every
//     package its own import;
//   - variables of the session are package variables, and so are functions and
//     the bodies of methods, so that a new body reaches old callers;
//   - the statements are the body of a function, in which the session's
//     variables are assigned rather than declared;
//   - functions and loops begin with a call of the runtime (package rt) that
//     meets a stop of the cell, counts depth and keeps the stack's lines;
//   - go statements, recover, the last expression and the targets of
//     mp.NewProcess go through the runtime.
type lowering struct {
	*editor
	unit  *check.Unit
	names *names

	program  *engine.Program
	declared map[types.Object]bool // what earlier programs have declared
	packages map[string]bool
	needs    map[string]bool       // session names mentioned since the last definition
	indexed  map[*ast.Ident]bool   // generic names whose type arguments are written
	replaced map[ast.Node]bool     // what has been lowered in another way
	bare     map[*ast.FuncLit]bool // literals that stay where they are
	serial   int
	frames   int // number of the next function, session-wide
	lits     int

	decls, bind strings.Builder
	funcs       []*function // the functions around the node being lowered
	err         error
}

// A function is a body that is being lowered.
type function struct {
	name    string
	results *types.Tuple
	leaves  bool // it calls other functions or waits
	lits    int
}

// unsupported is a complaint about a place in the cell.
func (l *lowering) unsupported(n ast.Node, what string) {
	l.fail(cell.Errors{{Pos: l.unit.Cell.Position(n.Pos()), Msg: what}})
}

func (l *lowering) fail(err error) {
	if l.err == nil {
		l.err = err
	}
}

func (l *lowering) run() (*engine.Program, error) {
	p := &engine.Program{
		Count:   l.unit.Count,
		Source:  l.unit.Cell.Source,
		Bind:    fmt.Sprintf("bindʹ%d", l.serial),
		Entry:   fmt.Sprintf("cellʹ%d", l.serial),
		Frames:  map[int]engine.FrameInfo{},
		Defines: map[string]engine.Definition{},
	}
	l.program = p
	l.declareTypes()
	l.declareConsts()
	for _, v := range l.unit.Vars {
		name := l.names.object(v)
		fmt.Fprintf(&l.decls, "var %s %s\n", name, l.typeString(v.Type()))
		l.define(name, engine.VarDef, "global variable "+v.Name())
	}
	for _, f := range l.unit.Funcs {
		l.function(f)
	}
	p.Statements = l.statements()
	p.Decls = l.decls.String() + "func " + p.Bind + "() {\n" + l.bind.String() + "}\n"
	for path := range l.packages {
		p.Packages = append(p.Packages, path)
	}
	sort.Strings(p.Packages)
	return p, l.err
}

// define records that the program gives name a meaning, and that what was
// written since the last definition is needed for it.
func (l *lowering) define(name string, kind engine.Kind, label string) {
	def := engine.Definition{Kind: kind, Label: label}
	for need := range l.needs {
		if need != name {
			def.Needs = append(def.Needs, need)
		}
	}
	slices.Sort(def.Needs)
	if old, ok := l.program.Defines[name]; ok {
		def.Needs = append(def.Needs, old.Needs...)
	}
	l.program.Defines[name] = def
	clear(l.needs)
}

// use returns the name of a session object and records that it is needed.
func (l *lowering) use(obj types.Object) string {
	name := l.names.object(obj)
	l.needs[name] = true
	return name
}

func (l *lowering) usePackage(path string) { l.packages[path] = true }

// node lowers n and returns its text.
func (l *lowering) node(n ast.Node) string {
	l.walk(n)
	return l.render(l.unit.Start(n), l.unit.End(n))
}

func (l *lowering) declareTypes() {
	for _, spec := range l.unit.Types {
		obj := l.unit.Info.Defs[spec.Name]
		if obj == nil {
			continue
		}
		fmt.Fprintf(&l.decls, "type %s\n", l.node(spec))
		name := l.names.object(obj)
		// Methods come along with their type: values of it may reach them in
		// ways that the source does not show.
		if named, ok := obj.Type().(*types.Named); ok {
			for m := range named.Methods() {
				l.needs[l.names.method(named.Obj(), m)] = true
			}
		}
		l.define(name, engine.TypeDef, "type "+spec.Name.Name)
	}
}

func (l *lowering) declareConsts() {
	for _, decl := range l.unit.Consts {
		l.decls.WriteString(l.node(decl) + "\n")
		needs := slices.Sorted(maps.Keys(l.needs))
		for _, spec := range decl.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				if obj := l.unit.Info.Defs[id]; obj != nil && id.Name != "_" {
					l.define(l.names.object(obj), engine.ConstDef, "constant "+id.Name)
					for _, need := range needs {
						l.needs[need] = true
					}
				}
			}
		}
		clear(l.needs)
	}
}

// function lowers a declared function or method.
func (l *lowering) function(f *check.Func) {
	label := f.Decl.Name.Name
	if f.Recv != nil {
		label = f.Recv.Name() + "." + label
	}
	if f.Generic {
		l.genericFunction(f, label)
		return
	}
	sig := f.Object.Signature()
	name := ""
	var head string
	if f.Recv == nil {
		name = l.names.object(f.Object)
		head = "func" + l.signatureText(nil, f.Decl.Type)
	} else {
		name = l.names.method(f.Recv, f.Object)
		head = "func" + l.signatureText(f.Decl.Recv, f.Decl.Type)
	}
	if !l.declared[f.Object] {
		l.declared[f.Object] = true
		if f.Recv == nil {
			fmt.Fprintf(&l.decls, "var %s %s\n", name, l.typeString(types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())))
		} else {
			l.forwardMethod(f, name)
		}
	}
	body := l.body(f.Decl.Body, label, sig.Results())
	fmt.Fprintf(&l.bind, "%s = %s %s\n", name, head, body)
	l.define(name, engine.FuncDef, "function "+label)
}

// forwardMethod declares a method that calls the variable its body is bound to.
func (l *lowering) forwardMethod(f *check.Func, name string) {
	sig := f.Object.Signature()
	recv := l.typeString(sig.Recv().Type())
	s := &spelling{l: l}
	s.signature(sig)
	args := "rʹ"
	for i := range sig.Params().Len() {
		args += fmt.Sprintf(", p%dʹ", i)
	}
	if sig.Variadic() {
		args += "..."
	}
	ret := ""
	if sig.Results().Len() > 0 {
		ret = "return "
	}
	fmt.Fprintf(&l.decls, "func (rʹ %s) %s%s { %s%s(%s) }\n", recv, f.Object.Name(), s.b.String(), ret, name, args)
	s = &spelling{l: l}
	s.b.WriteString("func(rʹ " + recv)
	if sig.Params().Len() > 0 {
		s.b.WriteString(", ")
	}
	s.params(sig)
	s.b.WriteByte(')')
	results := &spelling{l: l}
	results.signature(types.NewSignatureType(nil, nil, nil, nil, sig.Results(), false))
	fmt.Fprintf(&l.decls, "var %s %s%s\n", name, s.b.String(), strings.TrimPrefix(results.b.String(), "()"))
}

func (l *lowering) genericFunction(f *check.Func, label string) {
	l.enterFunction(f.Decl.Body, label, f.Object.Signature().Results())
	text := l.node(f.Decl)
	l.leaveFunction()
	l.decls.WriteString(text + "\n")
	name := l.names.object(f.Object)
	if f.Recv != nil {
		name = l.names.method(f.Recv, f.Object)
	}
	l.define(name, engine.FuncDef, "function "+label)
}

// signatureText writes a declaration's signature as a function type's, with the
// receiver first.
func (l *lowering) signatureText(recv *ast.FieldList, t *ast.FuncType) string {
	var params []string
	unnamed := len(t.Params.List) > 0 && len(t.Params.List[0].Names) == 0
	add := func(field *ast.Field, blank bool) {
		if blank && len(field.Names) == 0 {
			params = append(params, "_ "+l.node(field.Type))
			return
		}
		params = append(params, l.node(field))
	}
	if recv != nil && len(recv.List) > 0 {
		add(recv.List[0], true)
	}
	for _, field := range t.Params.List {
		add(field, unnamed)
	}
	text := "(" + strings.Join(params, ", ") + ")"
	if t.Results != nil {
		text += " " + l.node(t.Results)
	}
	return text
}

// body lowers the body of a function and returns its text.
func (l *lowering) body(body *ast.BlockStmt, label string, results *types.Tuple) string {
	if body == nil {
		return "{}"
	}
	l.enterFunction(body, label, results)
	text := l.node(body)
	l.leaveFunction()
	return text
}
