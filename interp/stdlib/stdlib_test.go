package stdlib

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// No test here finds a toolchain: everything must come from the program.
func withoutToolchain(t testing.TB) *Importer {
	t.Helper()
	t.Setenv("PATH", "")
	t.Setenv("GOROOT", "")
	imp, err := NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	return imp
}

func check(imp types.Importer, src string) (*types.Package, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "cell.go", src, 0)
	if err != nil {
		return nil, err
	}
	conf := types.Config{Importer: imp}
	return conf.Check("main", fset, []*ast.File{f}, nil)
}

func TestEveryPackageTypeChecks(t *testing.T) {
	imp := withoutToolchain(t)
	for _, path := range imp.Paths() {
		pkg, err := imp.Import(path)
		if err != nil {
			t.Errorf("importing %s: %v", path, err)
			continue
		}
		if name, ok := imp.Offers(path); !ok || name != pkg.Name() || !pkg.Complete() {
			t.Errorf("%s: offered as %q (%v), is %q, complete %v", path, name, ok, pkg.Name(), pkg.Complete())
		}
		if _, err := check(imp, program(pkg)); err != nil {
			t.Errorf("using %s: %v", path, err)
		}
	}
}

// program is source that uses every function and variable that pkg exports.
func program(pkg *types.Package) string {
	var uses strings.Builder
	for _, name := range pkg.Scope().Names() {
		switch obj := pkg.Scope().Lookup(name).(type) {
		case *types.Var:
			if obj.Exported() {
				fmt.Fprintf(&uses, "var _ = &p.%s\n", name)
			}
		case *types.Func:
			if obj.Exported() && obj.Signature().TypeParams().Len() == 0 {
				fmt.Fprintf(&uses, "var _ = p.%s\n", name)
			}
		}
	}
	as := "p"
	if uses.Len() == 0 {
		as = "_"
	}
	return fmt.Sprintf("package main\nimport %s %q\n%s", as, pkg.Path(), &uses)
}

func TestTypesAreIdenticalAcrossPackages(t *testing.T) {
	imp := withoutToolchain(t)
	// os.FileInfo is io/fs.FileInfo; a *bytes.Buffer is an io.Writer that
	// fmt and net/http take; a generic function of one package meets a type
	// of another. Later imports must find the types of earlier ones.
	_, err := check(imp, `package main
import (
	"net/http"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"
)
var _ fs.FileInfo = os.FileInfo(nil)
var req, _ = http.NewRequest("GET", "/", new(bytes.Buffer))
var _, _ = fmt.Fprintln(&bytes.Buffer{}, req)
var _ io.Reader = req.Body
var cookie http.Cookie
var _ time.Time = cookie.Expires
var _ []string = slices.Sorted(maps.Keys(map[string]*os.File{}))
func main() {}
`)
	if err != nil {
		t.Error(err)
	}
}

func TestErrorsAreTheCompilers(t *testing.T) {
	imp := withoutToolchain(t)
	_, err := check(imp, "package main\nimport \"fmt\"\nvar _ = fmt.Printl\n")
	if err == nil || !strings.Contains(err.Error(), "undefined: fmt.Printl") {
		t.Errorf("got %v", err)
	}
	_, err = check(imp, "package main\nimport \"no/such\"\nvar _ = such.X\n")
	if err == nil || !strings.Contains(err.Error(), "package no/such is not in std") {
		t.Errorf("got %v", err)
	}
}

func TestNames(t *testing.T) {
	imp := withoutToolchain(t)
	for name, want := range map[string][]string{
		"fmt":     {"fmt"},
		"rand":    {"crypto/rand", "math/rand", "math/rand/v2"},
		"display": {"cuaderno/interp/display"},
		"abi":     nil, // internal
		"cgo":     nil, // needs a C compiler
		"nothing": nil,
	} {
		if got := imp.Names(name); !slices.Equal(got, want) {
			t.Errorf("Names(%q) = %q, want %q", name, got, want)
		}
	}
	if _, ok := imp.Offers("internal/abi"); ok {
		t.Error("internal/abi is offered")
	}
	if _, err := imp.Import("internal/abi"); err != nil {
		t.Errorf("internal/abi cannot be imported: %v", err)
	}
}

// Checkers in several goroutines share one importer; the race detector looks
// at what they share.
func TestConcurrentImports(t *testing.T) {
	imp := withoutToolchain(t)
	paths := []string{"net/http", "go/types", "slices", "encoding/json", "os", "sync", "fmt", "cuaderno/interp/display"}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range paths {
				pkg, err := imp.Import(paths[(i+j)%len(paths)])
				if err != nil {
					t.Error(err)
					continue
				}
				if _, err := check(imp, program(pkg)); err != nil {
					t.Errorf("using %s: %v", pkg.Path(), err)
				}
				if files, info := imp.Syntax(pkg); files != nil && len(bodies(files, info)) == 0 {
					t.Errorf("the syntax of %s has no bodies", pkg.Path())
				}
			}
		})
	}
	wg.Wait()
}

func TestVersion(t *testing.T) {
	imp := withoutToolchain(t)
	if got := imp.GoVersion(); got != runtime.Version() {
		t.Errorf("GoVersion = %s, want %s", got, runtime.Version())
	}
	if err := imp.Check(); err != nil {
		t.Error(err)
	}
	err := checkVersion("go1.26.7", "go1.26.8")
	if err == nil || !strings.Contains(err.Error(), "go generate") {
		t.Errorf("checkVersion accepts another release: %v", err)
	}
	if err := checkVersion("go1.26.8", "go1.26.8 X:jsonv2"); err != nil {
		t.Error(err)
	}
}

func BenchmarkNewImporter(b *testing.B) {
	for b.Loop() {
		if _, err := NewImporter(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImportFmtCold(b *testing.B) {
	for b.Loop() {
		imp, err := NewImporter()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := imp.Import("fmt"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImportAllCold(b *testing.B) {
	for b.Loop() {
		imp, err := NewImporter()
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range imp.Paths() {
			if _, err := imp.Import(p); err != nil {
				b.Fatal(err)
			}
		}
	}
}
