package check_test

import (
	"fmt"
	"go/types"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/check"
	"cuaderno/interp/stdlib"
)

// A notebook checks cells one after another.
type notebook struct {
	testing.TB
	*check.Session
	count int
}

func newNotebook(t testing.TB) *notebook {
	t.Helper()
	importer, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	session, err := check.New(importer, map[string]string{"mp": "cuaderno/mpruntime", "display": "cuaderno/interp/display"})
	if err != nil {
		t.Fatal(err)
	}
	return &notebook{t, session, 0}
}

// run checks a cell that must be right and commits it.
func (n *notebook) run(src string) *check.Unit {
	n.Helper()
	n.count++
	u, err := n.Check(n.count, src)
	if err != nil {
		n.Fatalf("In [%d]: %s\n%v", n.count, src, err)
	}
	u.Commit()
	return u
}

// refuse checks a cell that must be wrong and returns what is wrong with it.
func (n *notebook) refuse(src string) string {
	n.Helper()
	n.count++
	u, err := n.Check(n.count, src)
	if err == nil {
		u.Rollback()
		n.Fatalf("In [%d] is accepted: %s", n.count, src)
	}
	return err.Error()
}

func TestNotes(t *testing.T) {
	for name, cells := range map[string][]string{
		"f changed its signature: g (In [2]) still calls the old one; run its cell again": {
			"func f() int { return 1 }", "func g() int { return f() }", "func f() string { return \"\" }",
		},
		"f changed its signature: g (In [2]) and h (In [3]) still call the old one; run their cells again": {
			"func f() int { return 1 }", "func g() int { return f() }", "func h() int { return f() }", "func f() string { return \"\" }",
		},
		"x changed its type: T.m (In [2]) still uses the old one; run its cell again": {
			"x := 1", "type T struct{}\nfunc (T) m() int { return x }", "x := \"a\"",
		},
		"f was declared again: g (In [2]) still calls the old one; run its cell again": {
			"func f[T any](T) int { return 1 }", "func g() int { return f(1) }", "func f[T any](T) int { return 2 }",
		},
		"method T.m changed its signature: g (In [2]) still calls the old one; run its cell again": {
			"type T struct{}\nfunc (T) m() int { return 1 }", "func g() int { return T{}.m() }", "func (T) m() string { return \"\" }",
		},
	} {
		n := newNotebook(t)
		var notes []string
		for _, cell := range cells {
			if len(notes) > 0 {
				t.Errorf("a note came too early: %q", notes)
			}
			notes = n.run(cell).Notes
		}
		if !slices.Equal(notes, []string{name}) {
			t.Errorf("the notes are %q, not %q", notes, name)
		}
	}
}

func TestNoNotes(t *testing.T) {
	cells := []string{
		"x := 1\nfunc f() int { return x }\nfunc id[T any](v T) T { f(); return v }",
		"type P struct{ a, b int }\nfunc (p P) Sum() int { return p.a + p.b + id(f()) }",
		"type L[T any] struct { v T; next *L[T] }\nfunc (l *L[T]) Push(v T) *L[T] { return &L[T]{v, l} }\nfunc (l *L[T]) Len() int { n := f(); for ; l != nil; l = l.next { n++ }; return n }",
		"func g() int { return f() + id(2) + P{1, 2}.Sum() + (&L[int]{}).Push(1).Len() }",
	}
	n := newNotebook(t)
	for range 3 { // running all again changes nothing
		for _, cell := range cells {
			if u := n.run(cell); len(u.Notes) > 0 || n.count > len(cells) && (len(u.Types) > 0 || len(u.Vars) > 0 || len(u.Grown) > 0) {
				t.Errorf("In [%d] has notes %q, types %v, variables %v, grown %v", n.count, u.Notes, u.Types, u.Vars, u.Grown)
			}
		}
	}
	// A function that is redefined in the same cell calls the new one.
	if u := n.run("func f() string { return \"\" }\nfunc g() string { return f() }"); slices.ContainsFunc(u.Notes, func(s string) bool { return strings.Contains(s, "g (") }) {
		t.Errorf("the notes name a function of the cell itself: %q", u.Notes)
	}
}

func TestGenericTypeChanges(t *testing.T) {
	n := newNotebook(t)
	decl := "type L[T any] struct{ v T }\nfunc (l L[T]) Get() T { return l.v }"
	n.run(decl)
	before := n.Lookup("L")
	n.run(decl)
	if n.Lookup("L") != before {
		t.Error("an unchanged generic type is a new one")
	}
	n.run(strings.Replace(decl, "return l.v", "x := l.v; return x", 1))
	if n.Lookup("L") == before {
		t.Error("a generic type with another method body is the same")
	}
	if msg := n.refuse("func (l L[T]) Set(v T) {}"); !strings.Contains(msg, "only in the cell that declares the type") {
		t.Error(msg)
	}
}

func TestGenericsUseVariablesOfTheirCell(t *testing.T) {
	n := newNotebook(t)
	u := n.run("func add[T any](v T) int { count++; return twice(count) }\nfunc twice[T any](v T) T { return v }\ncount := twice(1)\nadd(\"a\")\nadd(2)\nfunc g() int { return add(count) }")
	add := n.Lookup("add")
	for id, obj := range u.Info.Uses {
		if id.Name == "add" && obj != add {
			t.Errorf("a use of add is of %v, not of %v", obj, add)
		}
	}
	n.run("add(3)")
	if msg := n.refuse("n := 1\ntype L[T any] []T\nfunc (L[T]) Len() int { return n }"); msg != "3:32: undefined: n (a generic type's methods see variables of earlier cells only)" {
		t.Error(msg)
	}
	if msg := n.refuse("fmt.Println(late)\nlate := 1"); msg != "1:13: undefined: late (it is declared further down)" {
		t.Error(msg)
	}
}

func TestMethodsGrow(t *testing.T) {
	n := newNotebook(t)
	n.run("type T struct{ a int }\nfunc (t T) M() int { return t.a }\nx := T{1}")
	n.refuse("func (t T) M() string { return \"\" }\nfunc g() { undefined() }")
	n.run("var i int = x.M()") // what was refused changed nothing
	u := n.run("func (t T) N() int { return t.M() }")
	if len(u.Grown) != 1 || u.Grown[0] != n.Lookup("T") {
		t.Errorf("grown are %v", u.Grown)
	}
	n.run("x.N()")
	n.run("func (t *T) M() string { return \"\" }")
	n.run("var s string = x.M()")
	n.refuse("var s fmt.Stringer = x")
	n.run("func (t T) String() string { return \"\" }\nvar s fmt.Stringer = x")
}

func TestPrograms(t *testing.T) {
	n := newNotebook(t)
	n.run("x := 1\nfunc f() int { return 7 }\nfunc caller() int { return f() }")
	f := n.Lookup("f")
	u := n.run(`package main

import (
	. "fmt"
	str "strings"
	_ "os"
	"unsafe"
)

var a = b + f() // b comes first
var b = 2
var _ = unsafe.Sizeof(a)

type T struct{ next *T }

func init() { Println(str.ToUpper("x")) }
func init() {}
func _()    {}

func (t *T) Len() int { if t == nil { return 0 }; return 1 + t.next.Len() }
func Map[E any](s []E) []E { return s }
func f() int { return 8 }
func main() { Println(a, Map([]int{1}), (&T{}).Len()) }
`)
	if n.Lookup("f") != f {
		t.Error("a function of the same signature is a new one: its callers do not see the new body")
	}
	var order []string
	for _, init := range u.Info.InitOrder {
		order = append(order, init.Lhs[0].Name())
	}
	if !slices.Equal(order, []string{"b", "a", "_"}) || len(u.Inits) != 2 || u.Main == nil {
		t.Errorf("the variables are initialised in the order %v; %d init functions; main is %v", order, len(u.Inits), u.Main)
	}
	n.run("a + b + x + f() + str.Count(\"a\", \"a\") + (&T{}).Len()") // all of it is the session's now

	for src, want := range map[string]string{
		"package main\nimport \"os\"\nfunc main() {}":                   "2:8: \"os\" imported and not used",
		"package main\nfunc main() { x := 1 }":                          "2:15: declared and not used: x",
		"package main\nfunc main() { caller() }":                        "2:15: undefined: caller",
		"package main\nfunc main() { strings.Repeat(\"\", 1) }":         "2:15: undefined: strings (import \"strings\")",
		"package main\nvar a, b = b, a\nfunc main() {}":                 "2:5: initialization cycle or refers to itself",
		"package main\nfunc main() {}\nfunc main() {}":                  "3:6: main redeclared in this block",
		"package main\nfunc main() {}\nfmt.Println()":                   "3:1: syntax error: non-declaration statement outside function body",
		"package main\nfunc g()\nfunc main() {}":                        "2:6: missing function body",
		"package main\nimport \"example.com/x\"\nfunc main() { x.F() }": "2:8: package example.com/x is not in the standard library: cells can import only that",
	} {
		if msg := n.refuse(src); msg != want && !strings.Contains(msg, "cycle") {
			t.Errorf("%s\nsays %q, not %q", src, msg, want)
		}
	}
	n.run("a + b + x + f() + caller()") // the refused programs changed nothing
	n.run("package main\nfunc main() { _ = mp.NewProcess }")
}

// TestProgramAgain runs a program again and again, as one does who edits it.
func TestProgramAgain(t *testing.T) {
	n := newNotebook(t)
	program := "package main\nimport \"fmt\"\ntype T struct{ n int }\nvar t = T{1}\nfunc f() T { return t }\nfunc g() int { return t.n }\nfunc main() { fmt.Println(f(), g()) }"
	n.run(program)
	g := n.Lookup("g")
	n.run("func caller() int { return g() + t.n }")
	u := n.run(program)
	if n.Lookup("g") != g {
		t.Error("g is a new function")
	}
	if want := []string{"t changed its type: caller (In [2]) still uses the old one; run its cell again"}; !slices.Equal(u.Notes, want) {
		t.Errorf("the notes are %q, not %q", u.Notes, want)
	}
	n.run("main(); t = f(); t.n + g()")
}

func TestRollback(t *testing.T) {
	n := newNotebook(t)
	n.run("x := 1\ntype T struct{}\nfunc f() {}")
	meanings := func() (objects []types.Object) {
		for _, name := range []string{"x", "T", "f", "y", "main", "g", "L"} {
			objects = append(objects, n.Lookup(name))
		}
		return objects
	}
	before := meanings()
	for _, src := range []string{
		"x := \"a\"\ny := 2\ntype T int\nfunc f() int { return 1 }\nfunc g[P any](P) {}\ntype L[P any] []P",
		"package main\nvar x, y = \"a\", 2\ntype T int\nfunc f() int { return 1 }\nfunc g() {}\nfunc main() {}",
	} {
		u, err := n.Check(n.count, src)
		if err != nil {
			t.Fatal(err)
		}
		u.Rollback()
		if after := meanings(); !slices.Equal(after, before) {
			t.Errorf("%s\nrolled back leaves %v", src, after)
		}
		n.run("x++; f(); _ = T{}")
	}
}

// TestManyCells measures what cells leave behind in the session that declare
// nothing, or what was there before.
func TestManyCells(t *testing.T) {
	for name, cell := range map[string]string{
		"statements":     "x = f(%d)\nfor i := range 3 { x += i }\nfmt.Println(x)",
		"redeclarations": "type T struct { a [%d + 1]int; next *T }\nfunc (t *T) Len() int { return len(t.a) + f(t.next.a[0]) }\nfunc g(t T) int { return x + t.Len() }\nvar t T\nfunc h[E any](e E) int { return g(t) }\nfmt.Println(h(t))",
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotebook(t)
			n.run("x := 1\nfunc f(n int) int { return n }")
			cells := func(count int) {
				for i := range count {
					n.run(fmt.Sprintf(cell, i))
				}
			}
			cells(100)
			before := heap()
			const count = 2000
			cells(count)
			grown := (heap() - before) / count
			t.Logf("a cell leaves %d bytes behind", grown)
			if grown > 5000 {
				t.Errorf("a cell leaves %d bytes behind", grown)
			}
			runtime.KeepAlive(n)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
