package main

import (
	"archive/zip"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var (
	here = target{runtime.GOOS, runtime.GOARCH}
	tree = filepath.Join("..", "..", "interp")
)

// The files in the tree must be what the generator makes of the tree, or cells
// would be checked against other packages than those they run with.
func TestGeneratedFilesAreFresh(t *testing.T) {
	old := openTypes(t, tree)
	var own []string
	for _, path := range old.paths {
		if strings.HasPrefix(path, "cuaderno/") {
			own = append(own, path)
		}
	}
	if len(own) == 0 {
		t.Fatal("the tree has none of our own packages: run go generate ./interp/...")
	}

	dir := t.TempDir()
	for _, sub := range []string{"stdlib", "symbols"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), []string{"-interp", dir, "-own", strings.Join(own, ",")}); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"stdlib/std*" + here.suffix() + ".go", "symbols/std*" + here.suffix() + ".go"} {
		want, have := readAll(t, dir, pattern), readAll(t, tree, pattern)
		for name := range want {
			if have[name] != want[name] {
				t.Errorf("%s is stale: run go generate ./interp/...", name)
			}
			delete(have, name)
		}
		for name := range have {
			t.Errorf("%s is left over: run go generate ./interp/...", name)
		}
	}
	fresh := openTypes(t, dir)
	if old.version != fresh.version || !slices.Equal(old.paths, fresh.paths) {
		t.Fatalf("the tree's export data is of %s with %d packages, the toolchain's of %s with %d: run go generate ./interp/...",
			old.version, len(old.paths), fresh.version, len(fresh.paths))
	}
	if old.sources != fresh.sources {
		t.Error("the sources of generic packages are stale: run go generate ./interp/...")
	}
	for _, path := range own {
		if old.describe(t, path) != fresh.describe(t, path) {
			t.Errorf("the tree's export data of %s is stale: run go generate ./interp/...", path)
		}
	}
}

func readAll(t *testing.T, dir, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no file %s in %s: run go generate ./interp/... (%v)", pattern, dir, err)
	}
	files := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = string(text)
	}
	return files
}

// typeData is an archive of the generator, read as package stdlib reads it.
type typeData struct {
	version string
	paths   []string
	sources string // the index and all generic layers
	imp     types.Importer
}

func openTypes(t *testing.T, interp string) typeData {
	t.Helper()
	r, err := zip.OpenReader(filepath.Join(interp, "stdlib", "std"+here.suffix()+".zip"))
	if err != nil {
		t.Fatalf("%v: run go generate ./interp/...", err)
	}
	t.Cleanup(func() { r.Close() })
	f, err := r.Open("index")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	d := typeData{version: lines[0], sources: string(text)}
	for _, f := range r.File {
		if !strings.HasPrefix(f.Name, "source/") {
			continue
		}
		src, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(src)
		src.Close()
		if err != nil {
			t.Fatal(err)
		}
		d.sources += f.Name + "\n" + string(text)
	}
	for _, line := range lines[2:] {
		path, _, _ := strings.Cut(line, " ")
		d.paths = append(d.paths, path)
	}
	d.imp = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return r.Open("export/" + path)
	})
	return d
}

// describe is all that a program can see of a package.
func (d typeData) describe(t *testing.T, path string) string {
	t.Helper()
	p, err := d.imp.Import(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range p.Scope().Names() {
		obj := p.Scope().Lookup(name)
		if !obj.Exported() {
			continue
		}
		b.WriteString(types.ObjectString(obj, nil) + "\n")
		if _, ok := obj.(*types.TypeName); ok {
			for sel := range types.NewMethodSet(types.NewPointer(obj.Type())).Methods() {
				b.WriteString("\t" + sel.String() + "\n")
			}
		}
	}
	return b.String()
}

func TestExportSectionRefusesOtherFiles(t *testing.T) {
	for name, data := range map[string]string{
		"empty":          "",
		"text":           "package fmt",
		"other member":   arSignature + strings.Repeat("x", arHeaderLen),
		"short":          arSignature + "__.PKGDEF       0           0     0     644     100       `\ngo object",
		"no export data": arSignature + "__.PKGDEF       0           0     0     644     10        `\ngo object\n",
	} {
		if _, err := exportSection([]byte(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestExportSectionKeepsOneMemberAndOneHeader(t *testing.T) {
	const def = "go object linux amd64 go1.26.8\nbuild id \"x\"\n\n$$B\nuDATA\n$$\n"
	const header = "__.PKGDEF       0           0     0     644     "
	in := arSignature + header + "58        `\n" + def + "_go_.o          rest"
	got, err := exportSection([]byte(in))
	want := arSignature + header + "44        `\ngo object linux amd64 go1.26.8\n$$B\nuDATA\n$$\n"
	if string(got) != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func bindingsOf(t *testing.T, path, src string) string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "src.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: openTypes(t, tree).imp}
	p, err := conf.Check(path, fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(bindings(p, "table", &pkg{}))
}

func TestBindings(t *testing.T) {
	src := bindingsOf(t, "example/template", `package template
type hidden int
type Sealed interface { seal() }
type Either interface { int | string }
type Set[T comparable] map[T]bool
type Pair = Set[int]
type Gen[T any] = []T
const Typed uint8 = 7
var V hidden
func F() {}
func G[T any](T) {}
`)
	for _, want := range []string{
		`{"F", template.F}`, `{"V", &template.V}`,
		`{"Sealed", (*template.Sealed)(nil)}`, `{"Pair", (*template.Pair)(nil)}`,
		`import (
template "example/template"
)`,
	} {
		if !strings.Contains(src, want) {
			t.Errorf("%s is missing in\n%s", want, src)
		}
	}
	for _, not := range []string{`"Either"`, `"Set"`, `"Gen"`, `"G"`, `"hidden"`, `"Typed"`} {
		if strings.Contains(src, not) {
			t.Errorf("%s is in\n%s", not, src)
		}
	}
}

func TestPackageWithoutExportsIsLinked(t *testing.T) {
	src := bindingsOf(t, "example/quiet", "package quiet\n")
	if !strings.Contains(src, `_ "example/quiet"`) {
		t.Errorf("no blank import in\n%s", src)
	}
}

func TestUnknownOwnPackageIsAnError(t *testing.T) {
	err := run(t.Context(), []string{"-interp", t.TempDir(), "-own", "cuaderno/no/such"})
	if err == nil || !strings.Contains(err.Error(), "cuaderno/no/such") {
		t.Errorf("got %v", err)
	}
}
