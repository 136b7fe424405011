package cell

import (
	"go/token"
	"slices"
	"strings"
	"testing"
)

func TestSplitKinds(t *testing.T) {
	names := map[Kind]string{Package: "package", Import: "import", Const: "const", Type: "type", Func: "func", Var: "var", Statement: "stmt"}
	tests := []struct{ src, want string }{
		{"", ""},
		{"x := 1", "stmt"},
		{"x := 1; y := 2", "stmt stmt"},
		{"import \"fmt\"\nfmt.Println(1)", "import stmt"},
		{"package main\nfunc main() {}", "package func"},
		{"func f() int { return 1 }\nf()", "func stmt"},
		{"func (t *T) m(a int) {}", "func"},
		{"func (t T) String() string { return \"\" }", "func"},
		{"func f[T any](x T) {}", "func"},
		{"func() { println(1) }()", "stmt"},
		{"func(a int) int { return a }(3)", "stmt"},
		{"func(a int) []int { return nil }(3)", "stmt"},
		{"type T struct {\n\ta int\n}\nvar t T", "type var"},
		{"const (\n\ta = iota\n\tb\n)", "const"},
		{"for i := 0; i < 3; i++ {\n\tprintln(i)\n}", "stmt"},
		{"if x {\n} else {\n}\ny++", "stmt stmt"},
		{"if v, ok := m[1]; ok {\n} else if w := 2; w > 1 {\n}; y++", "stmt stmt"},
		{"switch v := f(); v {\ncase 1:\n}", "stmt"},
		{"for {\n}\nx; y", "stmt stmt stmt"},
		{"// only a comment", ""},
		{"`raw\nstring`\nx", "stmt stmt"},
		{"f(\n\t1,\n\t2,\n)", "stmt"},
	}
	for _, tt := range tests {
		var got []string
		for _, item := range Split(tt.src).Items {
			got = append(got, names[item.Kind])
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("Split(%q) = %q, want %q", tt.src, s, tt.want)
		}
	}
}

func TestQuiet(t *testing.T) {
	for src, want := range map[string]bool{"x": false, "x;": true, "x; ": true, "x; y": false, "x;\n// why": true, "x;\ny": false} {
		if got := Split(src).Quiet; got != want {
			t.Errorf("Split(%q).Quiet = %v, want %v", src, got, want)
		}
	}
}

func TestIsComplete(t *testing.T) {
	tests := []struct {
		src    string
		want   Status
		indent string
	}{
		{"x := 1", Complete, ""},
		{"", Complete, ""},
		{"func f() {", Incomplete, "\t"},
		{"func f() {\n\tif x {", Incomplete, "\t\t"},
		{"fmt.Println(1,", Incomplete, "\t"},
		{"x := `abc", Incomplete, ""},
		{"/* abc", Incomplete, ""},
		{"x :=", Incomplete, ""},
		{"a +", Incomplete, ""},
		{"func f() {\n\tfmt.Println(func() {", Incomplete, "\t\t"},
		{"f(func() {", Incomplete, "\t"},
		{"func f() {\n\tx := `abc", Incomplete, ""},
		{"func f() {\n\t// abc", Incomplete, "\t"},
		{"switch x {\ncase 1:", Incomplete, "\t"},
		{"type T struct {", Incomplete, "\t"},
		{"const (", Incomplete, "\t"},
		{"f(a,\n\tb,\n)", Complete, ""},
		{"strings.", Incomplete, ""},
		{"f(a) ||", Incomplete, ""},
		{"x, y", Invalid, ""},
		{"outer:", Incomplete, ""},
		{"for", Incomplete, ""},
		{"if x {\n} else", Incomplete, ""},
		{"if x {\n}", Complete, ""},
		{"if x", Invalid, ""},
		{"func f()", Invalid, ""},
		{"func f", Invalid, ""},
		{"type T", Invalid, ""},
		{"x := \"abc", Invalid, ""},
		{"f(\"abc", Invalid, ""},
		{"a, b,", Incomplete, ""},
		{"x := 1 2\na,", Invalid, ""},
		{"f(a]", Invalid, ""},
		{"func f() {\n\tg(]", Invalid, ""},
		{"x := 1 2\nfunc f() {", Invalid, ""},
		{"// only a comment", Complete, ""},
		{"x := 1\n\n", Complete, ""},
		{"package main\nfunc main() {\n}", Complete, ""},
		{"func f() }", Invalid, ""},
		{"}", Invalid, ""},
		{"x := 1 2", Invalid, ""},
		{"for {}", Complete, ""},
	}
	for _, tt := range tests {
		if got, indent := IsComplete(tt.src); got != tt.want || indent != tt.indent {
			t.Errorf("IsComplete(%q) = %s %q, want %s %q", tt.src, got, indent, tt.want, tt.indent)
		}
	}
}

// TestPositions checks that a place found in the text given to the parser is the
// place in the cell as typed, wherever the layout has moved it.
func TestPositions(t *testing.T) {
	const src = "uno := 1\nfunc dos() {}\nimport \"fmt\"\n\ttres := 3 // añadido\ntype cuatro int; cinco := 5"
	fset := token.NewFileSet()
	c, err := Parse(fset, "In [1]", src)
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]Position{"uno": {1, 1}, "dos": {2, 6}, `"fmt"`: {3, 8}, "tres": {4, 2}, "cuatro": {5, 6}, "cinco": {5, 18}} {
		offset := strings.Index(c.Text, word)
		if got := c.Position(fset.File(c.File.Pos()).Pos(offset)); got != want {
			t.Errorf("%s is at %v, want %v", word, got, want)
		}
	}
}

// FuzzSplit checks that any text is cut into items that lie within it, in order
// and without overlap, and that asking whether it is complete never panics.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"x := 1; f()", "func (a) (", "`", "}{", "if x {\n}\r\n", "\x00\xff", "/*", "'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		at := 0
		for _, item := range Split(src).Items {
			if item.Start < at || item.End <= item.Start || item.End > len(src) {
				t.Fatalf("item %d–%d of %q after %d", item.Start, item.End, src, at)
			}
			at = item.End
		}
		IsComplete(src)
	})
}

func TestProgram(t *testing.T) {
	parse := func(src string) (*Cell, error) { return Parse(token.NewFileSet(), "In [1]", src) }
	c, err := parse("package main\n\nvar a = 1\n\nfunc main() {}\n\ntype T int\n\nvar b = 2\n\nimport \"fmt\"\n\nconst k = 3\n")
	if err != nil || !c.Program {
		t.Fatalf("a whole program is none: %v", err)
	}
	var lines []int
	for _, decl := range c.ProgramDecls() {
		lines = append(lines, c.Position(decl.Pos()).Line)
	}
	if want := []int{3, 5, 7, 9, 11, 13}; !slices.Equal(lines, want) {
		t.Errorf("the declarations are those of the lines %v, not %v", lines, want)
	}
	for src, want := range map[string]string{
		"package main\nfunc main() {}\n\nmain()": "4:1: syntax error: non-declaration statement outside function body",
		"package main\nfunc main() {}\nx := 1":   "3:1: syntax error: non-declaration statement outside function body",
	} {
		if _, err := parse(src); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", src, err, want)
		}
	}
	for _, src := range []string{"func main() {}\nmain()", "package main\nimport \"fmt\"\nfmt.Println(1)"} {
		if c, err := parse(src); err != nil || c.Program {
			t.Errorf("%q is a whole program: %v", src, err)
		}
	}
}
