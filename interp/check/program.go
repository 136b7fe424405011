package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
)

// checkProgram checks a whole program as the compiler does: in one piece, with
// nothing of the session in sight, so that methods, initialisation order and
// import declarations of any form are Go's. Afterwards what it declares is the
// session's, in the place of what had the same names.
func (p *pass) checkProgram() {
	p.hoisted, p.locals, p.used = map[string]ast.Node{}, map[token.Pos]bool{}, map[string]bool{}
	p.findQualifiers()
	scope := p.session.pkg.Scope()
	before := p.before
	for _, name := range scope.Names() {
		before[name] = scope.Lookup(name)
		remove(scope, name)
	}
	p.unit.undo = append(p.unit.undo, func() {
		for _, name := range scope.Names() {
			remove(scope, name)
		}
		for _, obj := range before {
			scope.Insert(obj)
		}
	})
	p.sortProgram()
	imports := p.programImports()
	if len(p.other) > 0 {
		return // what else is wrong follows from it
	}
	file := p.unit.Cell.File
	p.checkFile(&ast.File{
		Name: ast.NewIdent("main"), Package: file.Package, FileStart: file.FileStart, FileEnd: file.FileEnd,
		Decls: append([]ast.Decl{imports}, p.unit.Decls...),
	})
	if len(p.failures) > 0 {
		return
	}
	p.replaced = map[types.Object]types.Object{}
	for _, f := range p.funcs {
		p.bindProgram(f)
	}
	p.substitute()
	for name, obj := range before {
		if _, imported := p.imports[name]; !imported && scope.Lookup(name) == nil {
			scope.Insert(obj)
		}
	}
	p.rememberImports()
	p.rememberSources()
	p.rememberProgramVars()
}

// rememberProgramVars lists the program's variables. They are new ones at each
// run: Go's start at zero.
func (p *pass) rememberProgramVars() {
	for _, decl := range p.unit.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.VAR {
			continue
		}
		for _, spec := range decl.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				if v, ok := p.unit.Info.Defs[id].(*types.Var); ok && id.Name != "_" {
					p.unit.Vars = append(p.unit.Vars, v)
					p.unit.Locals[v] = v
				}
			}
		}
	}
}

// sortProgram tells apart what the program declares.
func (p *pass) sortProgram() {
	for _, decl := range p.unit.Cell.ProgramDecls() {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			p.funcs = append(p.funcs, newFuncDecl(decl))
			if decl.Body == nil {
				p.fail(decl.Name, "missing function body")
			}
		case *ast.GenDecl:
			if decl.Tok == token.IMPORT {
				continue
			}
			p.sortGenDecl(decl)
		}
		p.unit.Decls = append(p.unit.Decls, decl)
	}
	p.unit.Types, p.unit.Consts = p.types, p.consts
}

// programImports returns the program's imports, and those of the packages that
// need none.
func (p *pass) programImports() ast.Decl {
	decl := &ast.GenDecl{Tok: token.IMPORT, TokPos: p.unit.Cell.File.Package}
	for _, spec := range p.unit.Cell.File.Imports {
		pkg := p.importSpec(spec)
		if pkg == nil {
			continue
		}
		name := pkg.Name()
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name != "_" && name != "." {
			p.imports[name] = pkg.Path()
		}
		decl.Specs = append(decl.Specs, spec)
	}
	for name, path := range p.session.preloaded {
		if p.used[name] && p.imports[name] == "" && !p.declares(name) {
			decl.Specs = append(decl.Specs, &ast.ImportSpec{
				Name: &ast.Ident{NamePos: decl.TokPos, Name: name},
				Path: &ast.BasicLit{ValuePos: decl.TokPos, Kind: token.STRING, Value: strconv.Quote(path)},
			})
		}
	}
	return decl
}

// declares reports whether the program declares name at the top level.
func (p *pass) declares(name string) bool {
	return slices.ContainsFunc(p.unit.Decls, func(decl ast.Decl) bool {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			return decl.Recv == nil && decl.Name.Name == name
		case *ast.GenDecl:
			return slices.ContainsFunc(decl.Specs, func(spec ast.Spec) bool {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					return spec.Name.Name == name
				case *ast.ValueSpec:
					return slices.ContainsFunc(spec.Names, func(id *ast.Ident) bool { return id.Name == name })
				}
				return false
			})
		}
		return false
	})
}

// bindProgram finds the object that a declared function's callers refer to: one
// of the session of the same name and signature, so that they see the new body,
// or that of the declaration.
func (p *pass) bindProgram(f *funcDecl) {
	obj, ok := p.unit.Info.Defs[f.decl.Name].(*types.Func)
	if !ok {
		return
	}
	f.sign = f.decl
	f.fn = &Func{Object: obj, Decl: f.decl, Impl: f.decl, Generic: f.generic}
	name := f.decl.Name.Name
	switch {
	case f.recv != "":
		f.fn.Recv, ok = p.session.Lookup(f.recv).(*types.TypeName)
		if !ok {
			return
		}
	case name == "init":
		p.unit.Inits = append(p.unit.Inits, f.decl)
	case name == "main":
		p.unit.Main = obj
	case name != "_" && !f.generic:
		old, ok := p.before[name].(*types.Func)
		if ok && old.Signature().TypeParams() == nil && types.Identical(old.Type(), obj.Type()) {
			p.replaced[obj] = old
			f.fn.Object = old
		}
	}
	p.rememberSignature(f)
	p.unit.Funcs = append(p.unit.Funcs, f.fn)
}

// substitute puts the functions of p.replaced in the place of others where the
// cell mentions these.
func (p *pass) substitute() {
	if len(p.replaced) == 0 {
		return
	}
	for id, used := range p.unit.Info.Uses {
		if by := p.replaced[used]; by != nil {
			p.unit.Info.Uses[id] = by
		}
	}
	scope := p.session.pkg.Scope()
	for _, by := range p.replaced {
		remove(scope, by.Name())
		scope.Insert(by)
	}
}
