package interp_test

import "testing"

// TestRestoreOfWhatChanged changes variables in ways that the cell which does so does
// not show.
func TestRestoreOfWhatChanged(t *testing.T) {
	for _, test := range []struct{ name, declares, changes, shows, want string }{
		{"slices that overlap", "a := make([]int, 10)\nb := a[2:5]", "b[0] = 7", "fmt.Println(a[2])", "7"},
		{"a pointer to a variable", "x := 1\np := &x", "*p = 2", "*p += 1\nfmt.Println(x)", "3"},
		{"a pointer to a field", "type T struct { A, B int }\nt := &T{}\np := &t.B", "*p = 2", "fmt.Println(t.B)", "2"},
		{"a function", "x := 1\nfunc f() { x++ }", "f()", "fmt.Println(x)", "2"},
		{"a function in a variable", "x := 1\nfunc f() { x++ }\ng := f", "g()", "g()\nfmt.Println(x)", "3"},
		{"a literal in a map", "x := 1\nm := map[string]func(){\"a\": func() { x++ }}", "m[\"a\"]()", "m[\"a\"]()\nfmt.Println(x)", "3"},
		{"a method of a value in an interface", "calls := 0\ntype S interface{ M() }\ntype T struct{}\nfunc (T) M() { calls++ }\nvar s S = T{}", "s.M()", "s.M()\nfmt.Println(calls)", "2"},
		{"a goroutine of another cell", "x, ch, done := 0, make(chan int), make(chan bool)\ngo func() { for i := range ch { x = i; done <- true } }()", "ch <- 5; <-done", "fmt.Println(x)", "5"},
		{"a timer", "x, done := 0, make(chan bool, 1)\ntime.AfterFunc(time.Millisecond, func() { x = 5; done <- true })", "<-done", "fmt.Println(x)", "5"},
		{"a package that keeps hold", "var buf bytes.Buffer\nl := log.New(&buf, \"\", 0)", "l.Print(\"hola\")", "fmt.Print(buf.String())", "hola"},
		{"flags", "fs := flag.NewFlagSet(\"x\", flag.ContinueOnError)\nn := fs.Int(\"n\", 1, \"\")", "fs.Parse([]string{\"-n\", \"3\"})", "fmt.Println(*n)", "3"},
		{"two that came to share", "a, b := []int{1}, []int{2}", "b = a; b[0] = 5", "b[0]++\nfmt.Println(a[0])", "6"},
		{"a list", "import \"container/list\"\nl := list.New()", "l.PushBack(4)", "fmt.Println(l.Len(), l.Front().Value)", "1 4"},
		{"a variable of another type", "x := 1\nfunc f() int { return x }", "x := \"uno\"", "fmt.Println(x, f())", "uno 1"},
		{"counters", "var n atomic.Int64\nimport \"sync/atomic\"\nvar once sync.Once", "n.Add(4); once.Do(func() { n.Add(1) })", "once.Do(func() { n.Add(10) })\nfmt.Println(n.Load())", "5"},
		{"an error", "var errMio = errors.New(\"mío\")\nerr := fmt.Errorf(\"envuelto: %w\", io.EOF)", "", "fmt.Println(errMio, err, errors.Is(err, io.EOF))", "mío envuelto: EOF true"},
		{"an import by another name", "import r \"math/rand/v2\"", "r.IntN(1)", "fmt.Println(r.IntN(1))", "0"},
		{"a local type", "func nuevo() any { type L struct{ A int }; return L{3} }", "v := nuevo()", "fmt.Printf(\"%+v\", v)", "{A:3}"},
		{"a method value", "type T struct{ N int }\nfunc (t *T) Sube() { t.N++ }\nt := &T{}\nf := t.Sube", "f()", "f()\nfmt.Println(t.N)", "2"},
		{"methods of a later cell", "type T struct{ N int }\nt := T{4}", "func (t T) Doble() int { return 2 * t.N }", "fmt.Println(t.Doble())", "8"},
		{"a method in place of another", "type T struct{ N int }\nfunc (t T) F() int { return 1 }\nt := T{4}", "func (t T) F() int { return t.N }", "fmt.Println(t.F())", "4"},
		{"a function in place of another", "func f() int { return 1 }\nfunc g() int { return f() }", "func f() int { return 2 }", "fmt.Println(g())", "2"},
		{"a whole program", "package main\nvar total int\nfunc suma(n int) { total += n }\nfunc main() { suma(3) }", "suma(4)", "fmt.Println(total)", "7"},
		{"a type that marshals itself", "type T struct{ n int }\nfunc (t T) MarshalText() ([]byte, error) { panic(\"called\") }\nfunc (t *T) UnmarshalText([]byte) error { panic(\"called\") }\nx := T{3}", "x.n++", "fmt.Println(x.n)", "4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := newNotebook(t)
			n.run(test.declares)
			n.run(test.changes)
			n.crash()
			n.run("%restore")
			n.wants(test.shows, test.want)
		})
	}
}
