package main

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layerOf makes the generic layer of a package with one file.
func layerOf(t *testing.T, src string, own ...bool) (text string, p *pkg, err error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "src.go"), []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "src.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: openTypes(t, tree).imp}
	tp, err := conf.Check("example/set", fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p = &pkg{path: "example/set", name: "set", dir: dir, files: []string{"src.go"}, own: len(own) > 0}
	layer, err := genericLayer(p, tp, conf.Importer, map[string]string{"math/rand/v2": "rand", "strings": "strings"})
	for _, s := range layer {
		text += string(s.text)
	}
	return text, p, err
}

func TestGenericLayer(t *testing.T) {
	const src = `// Package set is an example.
package set

import (
	"math/rand/v2"
	"strings"
)

type (
	// Set has a comment.
	Set[T comparable] struct{ m map[T]struct{}; mu lock }
	Plain struct{ mu lock }
)

type lock int
func (l *lock) Lock() {}

type hidden int
func (h hidden) twice() hidden { return h * factor }

const (
	zero, none = iota, 2 * iota
	factor, two
)

func (s *Set[T]) Add(v T) { /* 世界 */ s.m[v] = struct{}{}; helper() }
func (s *Set[T]) del(v T) { delete(s.m, v) }
func helper() { _ = hidden(1).twice() }
func Exported() string { return strings.ToUpper("x") }
func Pick[T any](l []T) T { Exported(); return l[rand.N(len(l))] }
func unused[T any]() {}
`
	got, p, err := layerOf(t, src)
	if err != nil {
		t.Fatal(err)
	}
	if p.whole {
		t.Error("whole, with Exported and Plain")
	}
	lines, original := strings.Split(got, "\n"), strings.Split(src, "\n")
	for _, kept := range []string{
		"package set", "math/rand/v2", "Set[T comparable]", "type hidden int", "twice()", "zero, none = iota", "factor, two",
		"Add(v T)", "del(v T)", "func helper()", "func Pick",
	} {
		i := indexLine(original, kept)
		if j := indexLine(lines, kept); j != i {
			t.Errorf("%q is in line %d of the layer, %d of the source\n%s", kept, j, i, got)
		}
	}
	for _, gone := range []string{"strings", "comment", "世界", "Plain", "lock int", "Lock()", "Exported() string", "unused"} {
		if strings.Contains(got, gone) {
			t.Errorf("%q is in the layer\n%s", gone, got)
		}
	}
}

func indexLine(lines []string, part string) int {
	for i, line := range lines {
		if strings.Contains(line, part) {
			return i
		}
	}
	return -1
}

func TestWholeLayerHasConstraintsToo(t *testing.T) {
	got, p, err := layerOf(t, "package set\n\ntype Number interface{ ~int | ~float64 }\n\nfunc Sum[T Number](l []T) (s T) { return s }\n")
	if err != nil || !p.whole || !strings.Contains(got, "type Number") {
		t.Errorf("whole: %v, %v\n%s", p.whole, err, got)
	}
}

func TestPackageWithoutGenericsHasNoLayer(t *testing.T) {
	if got, _, err := layerOf(t, "package set\n\nfunc F() {}\nfunc g[T any]() {}\n"); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A variable of a package exists once, in compiled code.
func TestGenericCodeCannotHaveVariables(t *testing.T) {
	_, _, err := layerOf(t, "package set\n\nvar count int\n\nfunc F[T any]() { count++ }\nfunc Plain() {}\n")
	if err == nil || !strings.Contains(err.Error(), "count") {
		t.Errorf("got %v", err)
	}
}

func TestShimsAreFormatted(t *testing.T) {
	entries, err := shims.ReadDir("shims")
	if err != nil || len(entries) == 0 {
		t.Fatalf("no shims: %v", err)
	}
	for _, e := range entries {
		text, err := shims.ReadFile("shims/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(text); err != nil || string(formatted) != string(text) {
			t.Errorf("%s is not formatted: gofmt would change it (%v)", e.Name(), err)
		}
	}
}
