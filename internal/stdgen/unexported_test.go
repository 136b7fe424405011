package main

import (
	"slices"
	"strings"
	"testing"
)

// What is generic in a package of our own comes with its source; what it calls
// is compiled, whether exported or not.
func TestOwnLayer(t *testing.T) {
	const src = `package set

import (
	"math/rand/v2"
	"strings"
)

type number interface{ ~int | ~float64 }

const factor = 2

type Plain struct{ n int }
func (p *Plain) Shown() int { return p.hidden() }
func (p *Plain) hidden() int { return p.n }

type core struct{ inner }
func (c *core) Load(at int,
	names ...string) int { return count }
func (c core) size() int { return rand.N(1) }

type inner struct{}
func (inner) deep() {}

type local struct{ b strings.Builder }
func (l *local) add() string { return strings.ToUpper("x") }

var count int

type Set[T number] struct { c *core; v T }
func (s *Set[T]) Get(p *Plain) T {
	s.c.deep()
	p.hidden()
	p.Shown()
	f := s.c.size
	return s.only(T(factor * f() + newCore(nil).Load(0)))
}
func (s *Set[T]) only(v T) T { helper[T](); return v }

func newCore(b *strings.Builder) *core { count++; return nil }
func helper[T any]() { var l local; l.add(); use() }
func use() { _ = rand.N(count) }
func unused() {}

func keptTypes() []any { return []any{(*core)(nil), (*local)(nil)} }
`
	got, p, err := layerOf(t, src, true)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"(*Plain).hidden", "(*core).Load", "(*local).add", "core.size", "inner.deep", "newCore", "use",
	}; !slices.Equal(p.unexported, want) {
		t.Errorf("linked are %q, want %q", p.unexported, want)
	}
	if !p.keeps {
		t.Error("keptTypes is not linked")
	}
	lines := strings.Split(got, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	for _, want := range []string{"func newCore(b *strings.Builder) *core", "func use()", "const factor = 2", "func (s *Set[T]) only(v T) T { helper[T](); return v }"} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
	for _, not := range []string{"count", "rand", "Plain struct", "unused", "keptTypes", "ToUpper"} {
		if strings.Contains(got, not) {
			t.Errorf("%q is in\n%s", not, got)
		}
	}
	table := bindingsOfLinks(p)
	for _, want := range []string{
		`{"core.size", link_set_`, "keptTypes: link_set_keptTypes,",
		"//go:linkname link_set_0 example/set.(*Plain).hidden\nfunc link_set_0()",
		"//go:linkname link_set_keptTypes example/set.keptTypes\nfunc link_set_keptTypes() []any",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("%s is missing in\n%s", want, table)
		}
	}
}

func bindingsOfLinks(p *pkg) string {
	fields, decls := links("table_set", p)
	return fields + decls
}

func TestOwnLayerErrors(t *testing.T) {
	for want, src := range map[string]string{
		"(*core)(nil)": "type core struct{}\ntype Set[T any] struct{ c *core }\nfunc Plain() {}\n",
		"count":        "var count int\nfunc F[T any]() { count++ }\nfunc Plain() {}\n",
		"Set":          "type Set[T any] struct{ v T }\nfunc Plain() *Set[int] { return nil }\n",
	} {
		if _, _, err := layerOf(t, "package set\n\n"+src, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
}
