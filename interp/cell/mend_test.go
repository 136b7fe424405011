package cell

import (
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMend(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"f(a|", "f(a|)"},
		{"f(g(a|\nx := 1", "f(g(a|))\nx := 1"},
		{"f(a, |", "f(a, |)"},
		{"f(a[0],\n|", "f(a[0],\n|)"},
		{"f([]int{a,\n|", "f([]int{a,\n|})"},
		{"f(a,|\nx := 1", "f(a,|)\nx := 1"},
		{"f(a,|\nif x {\n}", "f(a,|)\nif x {\n}"},
		{"if a|", "if a| {}"},
		{"if a|\nb()", "if a| {}\nb()"},
		{"for i := 0; i < a|", "for i := 0; i < a|; {}"},
		{"for i := 0; i < a; a|", "for i := 0; i < a; a| {}"},
		{"switch x {\ncase a|\n}", "switch x {\ncase a|:\n}"},
		{"switch x {\ncase a|", "switch x {\ncase a|:}"},
		{"defer a.b|", "defer a.b|()"},
		{"defer func() { a| }", "defer func() { a| }()"},
		{"go func() {\n\ta|\n}\nb()", "go func() {\n\ta|\n}()\nb()"},
		{"go func(x struct{}) {\n\tif a|", "go func(x struct{}) {\n\tif a| {}}()"},
		{"go func() {\n\ta := T{b: 1}\n\ta.|\n}", "go func() {\n\ta := T{b: 1}\n\ta.|\n}()"},
		{"func f() {\n\ta|\n\nfunc g() {}", "func f() {\n\ta|}\n\nfunc g() {}"},
		{"func f() {\n\ta|\n\nfunc (t T) g() {}", "func f() {\n\ta|}\n\nfunc (t T) g() {}"},
		{"f(func() { a| )", "f(func() { a|} )"},
		{"a|)\nb", "a| \nb"},
		{"x := \"a|\nb", "x := \"a|\"\nb"},
		{"x := `a|\nb", "x := `a|\nb`"},
		{"x := 1 /* a|", "x := 1 /* a|*/"},
		{"import (\n\t\"fmt\"\n|", "import (\n\t\"fmt\")\n|"},
		{"x := T{a: 1,|\ny", "x := T{a: 1,|\ny}"},
	} {
		before, after, _ := strings.Cut(tt.src, "|")
		got, at := Mend(before+after, len(before))
		if got := got[:at] + "|" + got[at:]; got != tt.want {
			t.Errorf("Mend(%q) = %q, want %q", tt.src, got, tt.want)
		}
	}
}

// TestMendLeavesGoodCode checks that what is not broken is not mended: Cuaderno's
// own sources stand for code in general.
func TestMendLeavesGoodCode(t *testing.T) {
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d sources found: %v", len(files), err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := Mend(string(src), 0); got != string(src) {
			for i := range got {
				if i >= len(src) || got[i] != src[i] {
					t.Errorf("%s is changed after\n%s", file, got[max(0, i-100):min(i+20, len(got))])
					break
				}
			}
		}
	}
}

// FuzzMend checks that any text keeps its lines and can be parsed somehow.
func FuzzMend(f *testing.F) {
	for _, seed := range []string{"f(a", "if x.\n}", "T{Na", "import \"enc", "switch x {\ncase a", "`", "}{)", "func f(\nfunc g() {", "go\x00", "for ;;"} {
		f.Add(seed, len(seed))
	}
	f.Fuzz(func(t *testing.T, src string, at int) {
		at = max(0, min(at, len(src)))
		mended, moved := Mend(src, at)
		if moved < at || moved > len(mended) || strings.Count(mended, "\n") != strings.Count(src, "\n") {
			t.Fatalf("Mend(%q, %d) = %q, %d", src, at, mended, moved)
		}
		if c := Sketch(token.NewFileSet(), "", mended); c.Body == nil {
			t.Fatalf("%q has no body", mended)
		}
	})
}
