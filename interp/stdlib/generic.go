package stdlib

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"runtime"
	"strings"
)

// Export data has no bodies, and generic functions exist only as bodies. The
// archive has the source of what is generic in a package, its generic layer.
// Import checks it in the scope of the package that export data made, in place
// of the objects there, so that a package has one object for each name, with
// syntax where it is generic. Where all is generic no export data is read.

// A layer is the checked generic layer of a package.
type layer struct {
	files []*ast.File
	info  *types.Info
	whole bool // files has rest
}

// Syntax returns the source of pkg's generic functions and types, with what it
// was checked to mean: bodies of the very objects that pkg has. Both are nil for
// a package that exports nothing generic, and for one that Import has not
// returned.
//
// The files can be given to ssa.Program.CreatePackage. Therefore the last of
// them declares, without bodies, all other objects of pkg: its functions and
// methods are compiled ones, its variables and types exist. Functions of the
// other files that have no body are compiled as well, under the same path and
// name. Positions are those of FileSet. Syntax is safe for concurrent use; the
// result is shared and must not be changed.
func (imp *Importer) Syntax(pkg *types.Package) (files []*ast.File, info *types.Info) {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	l := imp.layers[pkg]
	if l == nil {
		return nil, nil
	}
	if !l.whole {
		l.files = append(l.files, l.rest(pkg))
		l.whole = true
	}
	return l.files, l.info
}

// check type-checks the generic layer of pkg, which is empty or has just been
// imported.
func (imp *Importer) check(pkg *types.Package, names []string) error {
	l := &layer{info: &types.Info{
		Types:        map[ast.Expr]types.TypeAndValue{},
		Instances:    map[*ast.Ident]types.Instance{},
		Defs:         map[*ast.Ident]types.Object{},
		Uses:         map[*ast.Ident]types.Object{},
		Implicits:    map[ast.Node]types.Object{},
		Selections:   map[*ast.SelectorExpr]*types.Selection{},
		Scopes:       map[ast.Node]*types.Scope{},
		FileVersions: map[*ast.File]string{},
	}}
	for _, name := range names {
		text, err := imp.zip.open(sourcePrefix + pkg.Path() + "/" + name)
		if err != nil {
			return err
		}
		src, err := io.ReadAll(text)
		text.Close()
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(imp.fset, pkg.Path()+"/"+name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		l.files = append(l.files, file)
	}
	elems, err := objectsOf(pkg.Scope())
	if err != nil {
		return err
	}
	for _, file := range l.files {
		for _, decl := range file.Decls {
			for _, id := range declared(decl) {
				delete(elems, id.Name)
			}
		}
	}
	config := &types.Config{
		GoVersion: languageVersion(imp.index.goVersion),
		Importer:  importerFunc(imp.load),
		Sizes:     types.SizesFor("gc", runtime.GOARCH),
	}
	if err := types.NewChecker(config, imp.fset, pkg, l.info).Files(l.files); err != nil {
		return err
	}
	imp.layers[pkg] = l
	return nil
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// languageVersion is the language version of a Go release: go1.26 of go1.26.8.
func languageVersion(release string) string {
	parts := strings.SplitN(release, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// rest declares what pkg has from export data.
func (l *layer) rest(pkg *types.Package) *ast.File {
	file := &ast.File{Name: ast.NewIdent(pkg.Name())}
	l.info.FileVersions[file] = l.info.FileVersions[l.files[0]]
	own := map[types.Object]bool{}
	for _, obj := range l.info.Defs {
		own[obj] = true
	}
	define := func(obj types.Object) *ast.Ident {
		id := ast.NewIdent(obj.Name())
		l.info.Defs[id] = obj
		return id
	}
	function := func(f *types.Func) {
		file.Decls = append(file.Decls, &ast.FuncDecl{
			Name: define(f),
			Type: &ast.FuncType{Params: &ast.FieldList{}},
		})
	}
	for _, name := range pkg.Scope().Names() {
		obj := pkg.Scope().Lookup(name)
		if own[obj] {
			continue
		}
		switch obj := obj.(type) {
		case *types.Func:
			function(obj)
		case *types.Const:
			spec := &ast.ValueSpec{Names: []*ast.Ident{define(obj)}}
			file.Decls = append(file.Decls, &ast.GenDecl{Tok: token.CONST, Specs: []ast.Spec{spec}})
		case *types.Var:
			spec := &ast.ValueSpec{Names: []*ast.Ident{define(obj)}}
			file.Decls = append(file.Decls, &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{spec}})
		case *types.TypeName:
			spec := &ast.TypeSpec{Name: define(obj)}
			file.Decls = append(file.Decls, &ast.GenDecl{Tok: token.TYPE, Specs: []ast.Spec{spec}})
			if named, ok := obj.Type().(*types.Named); ok { // an alias has no methods of its own
				for m := range named.Methods() {
					function(m)
				}
			}
		}
	}
	return file
}

// declared returns the package-level names that decl declares; a method
// declares none.
func declared(decl ast.Decl) []*ast.Ident {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			return []*ast.Ident{decl.Name}
		}
	case *ast.GenDecl:
		var ids []*ast.Ident
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				ids = append(ids, spec.Name)
			case *ast.ValueSpec:
				ids = append(ids, spec.Names...)
			}
		}
		return ids
	}
	return nil
}
