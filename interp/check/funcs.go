package check

import (
	"go/ast"
	"go/types"
	"slices"
)

// A funcDecl is a function or method of the cell on its way through the pass.
type funcDecl struct {
	decl    *ast.FuncDecl
	recv    string // name of the receiver's type, "" for a function
	generic bool
	// sign is the declaration without a body whose signature step 1 checks.
	// For a method of a type that the session already has it is a function
	// with the receiver as its first parameter, because go/types refuses to
	// declare the method twice.
	sign *ast.FuncDecl
	fn   *Func
}

func newFuncDecl(decl *ast.FuncDecl) *funcDecl {
	f := &funcDecl{decl: decl, generic: decl.Type.TypeParams != nil}
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return f
	}
	for t := decl.Recv.List[0].Type; ; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t, f.generic = x.X, true
		case *ast.IndexListExpr:
			t, f.generic = x.X, true
		case *ast.Ident:
			f.recv = x.Name
			return f
		default:
			return f
		}
	}
}

// asFunction returns a method's type with the receiver as first parameter.
func (f *funcDecl) asFunction() *ast.FuncType {
	if f.decl.Recv == nil || len(f.decl.Recv.List) == 0 {
		return f.decl.Type
	}
	recv := *f.decl.Recv.List[0]
	named := len(f.decl.Type.Params.List) == 0 || len(f.decl.Type.Params.List[0].Names) > 0
	switch {
	case named && len(recv.Names) == 0:
		recv.Names = []*ast.Ident{{NamePos: recv.Type.Pos(), Name: "_"}}
	case !named:
		// Parameters without names cannot follow a receiver that has one, and
		// cannot be used: give each the blank name.
		params := make([]*ast.Field, len(f.decl.Type.Params.List))
		for i, field := range f.decl.Type.Params.List {
			blank := *field
			blank.Names = []*ast.Ident{{NamePos: field.Type.Pos(), Name: "_"}}
			params[i] = &blank
		}
		if len(recv.Names) == 0 {
			recv.Names = []*ast.Ident{{NamePos: recv.Type.Pos(), Name: "_"}}
		}
		return f.withParams(&recv, params)
	}
	return f.withParams(&recv, f.decl.Type.Params.List)
}

func (f *funcDecl) withParams(recv *ast.Field, params []*ast.Field) *ast.FuncType {
	t := *f.decl.Type
	list := *t.Params
	list.List = append([]*ast.Field{recv}, params...)
	t.Params = &list
	return &t
}

// checkSignatures is step 1: everything but statements and bodies.
func (p *pass) checkSignatures() {
	for name := range p.hoisted {
		p.touch(name)
	}
	previous := map[string]types.Object{}
	for name := range p.hoisted {
		previous[name] = p.session.Lookup(name)
		remove(p.session.pkg.Scope(), name)
	}
	var decls []ast.Decl
	for _, decl := range p.consts {
		decls = append(decls, decl)
	}
	for _, spec := range p.types {
		decls = append(decls, &ast.GenDecl{Tok: typeToken, TokPos: spec.Pos(), Specs: []ast.Spec{spec}})
	}
	var hidden []string
	for _, f := range p.funcs {
		_, newType := p.hoisted[f.recv]
		switch {
		case f.generic:
			f.sign = f.decl
		case f.recv == "" || newType:
			f.sign = &ast.FuncDecl{Recv: f.decl.Recv, Name: f.decl.Name, Type: f.decl.Type}
		default:
			name := p.session.hidden(f.recv + "ʹ" + f.decl.Name.Name)
			hidden = append(hidden, name)
			f.sign = &ast.FuncDecl{Name: &ast.Ident{NamePos: f.decl.Name.Pos(), Name: name}, Type: f.asFunction()}
		}
		decls = append(decls, f.sign)
	}
	p.check(decls)
	for _, f := range p.funcs {
		p.bind(f, previous)
	}
	for _, name := range hidden {
		remove(p.session.pkg.Scope(), name)
	}
	p.unit.Consts = p.consts
	p.rememberTypes()
}

// bind finds the object that a declared function's callers refer to.
func (p *pass) bind(f *funcDecl, previous map[string]types.Object) {
	obj, ok := p.unit.Info.Defs[f.sign.Name].(*types.Func)
	if !ok {
		return
	}
	f.fn = &Func{Object: obj, Decl: f.decl, Generic: f.generic}
	if f.recv == "" {
		old, ok := previous[f.decl.Name.Name].(*types.Func)
		if ok && !f.generic && old.Signature().TypeParams() == nil && types.Identical(old.Type(), obj.Type()) {
			p.declare(old.Name(), old)
			f.fn.Object = old
		}
		p.unit.Funcs = append(p.unit.Funcs, f.fn)
		return
	}
	recv, ok := p.session.Lookup(f.recv).(*types.TypeName)
	if !ok {
		return // go/types has said so
	}
	f.fn.Recv = recv
	if f.sign.Recv == nil && !p.attach(f, obj) {
		return
	}
	p.rememberMethod(f)
	p.unit.Funcs = append(p.unit.Funcs, f.fn)
}

// rememberMethod records the text of a method's signature for the cells to come.
func (p *pass) rememberMethod(f *funcDecl) {
	methods, m := p.session.methods, f.fn.Object
	before, had := methods[m]
	p.unit.undo = append(p.unit.undo, func() {
		delete(methods, m)
		if had {
			methods[m] = before
		}
	})
	methods[m] = p.signatureText(f)
}

// attach makes a body given to a type of an earlier cell its method: the one it
// has, or a new one.
func (p *pass) attach(f *funcDecl, asFunction *types.Func) bool {
	named, ok := types.Unalias(f.fn.Recv.Type()).(*types.Named)
	if !ok || named.TypeParams() != nil {
		p.fail(f.decl.Name, "methods of "+f.recv+" can be declared only in the cell that declares the type")
		return false
	}
	sig := asFunction.Signature()
	params := slices.Collect(sig.Params().Variables())
	method := types.NewSignatureType(params[0], nil, nil, types.NewTuple(params[1:]...), sig.Results(), sig.Variadic())
	name := f.decl.Name.Name
	if m := methodOf(f.fn.Recv, name); m != nil {
		if !types.Identical(m.Type(), method) || !types.Identical(m.Signature().Recv().Type(), params[0].Type()) {
			p.fail(f.decl.Name, "method "+f.recv+"."+name+" already has another signature: run the declaration of "+f.recv+" again in one cell with its methods")
			return false
		}
		f.fn.Object = m
		return true
	}
	if obj, _, _ := types.LookupFieldOrMethod(named, true, p.session.pkg, name); obj != nil {
		if field, ok := obj.(*types.Var); ok && !field.Embedded() {
			p.fail(f.decl.Name, "field and method with the same name "+name)
			return false
		}
	}
	m := types.NewFunc(f.decl.Name.Pos(), p.session.pkg, name, method)
	named.AddMethod(m)
	p.unit.undo = append(p.unit.undo, func() { removeMethod(named, m) })
	f.fn.Object = m
	return true
}

// checkBodies is step 3.
func (p *pass) checkBodies() {
	var decls []ast.Decl
	var hidden []string
	for _, f := range p.funcs {
		if f.generic || f.fn == nil {
			continue // a generic body was checked with its signature
		}
		name := p.session.hidden(f.decl.Name.Name)
		hidden = append(hidden, name)
		decls = append(decls, &ast.FuncDecl{
			Name: &ast.Ident{NamePos: f.decl.Name.Pos(), Name: name},
			Type: f.asFunction(),
			Body: f.decl.Body,
		})
		if f.decl.Body == nil {
			p.fail(f.decl.Name, "missing function body")
		}
	}
	p.check(decls)
	for _, name := range hidden {
		remove(p.session.pkg.Scope(), name)
	}
}

// signatureText is the text of a method's receiver type and signature.
func (p *pass) signatureText(f *funcDecl) string {
	if f.decl.Body == nil {
		return p.text(f.decl)
	}
	return p.unit.Cell.Text[p.unit.Start(f.decl):p.unit.Cell.Offset(f.decl.Body.Pos())]
}
