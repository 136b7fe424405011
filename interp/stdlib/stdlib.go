// Package stdlib gives a type checker the standard library with no toolchain
// at hand: the export data of every package, as the compiler wrote it, is
// embedded in the program. Of generic functions and types, which are compiled
// only where they are instantiated, the source is embedded too: Syntax gives it
// to an engine. What the packages' authors say about what they export is a file of
// its own, which nothing reads until Documentation is asked.
//
// internal/stdgen makes the data for the Go release and the platform we build
// with; it is not committed: run go generate ./interp/... (or make build). The
// project's own packages that cells may import are in it too. An Importer
// reads a package when it is first imported.
package stdlib

//go:generate env GOOS= GOARCH= go run cuaderno/internal/stdgen -goos $GOOS -goarch $GOARCH -own cuaderno/interp/comm,cuaderno/interp/display,cuaderno/mpruntime

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// An Importer imports compiled packages from the embedded export data. It
// implements types.Importer and is safe for concurrent use. All imports share
// one cache, so that a type reached through two packages is one type.
//
// Internal and vendored packages can be imported as well, because public ones
// are made of them; whether a cell may is for the caller to ask of Offers.
type Importer struct {
	fset  *token.FileSet
	zip   entries
	index *index

	mu       sync.Mutex // guards what follows; gc is not safe for concurrent use
	gc       types.Importer
	layers   map[*types.Package]*layer
	packages map[string]*types.Package // gc's
	hidden   map[string][]string       // names by path, until the package is imported
}

var _ types.Importer = (*Importer)(nil)

// NewImporter opens the embedded data. It reads no package yet. The error is
// that of a damaged build.
func NewImporter() (*Importer, error) {
	r, err := openArchive()
	if err != nil {
		return nil, err
	}
	ix, err := readIndex(r)
	if err != nil {
		return nil, err
	}
	imp := &Importer{fset: token.NewFileSet(), zip: r, index: ix, layers: make(map[*types.Package]*layer), hidden: make(map[string][]string)}
	imp.gc = importer.ForCompiler(imp.fset, "gc", imp.open)
	if imp.packages, err = packagesOf(imp.gc); err != nil {
		return nil, err
	}
	return imp, nil
}

func (imp *Importer) open(path string) (io.ReadCloser, error) {
	f, err := imp.zip.open(exportPrefix + path)
	if err != nil {
		return nil, fmt.Errorf("package %s is not in std", path)
	}
	return f, nil
}

// Import returns the package that path imports; "unsafe" is types.Unsafe. The
// package is complete and does not change any more. Packages that its types
// mention, and that were not imported themselves, hold only what is mentioned.
func (imp *Importer) Import(path string) (*types.Package, error) {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	return imp.load(path)
}

// Hide takes exported names of a package that is not yet imported away from
// cells. Import fails if it does not have one of them.
func (imp *Importer) Hide(path string, names ...string) {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	imp.hidden[path] = names
}

// hide takes the hidden names of an imported package out of its scope.
func (imp *Importer) hide(pkg *types.Package) error {
	names := imp.hidden[pkg.Path()]
	if len(names) == 0 {
		return nil
	}
	delete(imp.hidden, pkg.Path())
	objects, err := objectsOf(pkg.Scope())
	if err != nil {
		return err
	}
	for _, name := range names {
		if objects[name] == nil {
			return fmt.Errorf("package %s has no %s to be hidden", pkg.Path(), name)
		}
		delete(objects, name)
	}
	return nil
}

// load is Import, for callers that hold mu.
func (imp *Importer) load(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if pkg := imp.packages[path]; pkg == nil || !pkg.Complete() {
		for _, early := range imp.index.early[path] {
			if _, err := imp.load(early); err != nil {
				return nil, err
			}
		}
	}
	l := imp.index.layers[path]
	if l.whole && imp.packages[path] == nil {
		imp.packages[path] = types.NewPackage(path, imp.index.names[path])
	}
	pkg := imp.packages[path]
	if !l.whole {
		var err error
		if pkg, err = imp.gc.Import(path); err != nil {
			return nil, err
		}
	}
	if l.files != nil && imp.layers[pkg] == nil {
		if err := imp.check(pkg, l.files); err != nil {
			return nil, fmt.Errorf("checking what is generic in package %s: %w", path, err)
		}
	}
	return pkg, imp.hide(pkg)
}

// FileSet resolves the positions of imported objects and of Syntax to lines;
// columns are recorded only for the latter. File names are import paths with the file's name, such as
// fmt/print.go.
func (imp *Importer) FileSet() *token.FileSet { return imp.fset }

// Names returns the import paths of the packages called name that cells may
// import, sorted: rand is crypto/rand, math/rand and math/rand/v2. It is empty
// for a name that no package has.
func (imp *Importer) Names(name string) []string { return slices.Clone(imp.index.byName[name]) }

// Paths returns the import paths that cells may import, sorted.
func (imp *Importer) Paths() []string { return slices.Clone(imp.index.paths) }

// Offers reports whether cells may import path, and the package's name.
func (imp *Importer) Offers(path string) (name string, ok bool) {
	name, ok = imp.index.names[path]
	return name, ok
}

// GoVersion is the Go release that made the export data, as runtime.Version
// writes it.
func (imp *Importer) GoVersion() string { return imp.index.goVersion }

// Check returns an error that says what to do when the program was built by
// another Go release than its export data: types would not match what is
// linked in.
func (imp *Importer) Check() error { return checkVersion(imp.GoVersion(), runtime.Version()) }

func checkVersion(data, program string) error {
	// Experiments follow the release after a space; a build may set more of
	// them than the go command that made the data.
	release := func(v string) string { v, _, _ = strings.Cut(v, " "); return v }
	if release(data) == release(program) {
		return nil
	}
	return fmt.Errorf("this program was built with %s, but the standard library's types in it come from %s: run go generate ./interp/... and build again", program, data)
}
