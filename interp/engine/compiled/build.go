package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"sync"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/check"
	"cuaderno/interp/stdlib"
)

// A builder turns checked units into SSA. It is safe for concurrent use.
//
// All units share one ssa.Program and the one types.Package of the session. A
// unit becomes an ssa.Package of its own over it, made from a file that holds
// what the unit runs, and a declaration without body or value for each object of
// other units, or of this one, that it mentions. So whatever a unit calls is
// found by its types.Object, and only generic functions are built again in each
// unit that uses them, from the syntax that generics remembers.
type builder struct {
	importer *stdlib.Importer
	fset     *token.FileSet

	mu       sync.Mutex // guards the following
	prog     *ssa.Program
	generics map[types.Object]*generic
	compiled map[*types.Package]bool // what prog has of compiled packages
}

// A marker is a function without a body that built code calls where the session
// wants to know something.
type marker int

const (
	// resultMarker is given the value of the cell's last expression.
	resultMarker marker = iota + 1
	// ignoredMarker is given an error that a statement does not look at.
	ignoredMarker
)

// A built is the SSA of a unit.
type built struct {
	pkg *ssa.Package
	// bodies leads from what callers refer to, functions and methods of the
	// session, to the bodies that this unit gives them. A method's body has the
	// receiver as its first parameter.
	bodies map[*types.Func]*ssa.Function
	// statements are the cell's statements, nil if it has none.
	statements *ssa.Function
	// initialize and main are those of a whole program, nil in other cells.
	initialize, main *ssa.Function
	// markers are those that this unit brings: generic functions of earlier units
	// call theirs.
	markers map[*types.Func]marker
	// vars are the session variables that are new.
	vars []*types.Var
	// usesProcesses reports that the unit mentions package mp.
	usesProcesses bool
}

const builderMode = ssa.BareInits | ssa.InstantiateGenerics

// newBuilder returns a builder for the units of one session, whose files are in
// fset.
func newBuilder(importer *stdlib.Importer, fset *token.FileSet) *builder {
	return &builder{
		importer: importer,
		fset:     fset,
		prog:     ssa.NewProgram(fset, builderMode),
		generics: map[types.Object]*generic{},
		compiled: map[*types.Package]bool{},
	}
}

// build builds u, which check has accepted. The unit's syntax stays as it is.
func (b *builder) build(u *check.Unit) (built, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(u.Grown) > 0 {
		// The program remembers methods by the name of the type and theirs.
		b.prog = ssa.NewProgram(b.fset, builderMode)
		clear(b.compiled)
	}
	uses, defs := maps.Clone(u.Info.Uses), maps.Clone(u.Info.Defs)
	info := *u.Info
	info.Uses, info.Defs = uses, defs
	a := &assembly{builder: b, unit: u, pkg: u.Pkg, info: &info, declared: map[types.Object]bool{}, markers: map[*types.Func]marker{}}
	return a.build()
}

// method returns what a call of sel with the receiver as first argument calls,
// as ssa.Program.MethodValue does, which knows no generic types of other units.
// It has no body if it is a method of the session or compiled: the one that
// sel.Obj is, unless it has another receiver or sel goes through embedded
// fields.
func (b *builder) method(sel *types.Selection) (*ssa.Function, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fn := sel.Obj().(*types.Func)
	if g := b.generics[fn.Origin()]; g != nil && b.prog.FuncValue(fn.Origin()) == nil {
		info := *excerpt(&types.Info{}, g.decl)
		a := &assembly{builder: b, pkg: fn.Pkg(), info: &info, declared: map[types.Object]bool{}}
		if err := a.mentionObject(fn); err != nil {
			return nil, err
		}
		a.create().Build()
	} else if fn.Origin() != fn && g == nil {
		if err := b.usePackage(fn.Pkg()); err != nil {
			return nil, err
		}
	}
	return b.prog.MethodValue(sel), nil
}

// An assembly is the file of one unit while it is put together.
type assembly struct {
	*builder
	unit     *check.Unit
	pkg      *types.Package // main
	info     *types.Info
	decls    []ast.Decl
	declared map[types.Object]bool
	markers  map[*types.Func]marker
	marked   []*types.Func // the markers in the order of their making
	// usesProcesses reports that the unit mentions package mp.
	usesProcesses bool
}

func (a *assembly) build() (built, error) {
	out := built{bodies: map[*types.Func]*ssa.Function{}, markers: a.markers, vars: a.unit.Vars}
	for _, obj := range a.info.Uses {
		a.usesProcesses = a.usesProcesses || obj.Pkg() != nil && obj.Pkg().Path() == mpruntimePath
	}
	out.usesProcesses = a.usesProcesses
	for _, decl := range a.unit.Decls {
		a.program(decl)
	}
	for _, f := range a.unit.Funcs {
		if f.Generic {
			a.remember(f)
		}
		if a.unit.Decls == nil && f.Impl != nil {
			a.decls = append(a.decls, f.Impl)
			a.declared[a.info.Defs[f.Impl.Name]] = true
		}
	}
	statements := a.statements()
	defer a.wrapIgnored(a.unit.Cell.File)()
	defer a.fixLengths(a.unit.Cell.File)()
	if err := a.mention(a.unit.Info.Uses); err != nil {
		return built{}, err
	}
	for _, v := range a.unit.Locals {
		if err := a.mentionObject(v); err != nil {
			return built{}, err
		}
	}
	out.pkg = a.create()
	out.pkg.Build()
	for _, f := range a.unit.Funcs {
		if f.Impl != nil && !f.Generic {
			out.bodies[f.Object] = a.function(f.Impl)
		}
	}
	if statements != nil {
		out.statements = a.function(statements)
	}
	if a.unit.Main != nil {
		out.initialize, out.main = out.pkg.Func("init"), a.prog.FuncValue(a.unit.Main)
	}
	return out, nil
}

// create makes the SSA package of the file.
func (a *assembly) create() *ssa.Package {
	file := &ast.File{Name: ast.NewIdent("main"), Decls: a.decls}
	return a.prog.CreatePackage(a.pkg, []*ast.File{file}, a.info, false)
}

func (a *assembly) function(decl *ast.FuncDecl) *ssa.Function {
	return a.prog.FuncValue(a.info.Defs[decl.Name].(*types.Func))
}

// program adds a declaration of a whole program to the file.
func (a *assembly) program(decl ast.Decl) {
	a.decls = append(a.decls, decl)
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		a.declared[a.info.Defs[decl.Name]] = true
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			if spec, ok := spec.(*ast.ValueSpec); ok {
				for _, id := range spec.Names {
					a.declared[a.info.Defs[id]] = true
				}
			}
		}
	}
}

// mention makes everything that uses speaks of known to the SSA package.
func (a *assembly) mention(uses map[*ast.Ident]types.Object) error {
	for _, obj := range uses {
		if err := a.mentionObject(obj); err != nil {
			return err
		}
	}
	return nil
}

func (a *assembly) mentionObject(obj types.Object) error {
	pkg := obj.Pkg()
	if pkg == nil {
		return nil
	}
	fn, isFunc := obj.(*types.Func)
	if pkg != a.pkg {
		if obj.Parent() == pkg.Scope() || isFunc && fn.Origin() != fn {
			return a.usePackage(pkg)
		}
		return nil
	}
	if isFunc {
		obj = fn.Origin()
	}
	if a.declared[obj] {
		return nil
	}
	if g := a.generics[obj]; g != nil {
		a.declared[obj] = true
		a.decls = append(a.decls, g.decl)
		return a.mentionGeneric(g)
	}
	if obj.Parent() != pkg.Scope() {
		return nil
	}
	switch obj := obj.(type) {
	case *types.Var:
		a.declared[obj] = true
		a.decls = append(a.decls, &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{&ast.ValueSpec{Names: []*ast.Ident{a.define(obj)}}}})
	case *types.Func:
		a.declareFunc(obj)
	}
	return nil
}

// declareFunc declares a function without a body.
func (a *assembly) declareFunc(fn *types.Func) {
	a.declared[fn] = true
	a.decls = append(a.decls, &ast.FuncDecl{Name: a.define(fn), Type: &ast.FuncType{Params: &ast.FieldList{}}})
}

// define returns an identifier that declares obj.
func (a *assembly) define(obj types.Object) *ast.Ident {
	id := &ast.Ident{NamePos: obj.Pos(), Name: obj.Name()}
	a.info.Defs[id] = obj
	return id
}

// use returns an identifier that refers to obj.
func (a *assembly) use(obj types.Object, pos token.Pos) *ast.Ident {
	id := &ast.Ident{NamePos: pos, Name: obj.Name()}
	a.info.Uses[id] = obj
	return id
}

// usePackage makes a compiled package's objects known to the program, and
// builds its generic layer, if it has one, with what that uses.
func (b *builder) usePackage(pkg *types.Package) error {
	if b.compiled[pkg] || pkg == types.Unsafe {
		return nil
	}
	if !pkg.Complete() {
		if _, err := b.importer.Import(pkg.Path()); err != nil {
			return fmt.Errorf("loading package %s: %w", pkg.Path(), err)
		}
	}
	b.compiled[pkg] = true
	files, info := b.importer.Syntax(pkg)
	if files == nil {
		b.prog.CreatePackage(pkg, nil, nil, true)
		return nil
	}
	for _, obj := range info.Uses {
		if other := obj.Pkg(); other != nil && other != pkg && obj.Parent() == other.Scope() {
			if err := b.usePackage(other); err != nil {
				return err
			}
		}
	}
	b.prog.CreatePackage(pkg, files, info, true).Build()
	return nil
}
