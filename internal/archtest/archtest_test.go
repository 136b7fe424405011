package archtest_test

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cuaderno/internal/archtest"
)

const root = "../.."

// layers is the table of docs/architecture.md, lowest layer first.
var layers = archtest.Layers{
	Module: "cuaderno",
	Table: [][]string{
		{"internal/rights", "internal/packet", "internal/shm", "internal/codec", "internal/frame", "internal/limits", "internal/nbformat", "internal/spawn", "kernel/history", "kernel/wire", "interp/comm", "interp/display", "interp/remains", "interp/stdlib", "install"},
		{"interp/lang", "interp/lang/langtest", "interp/lang/limited", "kernel/transport", "mpruntime", "interp/cell", "interp/check", "interp/rtype"},
		{"interp/assist", "interp/symbols", "interp/engine", "interp/engine/compiled", "interp/engine/yaegi"},
		{"interp", "kernel"},
		{"interp/remote", "kernel/kerneltest"},
		{"cmd/...", "notebooks", "benchmarks/...", "examples/...", "mpruntime/conformance", "mpruntime/faults", "internal/abigen", "internal/archtest", "internal/conformance", "internal/fidelity", "internal/opgen", "internal/soak", "internal/stdgen"},
	},
	Arrows: map[string][]string{
		"internal/packet":        {"internal/rights"},
		"interp/remains":         {"internal/shm"},
		"interp/lang/langtest":   {"interp/lang"},
		"interp/lang/limited":    {"interp/lang"},
		"internal/codec":         {"internal/rights"},
		"internal/frame":         {"internal/rights"},
		"interp/check":           {"interp/cell"},
		"interp/engine/compiled": {"interp/engine", "interp/symbols"},
	},
	Owners: map[string][]string{
		"github.com/traefik/yaegi":    {"interp/engine/yaegi", "benchmarks/lang/yaegialone"},
		"github.com/go-zeromq/zmq4":   {"kernel/transport", "kernel/kerneltest"},
		"github.com/go-zeromq/goczmq": {},
		"go.etcd.io/bbolt":            {"kernel/history"},
	},
	TestOnly: []string{"interp/lang/langtest"},
}

// unsafeFiles are the files that may import unsafe, with the reason. The last
// element may be a pattern. What no file needs any more is to be struck off.
var unsafeFiles = map[string]string{
	"interp/check/scope.go":            "go/types has no way to take an object or a method out of its scope again when a cell fails",
	"interp/engine/goroutine.go":       "the profiler's labels are the only per-goroutine value that goroutines and timers inherit",
	"interp/engine/compiled/*.go":      "registers, captured variables and arguments are typed memory, reached by offset",
	"interp/rtype/*.go":                "runtime types are laid out word by word, and the operations on memory of such types are the runtime's",
	"interp/stdlib/internals.go":       "go/types has no way to take an object out of its scope, nor the importer to be given a package",
	"interp/symbols/std_cuaderno_*.go": "go:linkname requires the import",
	"interp/symbols/helpers*.go":       "what the standard library's generic code asks of the runtime",
	"internal/shm/futex_linux.go":      "the futex system call takes addresses",
	"internal/shm/memory.go":           "words and elements in mapped memory are reached by offset",
	"internal/shm/race.go":             "the race detector takes addresses",
	"internal/shm/region_linux.go":     "mapping over a mapping takes its address",
	"internal/shm/variable.go":         "the engine of cells reads and writes a shared number at its address",
	"mpruntime/image.go":               "functions and types of a compiled program are named to its other processes by their place in its file",
	"mpruntime/element.go":             "elements in shared memory are of types known at run time only",
	"internal/codec/field.go":          "unexported fields of the notebook's types travel, which reflect alone does not allow",
}

// linknameFiles are the files that may use go:linkname.
var linknameFiles = map[string]string{
	"interp/engine/goroutine.go":       "the profiler's labels of the calling goroutine",
	"interp/rtype/channels.go":         "channels of made types",
	"interp/rtype/export_test.go":      "what the tests compare made types with",
	"interp/rtype/find.go":             "compiled types that no table names",
	"interp/rtype/interfaces.go":       "method tables of made types",
	"interp/rtype/maps.go":             "maps of made types",
	"interp/rtype/memory.go":           "allocating and copying memory of made types",
	"interp/rtype/names.go":            "offsets of names, types and code that the runtime resolves",
	"mpruntime/image.go":               "the types that the program holds",
	"interp/symbols/std_cuaderno_*.go": "what the generic source of our own packages calls and they do not export",
	"interp/symbols/helpers.go":        "maps.clone and convertAssign, which their packages keep to themselves",
}

func tree(t *testing.T) []archtest.File {
	t.Helper()
	files, err := archtest.Tree(root, "bin", "build")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestLayers(t *testing.T) {
	for _, breach := range layers.Check(tree(t)) {
		t.Error(breach)
	}
}

func TestUnsafeIsListed(t *testing.T) {
	checkListed(t, "unsafe", unsafeFiles, func(f archtest.File) bool { return f.Unsafe })
	checkListed(t, "go:linkname", linknameFiles, func(f archtest.File) bool { return f.Linkname })
}

func checkListed(t *testing.T, what string, listed map[string]string, uses func(archtest.File) bool) {
	t.Helper()
	used := map[string]bool{}
	for _, file := range tree(t) {
		if !uses(file) {
			continue
		}
		found := false
		for pattern := range listed {
			if ok, _ := path.Match(pattern, file.Path); ok {
				found = true
				used[pattern] = true
			}
		}
		if !found {
			t.Errorf("%s uses %s and is not listed with a reason", file.Path, what)
		}
	}
	for pattern := range listed {
		if !used[pattern] {
			t.Errorf("%s is listed and does not use %s", pattern, what)
		}
	}
}

func TestArchitectureNamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	standard := standardPackages(t)
	for _, missing := range archtest.Declared(tree(t)).Missing(string(text), func(pkg string) bool { return standard[pkg] }) {
		t.Errorf("docs/architecture.md, %s is declared nowhere", missing)
	}
}

// standardPackages are the last elements of the standard library's paths.
func standardPackages(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	src := filepath.Join(build.Default.GOROOT, "src")
	err := filepath.WalkDir(src, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			names[entry.Name()] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestLayersReportsEachBreach(t *testing.T) {
	table := archtest.Layers{
		Module:   "m",
		Table:    [][]string{{"low", "other"}, {"mid", "mid/impl", "fake"}, {"cmd/..."}},
		Arrows:   map[string][]string{"mid/impl": {"mid"}},
		Owners:   map[string][]string{"example.org/big": {"mid/impl"}},
		TestOnly: []string{"fake"},
	}
	tests := []struct {
		path, imports string
		want          string
	}{
		{"mid/a.go", "m/low", ""},
		{"cmd/x/main.go", "m/mid", ""},
		{"mid/impl/a.go", "m/mid", ""},
		{"mid/impl/a.go", "example.org/big/part", ""},
		{"low/a.go", "fmt", ""},
		{"low/a_test.go", "m/mid", ""},
		{"mid/a_test.go", "m/fake", ""},
		{"low/a.go", "m/mid", "layer 1 is above layer 0"},
		{"low/a.go", "m/other", "no arrow"},
		{"mid/a.go", "m/mid/impl", "no arrow"},
		{"cmd/x/main.go", "m/fake", "only tests may"},
		{"mid/a_test.go", "example.org/big", "only mid/impl may"},
		{"stray/a.go", "fmt", "package stray is in no layer"},
	}
	for _, test := range tests {
		t.Run(test.path+" "+test.imports, func(t *testing.T) {
			got := strings.Join(table.Check([]archtest.File{{Path: test.path, Imports: []string{test.imports}}}), "\n")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTreeSeesUnsafeForEverySystem(t *testing.T) {
	dir := t.TempDir()
	sources := map[string]string{
		"a/plain.go":             "package a\n",
		"a/unsafe_plan9.go":      "package a\nimport _ \"unsafe\"\n",
		"a/link.go":              "package a\nimport \"time\"\n//go:linkname now time.now\nfunc now() time.Time\n",
		"a/testdata/x.go":        "not Go",
		".hidden/x.go":           "not Go",
		"build/x.go":             "not Go",
		"b/build/prose.go":       "// Package build mentions unsafe and go:linkname.\npackage build\n",
		"b/constrained.go":       "//go:build never\n\npackage b\nimport \"unsafe\"\nvar _ unsafe.Pointer\n",
		"b/constrained_other.md": "",
	}
	for name, source := range sources {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := archtest.Tree(dir, "build")
	if err != nil {
		t.Fatal(err)
	}
	var all, unsafe []string
	for _, file := range files {
		all = append(all, file.Path)
		if file.Unsafe {
			unsafe = append(unsafe, file.Path)
		}
	}
	if want := []string{"a/link.go", "a/plain.go", "a/unsafe_plan9.go", "b/build/prose.go", "b/constrained.go"}; !slices.Equal(all, want) {
		t.Errorf("files %q, want %q", all, want)
	}
	if want := []string{"a/link.go", "a/unsafe_plan9.go", "b/constrained.go"}; !slices.Equal(unsafe, want) {
		t.Errorf("unsafe %q, want %q", unsafe, want)
	}
}

func TestMissingNames(t *testing.T) {
	source := `package kernel
type Kernel struct { Log int }
func (k *Kernel) run() {}
type Session interface { Execute() }
func New() {}
const Version = "1"
type Set[T any] struct{}
func (s Set[T]) Add() {}
`
	files := []archtest.File{
		{Path: "kernel/kernel.go", Syntax: mustParse(t, source)},
		{Path: "kernel/kernel_test.go", Syntax: mustParse(t, "package kernel\nfunc Helper() {}\n")},
		{Path: "cmd/cuaderno-helper/main.go", Syntax: mustParse(t, "package main\nfunc serve() {}\n")},
	}
	text := "`kernel.New` `kernel.New()` `kernel.Kernel.run` `kernel.Kernel.Log` `kernel.Session.Execute`\n" +
		"`kernel.Version` `kernel.Set.Add` `cuaderno-helper.serve` `os.Getpid` `kernel.go` `go.mod` `std.zip` kernel.Prose\n" +
		"`kernel.Old` and `kernel.Kernel.Stop()`\n" +
		"`kernel.Helper` `gone.Name`\n"
	got := archtest.Declared(files).Missing(text, func(pkg string) bool { return pkg == "os" })
	want := []string{"line 3: kernel.Old", "line 3: kernel.Kernel.Stop", "line 4: kernel.Helper", "line 4: gone.Name"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func mustParse(t *testing.T, source string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
