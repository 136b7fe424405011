package assist_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cuaderno/interp/check"
)

// course returns the code cells of the course's notebook.
func course(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "notebooks", "multiprocessing.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []struct {
			Type   string          `json:"cell_type"`
			Source json.RawMessage `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var cells []string
	for _, c := range file.Cells {
		var lines []string
		var whole string
		if json.Unmarshal(c.Source, &lines) != nil {
			if err := json.Unmarshal(c.Source, &whole); err != nil {
				t.Fatal(err)
			}
		}
		if code := strings.Join(lines, "") + whole; c.Type == "code" && strings.TrimSpace(code) != "" {
			cells = append(cells, code)
		}
	}
	return cells
}

// state is what a session has declared, as text.
func state(s *check.Session) string {
	var b strings.Builder
	_ = s.Consult(context.Background(), "", 0, func(sketch *check.Sketch) {
		scope := sketch.Pkg.Scope()
		for _, name := range scope.Names() {
			obj := scope.Lookup(name)
			fmt.Fprintf(&b, "%s %p %p\n", obj, obj, obj.Parent())
		}
		names := []string{}
		for name, path := range sketch.Imports {
			names = append(names, name+" "+path)
		}
		slices.Sort(names)
		fmt.Fprintln(&b, names)
	})
	return b.String()
}

// TestCutCells asks at some of the places whose number is divisible by seven of each
// of the course's cells, of all that is there and of what is there up to it.
func TestCutCells(t *testing.T) {
	n := newNotebook(t)
	random := rand.New(rand.NewPCG(1, 2))
	questions := 0
	for _, code := range course(t) {
		before := state(n.session)
		for range 6 {
			cursor := 7 * random.IntN(utf8.RuneCountInString(code)/7+1)
			cut := string([]rune(code)[:cursor])
			for _, text := range []string{code, cut} {
				c, err := n.Complete(t.Context(), text, cursor)
				if err != nil || c.Start > c.End || c.End > utf8.RuneCountInString(text) {
					t.Fatalf("%q at %d: %d–%d, %v", text, cursor, c.Start, c.End, err)
				}
				if _, err := n.Inspect(t.Context(), text, cursor, 1); err != nil {
					t.Fatalf("%q at %d: %v", text, cursor, err)
				}
				questions += 2
			}
		}
		if after := state(n.session); after != before {
			t.Errorf("the questions about\n%s\nhave changed the session from\n%s\nto\n%s", code, before, after)
		}
		if unit, err := n.session.Check(len(n.cells)+1, code); err == nil {
			unit.Commit()
			n.cells = append(n.cells, code)
		}
	}
	if questions < 200 {
		t.Errorf("only %d questions were asked", questions)
	}
	t.Logf("%d questions about %d cells that compile", questions, len(n.cells))
}

// TestQuestionsWhileChecking asks while cells are checked and undone.
func TestQuestionsWhileChecking(t *testing.T) {
	n := newNotebook(t, declared...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			code := fmt.Sprintf("func (p Point) M%d() int { return %d }\ntype T%d struct{ Point }\nvar v T%d", i, i, i, i)
			unit, err := n.session.Check(100+i, code)
			if err != nil {
				t.Error(err)
				return
			}
			if i%2 == 0 {
				unit.Rollback()
			} else {
				unit.Commit()
			}
		}
	}()
	for asked := false; ; asked = true {
		if names := texts(n.complete("points[0].|")); !slices.Contains(names, "Norm") {
			t.Errorf("points[0] has only %s", names)
		}
		if _, err := n.Inspect(t.Context(), "var p Point", 7, 1); err != nil {
			t.Error(err)
		}
		select {
		case <-done:
			if asked {
				return
			}
		default:
		}
	}
}

// FuzzQuestions asks about any text, at any place.
func FuzzQuestions(f *testing.F) {
	for _, seed := range []string{"points[0].", "Point{X: 1, ", "fmt.Println(len(", "import \"enc", "%engine c", "func (p *Point) f() { p.", "if x := makePoint(1, 2); x.", "switch y := shape.(type) {\ncase ", "type T[K any] struct {\n\tPair[K, ", "for i := range po", "package main\nfunc main() { fmt."} {
		f.Add(seed, len(seed))
	}
	n := newNotebook(f, declared...)
	before := state(n.session)
	f.Fuzz(func(t *testing.T, code string, cursor int) {
		if _, err := n.Complete(t.Context(), code, cursor); err != nil {
			t.Fatalf("%q at %d: %v", code, cursor, err)
		}
		if _, err := n.Inspect(t.Context(), code, cursor, 1); err != nil {
			t.Fatalf("%q at %d: %v", code, cursor, err)
		}
		if after := state(n.session); after != before {
			t.Fatalf("%q at %d has changed the session", code, cursor)
		}
	})
}
