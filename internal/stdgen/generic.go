package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Generic code that leans on the runtime, or on unexported parts of its
// package, cannot be taken from GOROOT as it is. A file here declares such
// functions and types of the package whose path is its name with dots for
// slashes; functions without a body are compiled ones of package symbols.
//
//go:embed shims/*.go.txt
var shims embed.FS

// A source is one file of a package's generic layer.
type source struct {
	name string
	text []byte
}

// importer reads the library's export data, each time into new packages.
func (lib *library) importer() types.Importer {
	exports := make(map[string][]byte)
	for _, p := range lib.pkgs {
		exports[p.path] = p.export
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		data, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("no export data for %s", path)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	})
}

// genericLayers finds, for each package that cells may import, the source of
// its exported generic functions and types with all that they need and that
// export data does not hold.
func genericLayers(lib *library) error {
	imp := lib.importer()
	names := make(map[string]string)
	for _, p := range lib.pkgs {
		names[p.path] = p.name
	}
	for _, p := range lib.pkgs {
		if !p.offered {
			continue
		}
		tp, err := imp.Import(p.path)
		if err != nil {
			return fmt.Errorf("importing %s: %w", p.path, err)
		}
		if p.layer, err = genericLayer(p, tp, imp, names); err != nil {
			return fmt.Errorf("package %s: %w", p.path, err)
		}
	}
	entries, err := shims.ReadDir("shims")
	if err != nil {
		return err
	}
	for _, e := range entries {
		used := func(p *pkg) bool { return p.layer != nil && shimOf(p.path) == "shims/"+e.Name() }
		if !slices.ContainsFunc(lib.pkgs, used) {
			return fmt.Errorf("%s is for no package with exported generic functions or types", e.Name())
		}
	}
	return markEarly(lib)
}

// shimOf is the name of the shim of a package.
func shimOf(path string) string {
	return "shims/" + strings.ReplaceAll(path, "/", ".") + ".go.txt"
}

// isWhole reports whether all that scope exports is generic, or constrains type
// parameters.
func isWhole(scope *types.Scope) bool {
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		if !obj.Exported() || isGenericObject(obj) {
			continue
		}
		iface, ok := obj.Type().Underlying().(*types.Interface)
		if _, isType := obj.(*types.TypeName); !isType || !ok || iface.IsMethodSet() {
			return false
		}
	}
	return true
}

// A layer is the search for one package's generic layer.
type layer struct {
	whole   bool                     // no export data is read
	scope   *types.Scope             // of export data
	public  map[*types.TypeName]bool // mentioned by what is exported and not generic
	files   []*cut
	decls   map[string]declaration   // of the package's source
	methods map[string][]declaration // by the name of the receiver's type
	shimmed map[string]bool          // names that the shim declares
	own     *ownPackage              // nil for std's
	wanted  map[string]bool
	queue   []string
	errs    []error
}

// A declaration is the place of a name's declaration.
type declaration struct {
	file *cut
	decl ast.Decl
	spec ast.Spec // nil for functions
}

// node is the syntax that is the name's alone.
func (d declaration) node() ast.Node {
	if d.spec != nil {
		return d.spec
	}
	return d.decl
}

// replace makes the declarations of a shim stand for those of the package.
func (l *layer) replace(fset *token.FileSet, shim []byte) error {
	f, err := parser.ParseFile(fset, "shim.go", shim, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range f.Decls {
		for _, id := range declared(decl) {
			l.shimmed[id.Name] = true
		}
	}
	for _, decl := range f.Decls {
		l.walk(decl)
	}
	return nil
}

// genericLayer returns the files of p's generic layer, nil if p has none. imp
// has imported tp, and names maps import paths to package names.
func genericLayer(p *pkg, tp *types.Package, imp types.Importer, names map[string]string) ([]source, error) {
	p.whole = isWhole(tp.Scope())
	l := &layer{
		whole:   p.whole,
		scope:   tp.Scope(),
		public:  mentioned(tp.Scope()),
		decls:   make(map[string]declaration),
		methods: make(map[string][]declaration),
		shimmed: make(map[string]bool),
		wanted:  make(map[string]bool),
	}
	generic := false
	for _, name := range l.scope.Names() {
		obj := l.scope.Lookup(name)
		generic = generic || obj.Exported() && isGenericObject(obj)
		if obj.Exported() && (p.whole || isGenericObject(obj)) {
			l.want(name)
		}
	}
	shim, err := shims.ReadFile(shimOf(p.path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if !generic {
		return nil, nil
	}

	fset := token.NewFileSet()
	for _, name := range p.files {
		text, err := os.ReadFile(filepath.Join(p.dir, name))
		if err != nil {
			return nil, err
		}
		f, err := newCut(fset, name, text)
		if err != nil {
			return nil, err
		}
		l.index(f)
	}
	if p.own {
		if l.own, err = l.checkOwn(p, fset, imp); err != nil {
			return nil, err
		}
	}
	if shim != nil {
		if err := l.replace(fset, shim); err != nil {
			return nil, err
		}
	}
	for len(l.queue) > 0 {
		name := l.queue[0]
		l.queue = l.queue[1:]
		l.take(name)
	}
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	if l.own != nil {
		p.unexported = l.own.names()
		if p.keeps, err = l.kept(); err != nil {
			return nil, err
		}
	}

	var sources []source
	for _, f := range l.files {
		if text := f.text(names); text != nil {
			sources = append(sources, source{f.name, text})
		}
	}
	if shim != nil {
		sources = append(sources, source{"shim.go", shim})
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return sources, nil
}

// index notes what f declares.
func (l *layer) index(f *cut) {
	l.files = append(l.files, f)
	for _, decl := range f.syntax.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			d := declaration{f, decl, nil}
			if base := receiverBase(decl); base != "" {
				l.methods[base] = append(l.methods[base], d)
			} else {
				l.decls[decl.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				for _, id := range specNames(spec) {
					l.decls[id.Name] = declaration{f, decl, spec}
				}
			}
		}
	}
}

// want puts a name of the package into the queue.
func (l *layer) want(name string) {
	if !l.wanted[name] {
		l.wanted[name] = true
		l.queue = append(l.queue, name)
	}
}

// take keeps the source of name and wants what that mentions, unless the shim
// or the export data provide it.
func (l *layer) take(name string) {
	if l.shimmed[name] {
		return
	}
	d, ok := l.decls[name]
	if obj := l.scope.Lookup(name); obj != nil && !isGenericObject(obj) && l.provided(obj) {
		return
	}
	if !ok {
		return // a name of the universe, or of a local
	}
	if gen, ok := d.decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
		remedy := "write a shim"
		if l.own != nil {
			remedy = "reach it through a function that is not generic"
		}
		l.errs = append(l.errs, fmt.Errorf("what is generic needs the variable %s: %s", name, remedy))
		return
	}
	if l.own != nil && l.takeOwn(name, d) {
		return
	}
	d.file.keep(d)
	l.walk(d.node())
	for _, m := range l.methods[name] {
		if !m.file.heads[m.decl] {
			m.file.keep(m)
			l.walk(m.decl)
		}
	}
}

// provided reports whether obj, of export data and not generic, is what an
// engine has as compiled code. Unexported objects are there for the sake of
// inlining as well.
func (l *layer) provided(obj types.Object) bool {
	if l.whole {
		return false
	}
	tn, ok := obj.(*types.TypeName)
	return obj.Exported() || ok && l.public[tn]
}

// walk wants all names in n that may be the package's. Names of locals may be
// among them: at worst the layer holds more than it needs.
func (l *layer) walk(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			l.walk(n.X)
			return false
		case *ast.KeyValueExpr:
			if _, field := n.Key.(*ast.Ident); field {
				l.walk(n.Value)
				return false
			}
		case *ast.Field:
			l.walk(n.Type) // not the names
			return false
		case *ast.Ident:
			if _, ok := l.decls[n.Name]; ok {
				l.want(n.Name)
			}
		}
		return true
	})
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
			ids = append(ids, specNames(spec)...)
		}
		return ids
	}
	return nil
}

func specNames(spec ast.Spec) []*ast.Ident {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{spec.Name}
	case *ast.ValueSpec:
		return spec.Names
	}
	return nil
}

// receiverBase is the name of the type that decl is a method of, "" for a
// function.
func receiverBase(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return ""
	}
	t := decl.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// isGenericObject reports whether obj needs type arguments.
func isGenericObject(obj types.Object) bool {
	switch obj := obj.(type) {
	case *types.Func:
		return obj.Signature().TypeParams().Len() > 0
	case *types.TypeName:
		return isGeneric(obj.Type())
	}
	return false
}
