package check

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
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
	// late says that the body of a generic function uses a variable that the
	// statements declare: step 1 checks another in its place, step 3 the function
	// as it stands.
	late bool
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
	p.funcs = slices.DeleteFunc(p.funcs, p.lacksType)
	for _, f := range p.funcs {
		_, newType := p.hoisted[f.recv]
		switch {
		case f.generic && f.recv == "" && p.usesLocals(f.decl):
			f.late = true
			forever := &ast.ForStmt{For: f.decl.Pos(), Body: &ast.BlockStmt{Lbrace: f.decl.Pos(), Rbrace: f.decl.Pos()}}
			f.sign = &ast.FuncDecl{Name: &ast.Ident{NamePos: f.decl.Name.Pos(), Name: f.decl.Name.Name}, Type: f.decl.Type,
				Body: &ast.BlockStmt{Lbrace: f.decl.Pos(), List: []ast.Stmt{forever}, Rbrace: f.decl.Pos()}}
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
}

// usesLocals reports whether n mentions a name that the statements declare.
func (p *pass) usesLocals(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.localNames[id.Name] {
			found = true
		}
		return !found
	})
	return found
}

// lacksType reports, as an error, a method of a generic type that an earlier cell
// declares.
func (p *pass) lacksType(f *funcDecl) bool {
	if !f.generic || f.recv == "" {
		return false
	}
	if _, ok := p.hoisted[f.recv]; ok || p.session.Lookup(f.recv) == nil {
		return false
	}
	p.fail(f.decl.Name, "methods of "+f.recv+" can be declared only in the cell that declares the type")
	return true
}

// bind finds the object that a declared function's callers refer to.
func (p *pass) bind(f *funcDecl, previous map[string]types.Object) {
	obj, ok := p.unit.Info.Defs[f.sign.Name].(*types.Func)
	if !ok {
		return
	}
	f.fn = &Func{Object: obj, Decl: f.decl, Impl: f.decl, Generic: f.generic}
	if f.recv == "" {
		old, ok := previous[f.decl.Name.Name].(*types.Func)
		if ok && !f.generic && old.Signature().TypeParams() == nil && types.Identical(old.Type(), obj.Type()) {
			p.declare(old.Name(), old)
			f.fn.Object = old
		}
		p.rememberSignature(f)
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
	p.rememberSignature(f)
	p.unit.Funcs = append(p.unit.Funcs, f.fn)
}

// rememberSignature records the text of a function's or method's signature for
// the cells to come.
func (p *pass) rememberSignature(f *funcDecl) {
	signatures, fn := p.session.signatures, f.fn.Object
	before, had := signatures[fn]
	p.unit.undo = append(p.unit.undo, func() {
		delete(signatures, fn)
		if had {
			signatures[fn] = before
		}
	})
	signatures[fn] = strings.Clone(p.signatureText(f)) // not the whole cell
}

// attach makes a body given to a type of an earlier cell its method: the one it
// has, if the signature is the same, or a new one.
func (p *pass) attach(f *funcDecl, asFunction *types.Func) bool {
	named, ok := types.Unalias(f.fn.Recv.Type()).(*types.Named)
	if !ok || named.TypeParams() != nil {
		p.fail(f.decl.Name, "methods of "+f.recv+" can be declared only in the cell that declares the type")
		return false
	}
	if p.session.trial {
		f.fn.Object = asFunction // the type is another session's
		return true
	}
	sig := asFunction.Signature()
	params := slices.Collect(sig.Params().Variables())
	method := types.NewSignatureType(params[0], nil, nil, types.NewTuple(params[1:]...), sig.Results(), sig.Variadic())
	name := f.decl.Name.Name
	old := methodOf(f.fn.Recv, name)
	if old != nil && types.Identical(old.Type(), method) && types.Identical(old.Signature().Recv().Type(), params[0].Type()) {
		f.fn.Object = old
		return true
	}
	if obj, _, _ := types.LookupFieldOrMethod(named, true, p.session.pkg, name); obj != nil {
		if field, ok := obj.(*types.Var); ok && !field.Embedded() {
			p.fail(f.decl.Name, "field and method with the same name "+name)
			return false
		}
	}
	m := types.NewFunc(f.decl.Name.Pos(), p.session.pkg, name, method)
	if old != nil {
		removeMethod(named, old)
		p.change(old, "method "+f.recv+"."+name+" changed its signature")
	}
	named.AddMethod(m)
	p.unit.undo = append(p.unit.undo, func() {
		removeMethod(named, m)
		if old != nil {
			named.AddMethod(old)
		}
	})
	if !slices.Contains(p.unit.Grown, f.fn.Recv) {
		p.unit.Grown = append(p.unit.Grown, f.fn.Recv)
	}
	f.fn.Object = m
	return true
}

// checkBodies is step 3.
func (p *pass) checkBodies() {
	var decls []ast.Decl
	var hidden []string
	for _, f := range p.funcs {
		if f.late && f.fn != nil {
			remove(p.session.pkg.Scope(), f.decl.Name.Name)
			decls = append(decls, f.decl)
		}
		if f.generic || f.fn == nil {
			continue // a generic body was checked with its signature
		}
		if p.elsewhere(f) {
			continue
		}
		name := p.session.hidden(f.decl.Name.Name)
		hidden = append(hidden, name)
		f.fn.Impl = &ast.FuncDecl{
			Name: &ast.Ident{NamePos: f.decl.Name.Pos(), Name: name},
			Type: f.asFunction(),
			Body: f.decl.Body,
		}
		decls = append(decls, f.fn.Impl)
		if f.decl.Body == nil {
			p.fail(f.decl.Name, "missing function body")
		}
	}
	p.check(decls)
	for _, name := range hidden {
		remove(p.session.pkg.Scope(), name)
	}
	p.replaced = map[types.Object]types.Object{}
	for _, f := range p.funcs {
		if obj, ok := p.unit.Info.Defs[f.decl.Name].(*types.Func); ok && f.late && f.fn != nil {
			p.replaced[f.fn.Object] = obj
			f.fn.Object = obj
		}
	}
	p.substitute()
}

// signatureText is the text of a function's receiver, name and signature.
func (p *pass) signatureText(f *funcDecl) string {
	if f.decl.Body == nil {
		return p.text(f.decl)
	}
	return p.unit.Cell.Text[p.unit.Start(f.decl):p.unit.Cell.Offset(f.decl.Body.Pos())]
}
