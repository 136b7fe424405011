package compiled

import (
	"fmt"
	"go/types"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"cuaderno/interp/check"
	"cuaderno/interp/stdlib"
)

// A buildSession checks and builds cells one after another.
type buildSession struct {
	t       testing.TB
	checker *check.Session
	builder *builder
	markers map[*types.Func]marker
	count   int
}

func newBuildSession(t testing.TB) *buildSession {
	t.Helper()
	importer, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	checker, err := check.New(importer, map[string]string{"mp": "cuaderno/mpruntime", "display": "cuaderno/interp/display"})
	if err != nil {
		t.Fatal(err)
	}
	b := newBuilder(importer, checker.Fset)
	b.prog = ssa.NewProgram(checker.Fset, builderMode|ssa.SanityCheckFunctions)
	return &buildSession{t: t, checker: checker, builder: b, markers: map[*types.Func]marker{}}
}

func (s *buildSession) cell(src string) built {
	s.t.Helper()
	s.count++
	u, err := s.checker.Check(s.count, src)
	if err != nil {
		s.t.Fatalf("checking %q: %v", src, err)
	}
	out, err := s.builder.build(u)
	if err != nil {
		s.t.Fatalf("building %q: %v", src, err)
	}
	u.Commit()
	return out
}

func TestBuildNotebooks(t *testing.T) {
	for _, cells := range [][]string{
		{"1", "x := 1", "x", "x == 2", "nil", "x << 3", "1 << x", "(x == 1) && !(x > 2)", "\"a\"", "'a'", "1.5", "2i", "x, y := 3, \"s\"", "y"},
		{"import \"strconv\"\nn, err := strconv.Atoi(\"1\")", "strconv.Atoi(\"2\")", "var a, b = strconv.Atoi(\"3\")", "err"},
		{"var s []int\nvar t struct{ a, b int }\nvar (\n u, v float64\n w any = u\n _ = 3\n _ int\n)", "s = append(s, 1)\nt.a++\nf := func() { s[0] = t.b }\nf()", "w"},
		{"func f(n int) int { if n < 2 { return n }; return f(n-1) + f(n-2) }", "f(10)", "func f(n int) int { return n }", "f(3)"},
		{"type P struct{ x, y int }\nfunc (p *P) Add(o P) { p.x += o.x }\nfunc (P) String() string { return \"\" }", "p := P{1, 2}\np.Add(P{3, 4})\np", "q := &p\nq.Add(*q)", "func (p P) Extra(int) int { return p.y }", "p.Extra(1)", "f := P.Extra\ng := (*P).Add\nh := p.Extra\nf(p, h(2))\ng(q, p)"},
		{"func Map[T, U any](s []T, f func(T) U) []U { var out []U; for _, x := range s { out = append(out, f(x)) }; return out }", "Map([]int{1}, func(i int) string { return fmt.Sprint(i) })", "func Twice[T any](s []T) []T { return Map(s, func(x T) T { return x }) }", "Twice([]string{})"},
		{"type L[T any] struct { v T; next *L[T] }\nfunc (l *L[T]) Push(v T) *L[T] { return &L[T]{v, l} }\nfunc (l *L[T]) Len() int { n := 0; for ; l != nil; l = l.next { n++ }; return n }", "var l *L[int]\nl = l.Push(1)", "l.Len()", "func Sum(l *L[int]) int { return l.v + l.Len() }", "Sum(l)"},
		{"outer:\nfor i := range 3 { for { if i > 1 { break outer }; continue outer } }", "L: z := 1\nif z < 3 { goto L }", "switch v := any(1).(type) { case int: v++; default: _ = v }", "defer fmt.Println(1)", "go func() {}()", "c := make(chan int, 1)\nselect { case c <- 1: default: }\nselect { case v, ok := <-c: _, _ = v, ok }", "for x := range func(yield func(int) bool) { defer println(1); yield(1) } { x++ }", "v, ok := <-c"},
		{"const k = 10\nconst ( a = iota; b )", "k + b", "func g() int { return k + n }\nn := 5", "g()", "{ type T struct{}; const c = 1; var t T; _ = t }"},
		{"p := mp.NewProcess(func() { println(1) })\np.Start()\np.Join()", "func g() { p.Start(); func() { p.Terminate() }() }"},
		{"x := 1", "func G[T any](T) int { return x }", "x := \"a\"", "G(1)\nx", "func G[T any](T) string { return x }", "G(1) + x"},
		{"len := 3", "len", "new := len\nvar nil int\nvar any = nil + new\nany", "type int struct { v string }", "var v int\nv", "func string(x int) int { return x }\nstring(v)"},
		{"import \"unsafe\"", "p := 1\nq := unsafe.Pointer(&p)\n*(*int)(q) + int(unsafe.Sizeof(p))", "unsafe.Slice((*byte)(q), 8)"},
		{"type I interface { M() }\ntype A struct{}\nfunc (A) M() {}\ntype B struct { *A; I }\ntype C struct { B }", "var i I = A{}\nf := I.M\nf(i)\ng := i.M\ng()", "type D struct { A }\nvar d D\ni = d\ni = &d\nd.M()\nh := D.M\nk := (*D).M\nh(d)\nk(&d)", "func (D) M() {}\nd.M()\ni = d"},
		{"type Tree[K cmp.Ordered, V any] struct { l, r *Tree[K, V]; k K; v V }\nfunc (t *Tree[K, V]) Walk(yield func(K, V) bool) { if t != nil { t.l.Walk(yield); yield(t.k, t.v); t.r.Walk(yield) } }\nfunc (t *Tree[K, V]) All() iter.Seq2[K, V] { return func(yield func(K, V) bool) { t.Walk(yield) } }", "var t *Tree[string, []int]\nfor k, v := range t.All() { fmt.Println(k, v) }", "type Pair[A, B any] struct { a A; b B }\nfunc Zip[A, B any](a []A, b []B) (p []Pair[A, B]) { type local struct { a A }; for i := range a { x := local{a[i]}; p = append(p, Pair[A, B]{x.a, b[i]}) }; return }", "z := Zip([]int{1}, []string{\"a\"})\nz[0].b", "slices.SortFunc(z, func(a, b Pair[int, string]) int { return cmp.Compare(a.a, b.a) })"},
		{"package main\nimport \"fmt\"\ntype L[T any] []T\nfunc (l L[T]) Len() int { return n + len(l) }\nvar n = 1\nvar x, _ = 1, 2\nfunc main() { fmt.Println(L[int]{}.Len(), x) }", "L[string]{}.Len() + x", "main()", "n = 5", "package main\nfunc main() { main() }", "fmt.Println(n)"},
		{"type N int\nconst (\n A N = iota\n B\n)\nfunc (n N) String() string { return [...]string{\"A\", \"B\"}[n] }", "B", "switch n := B; n { case A: default: fmt.Println(n) }", "x, y := 1, 2\nx, y = y, x", "var arr [3]struct { a []int }\narr[1].a = append(arr[1].a, x)\nfor i, a := range arr { _, _ = i, a }", "m := map[string]func(int) N{\"a\": func(i int) N { return N(i + x) }}\nm[\"a\"](2)", "v, ok := m[\"b\"]", "e, ok2 := any(v).(error)", "goto end\nend:\nfmt.Println(ok, ok2, e)"},
		{"var e error", "e", "func f() (int, error) { return 1, e }", "f()", "var i, j = f()"},
	} {
		s := newBuildSession(t)
		for _, cell := range cells {
			s.cell(cell)
		}
	}
}

// calleesOf returns the functions that fn calls by name, literals in it included.
func calleesOf(fn *ssa.Function) (callees []*ssa.Function) {
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if callee := call.Common().StaticCallee(); callee != nil {
					callees = append(callees, callee)
				}
			}
		}
	}
	for _, lit := range fn.AnonFuncs {
		callees = append(callees, calleesOf(lit)...)
	}
	return callees
}

// assignedBy returns the session variables that fn assigns to, in order, literals in
// it included.
func assignedBy(fn *ssa.Function) (vars []types.Object) {
	for _, block := range fn.Blocks {
		for _, instr := range block.Instrs {
			if store, ok := instr.(*ssa.Store); ok {
				if g, ok := store.Addr.(*ssa.Global); ok {
					vars = append(vars, g.Object())
				}
			}
		}
	}
	for _, lit := range fn.AnonFuncs {
		vars = append(vars, assignedBy(lit)...)
	}
	return vars
}

func TestStatementsAssignSessionVariables(t *testing.T) {
	s := newBuildSession(t)
	out := s.cell("x, _ := 1, 2\nvar y string\nvar (\n\tz, _ = 1.5, 2\n)\nL: w := 1\nif w < 1 { goto L }\nf := func() { x++ }\nf()\nfor i := range 3 { w += i }")
	x, w := s.checker.Lookup("x"), s.checker.Lookup("w")
	want := []types.Object{x, s.checker.Lookup("y"), s.checker.Lookup("z"), w, s.checker.Lookup("f"), w, x}
	got := assignedBy(out.statements)
	slices.SortFunc(got, func(a, b types.Object) int { return int(a.Pos() - b.Pos()) })
	slices.SortFunc(want, func(a, b types.Object) int { return int(a.Pos() - b.Pos()) })
	if !slices.Equal(got, want) {
		t.Errorf("assigned are %v, not %v", got, want)
	}
	if len(out.vars) != 5 {
		t.Errorf("the new variables are %v", out.vars)
	}
	out = s.cell("x := 5\nfunc g() int { x = 6; return x }")
	if got := assignedBy(out.statements); len(out.vars) != 0 || !slices.Equal(got, []types.Object{x}) {
		t.Errorf("the second cell has new variables %v and assigns %v", out.vars, got)
	}
	if got := assignedBy(out.bodies[s.checker.Lookup("g").(*types.Func)]); !slices.Equal(got, []types.Object{x}) {
		t.Errorf("the function assigns %v", got)
	}
}

func TestMarkers(t *testing.T) {
	s := newBuildSession(t)
	s.cell("import \"strconv\"\nn := uint8(3)\np := mp.NewProcess(func() {})")
	for cell, want := range map[string][]string{
		"1 << 3":                            {"resultʹ(int)"},
		"1 << n":                            {"resultʹ(int)"},
		"n == 3 && !(n < 2)":                {"resultʹ(bool)"},
		"'a'":                               {"resultʹ(rune)"},
		"nil":                               {"resultʹ(any)"},
		"strconv.Atoi(\"1\")":               {"resultʹ(int, error)"},
		"1;":                                nil,
		"p.Start()":                         {"resultʹ(error)"},
		"p.Start()\np.Join()\n":             {"ignoredʹ(error)", "resultʹ(error)"},
		"_ = p.Start(); n":                  {"resultʹ(uint8)"},
		"func() { for { p.Start() } }(); n": {"ignoredʹ(error)", "resultʹ(uint8)"},
		"func once[T any](T) { p.Start() }\nonce(1)": {"ignoredʹ(error)"},
	} {
		checkMarkers(t, s, cell, want)
	}
	checkMarkers(t, s, "once(\"\")", []string{"ignoredʹ(error)"})
}

func checkMarkers(t *testing.T, s *buildSession, cell string, want []string) {
	t.Helper()
	out := s.cell(cell)
	maps.Copy(s.markers, out.markers)
	var got []string
	callees := calleesOf(out.statements)
	for _, fn := range callees {
		callees = append(callees, calleesOf(fn)...)
	}
	for _, fn := range callees {
		if obj, ok := fn.Object().(*types.Func); ok && s.markers[obj] != 0 {
			signature := types.TypeString(fn.Signature, nil)
			got = append(got, fn.Name()+strings.TrimPrefix(signature, "func"))
		}
	}
	slices.Sort(got)
	got = slices.Compact(got) // a literal that is called on the spot is found twice
	if !slices.Equal(got, want) {
		t.Errorf("%s calls the markers %q, not %q", cell, got, want)
	}
}

func TestBuildProgram(t *testing.T) {
	s := newBuildSession(t)
	out := s.cell("package main\nimport . \"fmt\"\nvar a = b + 1\nvar b = f()\nvar _ = f()\ntype T[E any] struct { v E }\nfunc (t T[E]) Get() E { return t.v }\nfunc init() { Println() }\nfunc f() int { return 1 }\nfunc init() {}\nfunc main() { T[int]{}.Get() }")
	names := func(list []types.Object) (names []string) {
		for _, obj := range list {
			names = append(names, obj.Name())
		}
		return names
	}
	if got := names(assignedBy(out.initialize)); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("initialised are %v", got)
	}
	var callees []string
	for _, fn := range calleesOf(out.initialize) {
		callees = append(callees, fn.Name())
	}
	if !slices.Equal(callees, []string{"f", "f", "init#1", "init#2"}) {
		t.Errorf("the initialisation calls %v", callees)
	}
	if out.statements != nil || len(calleesOf(out.main)) != 1 || calleesOf(out.main)[0].Blocks == nil {
		t.Errorf("statements are %v, main calls %v", out.statements, calleesOf(out.main))
	}
	// What the program declared is there for the next cells.
	out = s.cell("T[string]{}.Get()\nfunc f() int { return a + b }")
	if callee := calleesOf(out.statements)[0]; callee.Name() != "Get" || callee.Blocks == nil {
		t.Errorf("called is %v", callee)
	}
}

// TestMethodOfEarlierCell asks for methods as a runtime type does, when a value
// reaches an interface, after other cells have been built.
func TestMethodOfEarlierCell(t *testing.T) {
	s := newBuildSession(t)
	s.cell("type L[T any] struct{ v T }\nfunc (l *L[T]) Get() T { return l.get() }\nfunc (l *L[T]) get() T { return l.v }\ntype W struct { *L[int]; P }\ntype P struct{}\nfunc (P) Name() string { return \"P\" }\nvar l L[string]\nvar w W")
	s.cell("1")
	method := func(name, m string) *ssa.Function {
		typ := types.NewPointer(s.checker.Lookup(name).Type())
		fn, err := s.builder.method(types.NewMethodSet(typ).Lookup(nil, m))
		if err != nil {
			t.Fatal(err)
		}
		return fn
	}
	if fn := method("l", "Get"); fn.Blocks == nil || calleesOf(fn)[0].Blocks == nil {
		t.Errorf("a method of a generic type has no body: %v", fn)
	}
	if fn := method("w", "Get"); fn.Blocks == nil || calleesOf(fn)[0].Blocks == nil {
		t.Errorf("a promoted method of a generic type has no body: %v", fn)
	}
	promoted := method("w", "Name")
	if calleesOf(promoted)[0].Object().Name() != "Name" {
		t.Errorf("the promoted method calls %v", calleesOf(promoted))
	}
	s.cell("func (W) Name() string { return \"W\" }") // takes its place
	if own := method("w", "Name"); calleesOf(own)[0].Object() != types.NewMethodSet(s.checker.Lookup("W").Type()).Lookup(nil, "Name").Obj() {
		t.Errorf("the method of the type calls %v", calleesOf(own))
	}
}

// TestBuiltCellsAreForgotten measures what a built cell that declares nothing
// leaves behind.
func TestBuiltCellsAreForgotten(t *testing.T) {
	s := newBuildSession(t)
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	cells := func(count int) {
		for i := range count {
			s.cell(fmt.Sprintf("x := %d\nfor i := range 3 { x += i }\nfmt.Println(x, slices.Max([]int{x}))", i))
		}
	}
	cells(100)
	before := heap()
	const count = 1000
	cells(count)
	if after := heap(); after > before+5000*count {
		t.Errorf("a cell leaves %d bytes behind", (after-before)/count)
	} else {
		t.Logf("a cell leaves %d bytes behind", (int64(after)-int64(before))/count)
	}
	runtime.KeepAlive(s)
}

// BenchmarkTrivialCell is the five-hundredth cell of a notebook with as many
// declarations, checked and built.
func BenchmarkTrivialCell(b *testing.B) {
	s := newBuildSession(b)
	s.builder.prog = ssa.NewProgram(s.checker.Fset, builderMode)
	for i := range 500 {
		s.cell(fmt.Sprintf("type T%d struct { a, b int }\nfunc (t T%d) M() int { return t.a }\nfunc f%d(n int) int { return n + 1 }\nv%d := T%d{1, 2}\nfmt.Println(f%d(v%d.M()))", i, i, i, i, i, i, i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.cell(fmt.Sprintf("f%d(%d)", i%500, i))
	}
}

// TestBuildStandardGenerics asks for the bodies of generic functions and methods
// of compiled packages.
func TestBuildStandardGenerics(t *testing.T) {
	s := newBuildSession(t)
	for cell, callee := range map[string]string{
		"slices.Sort([]int{2, 1})":                                          "Sort",
		"maps.Keys(map[string]int{})":                                       "Keys",
		"sync.OnceValue(func() int { return 1 })":                           "OnceValue",
		"var p atomic.Pointer[int]\np.Load()":                               "Load",
		"slices.SortFunc([]string{}, strings.Compare)":                      "SortFunc",
		"slices.Collect(maps.Values(map[string][]int{}))":                   "Collect",
		"type T struct{ s string }\nvar q atomic.Pointer[T]\nq.Store(&T{})": "Store",
	} {
		out := s.cell("import \"sync/atomic\"\n" + cell)
		found := false
		for _, block := range out.statements.Blocks {
			for _, instr := range block.Instrs {
				if call, ok := instr.(*ssa.Call); ok {
					fn := call.Call.StaticCallee()
					found = found || fn != nil && fn.Object().Name() == callee && len(fn.Blocks) > 0
				}
			}
		}
		if !found {
			t.Errorf("%s calls no %s with a body", cell, callee)
		}
	}
}
