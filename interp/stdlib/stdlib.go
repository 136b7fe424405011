// Package stdlib gives a type checker the standard library with no toolchain
// and no source at hand: the export data of every package, as the compiler
// wrote it, is embedded in the program.
//
// internal/stdgen makes the data for the Go release and the platform we build
// with; it is not committed: run go generate ./interp/... (or make build). The
// project's own packages that cells may import are in it too. An Importer
// reads a package when it is first imported.
package stdlib

//go:generate env GOOS= GOARCH= go run cuaderno/internal/stdgen -goos $GOOS -goarch $GOARCH -own cuaderno/interp/display,cuaderno/mpruntime

import (
	"archive/zip"
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
	zip   *zip.Reader
	index *index

	mu sync.Mutex // guards gc, which is not safe for concurrent use
	gc types.Importer
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
	imp := &Importer{fset: token.NewFileSet(), zip: r, index: ix}
	imp.gc = importer.ForCompiler(imp.fset, "gc", imp.open)
	return imp, nil
}

func (imp *Importer) open(path string) (io.ReadCloser, error) {
	f, err := imp.zip.Open(exportPrefix + path)
	if err != nil {
		return nil, fmt.Errorf("package %s is not in std", path)
	}
	return f, nil
}

// Import returns the package that path imports; "unsafe" is types.Unsafe. The
// package is complete and does not change any more. Packages that its types
// mention, and that were not imported themselves, hold only what is mentioned.
func (imp *Importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	imp.mu.Lock()
	defer imp.mu.Unlock()
	return imp.gc.Import(path)
}

// FileSet resolves the positions of imported objects to lines; columns are not
// recorded. File names are import paths with the file's name, such as
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
