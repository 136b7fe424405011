package history_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"cuaderno/kernel/history"
)

// A fixture opens histories of one file.
type fixture struct {
	t    *testing.T
	path string
	log  bytes.Buffer
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return &fixture{t: t, path: filepath.Join(t.TempDir(), "new", "history.db")}
}

func (f *fixture) open() *history.History {
	f.t.Helper()
	h := history.Open(f.path, slog.New(slog.NewTextHandler(&f.log, nil)))
	f.t.Cleanup(h.Close)
	return h
}

// session is a kernel that runs some cells and ends.
func (f *fixture) session(inputs ...string) {
	f.t.Helper()
	h := f.open()
	for i, input := range inputs {
		h.Add(i+1, input)
	}
	h.Close()
}

// text is cells as "session.line input" or "session.line input→output".
func text(cells []history.Cell) string {
	var lines []string
	for _, c := range cells {
		line := fmt.Sprintf("%d.%d %s", c.Session, c.Line, c.Input)
		if c.Output != nil {
			line += "→" + *c.Output
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " | ")
}

func wants(t *testing.T, got []history.Cell, want string) {
	t.Helper()
	if text(got) != want {
		t.Errorf("got  %s\nwant %s", text(got), want)
	}
}

func TestHistoryIsKeptOverRestarts(t *testing.T) {
	f := newFixture(t)
	f.session("a", "b")
	f.session("c")
	h := f.open()
	h.Add(1, "1+1")
	h.Output(1, "2")
	h.Add(2, "e")
	wants(t, h.Tail(4), "1.2 b | 2.1 c | 3.1 1+1→2 | 3.2 e")
	wants(t, h.Tail(0), "")
	wants(t, h.Range(0, 0, 0), "3.1 1+1→2 | 3.2 e")
	wants(t, h.Range(0, 2, 3), "3.2 e")
	wants(t, h.Range(-1, 1, 0), "2.1 c")
	wants(t, h.Range(1, 1, 2), "1.1 a")
	wants(t, h.Range(-7, 0, 0), "")
	wants(t, h.Range(9, 0, 0), "")
	if f.log.Len() > 0 {
		t.Errorf("the log has: %s", &f.log)
	}
}

func TestAnOutputMayComeAfterItsCellWasSaved(t *testing.T) {
	f := newFixture(t)
	h := f.open()
	h.Add(1, "x")
	wants(t, h.Tail(1), "1.1 x")
	h.Output(1, "7")
	h.Close()
	wants(t, f.open().Tail(1), "1.1 x→7")
}

func TestSearch(t *testing.T) {
	f := newFixture(t)
	f.session("x := 1", "fmt.Println(x)", "año")
	f.session("x := 1", "x := [2]", "x := 1")
	h := f.open()
	for _, test := range []struct {
		pattern string
		n       int
		unique  bool
		want    string
	}{
		{"x*", 9, false, "1.1 x := 1 | 2.1 x := 1 | 2.2 x := [2] | 2.3 x := 1"},
		{"x*", 2, false, "2.2 x := [2] | 2.3 x := 1"},
		{"x*", 9, true, "2.2 x := [2] | 2.3 x := 1"},
		{"*Print*", 9, false, "1.2 fmt.Println(x)"},
		{"a?o", 9, false, "1.3 año"},
		{"x := [2]", 9, false, "2.2 x := [2]"},
		{"x", 9, false, ""},
		{"*", 1, false, "2.3 x := 1"},
		{"*zz*", 9, false, ""},
	} {
		if got := text(h.Search(test.pattern, test.n, test.unique)); got != test.want {
			t.Errorf("%+v gave %s", test, got)
		}
	}
}

func TestKernelsShareTheFile(t *testing.T) {
	f := newFixture(t)
	one, two := f.open(), f.open()
	one.Add(1, "one")
	wants(t, one.Tail(9), "1.1 one")
	two.Add(1, "two")
	wants(t, two.Tail(9), "1.1 one | 2.1 two")
	one.Add(2, "more")
	wants(t, one.Range(0, 2, 0), "1.2 more")
	wants(t, two.Tail(9), "1.1 one | 1.2 more | 2.1 two")
	one.Close()
	wants(t, two.Range(-1, 0, 0), "1.1 one | 1.2 more")
}

func TestLongTextsAreCut(t *testing.T) {
	f := newFixture(t)
	f.session(strings.Repeat("ñ", 1<<20))
	cells := f.open().Tail(1)
	if n := len(cells[0].Input); n > 70<<10 || !strings.HasSuffix(cells[0].Input, "ñ…") {
		t.Errorf("kept %d bytes", n)
	}
}

// Whatever is wrong with the file, the own session has its history, and the log
// one warning.
func TestHistoryWithoutAFile(t *testing.T) {
	prepare := map[string]func(*fixture){
		"a directory":   func(f *fixture) { mkdir(f.t, f.path) },
		"no directory":  func(f *fixture) { write(f.t, filepath.Dir(f.path), "a file") },
		"somebody's":    func(f *fixture) { write(f.t, f.path, strings.Repeat("SQLite format 3", 9999)) },
		"cut off":       func(f *fixture) { f.session("a"); truncate(f.t, f.path) },
		"of zero bytes": func(f *fixture) { write(f.t, f.path, strings.Repeat("\x00", 1<<16)) },
	}
	for name, prepare := range prepare {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			prepare(f)
			h := f.open()
			h.Add(1, "x")
			wants(t, h.Tail(5), "1.1 x")
			h.Add(2, "y")
			h.Output(2, "3")
			wants(t, h.Search("y", 5, true), "1.2 y→3")
			wants(t, h.Range(0, 0, 2), "1.1 x")
			h.Close()
			if n := strings.Count(f.log.String(), "level=WARN"); n != 1 {
				t.Errorf("%d warnings: %s", n, &f.log)
			}
		})
	}
}

func TestMemoryOnly(t *testing.T) {
	h := history.Open("", slog.New(slog.DiscardHandler))
	defer h.Close()
	for i := range 30_000 {
		h.Add(i+1, "x")
	}
	if n := len(h.Tail(1 << 20)); n != 10_000 {
		t.Errorf("%d cells are kept", n)
	}
	wants(t, h.Tail(1), "1.30000 x")
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string) {
	t.Helper()
	if err := os.Truncate(path, 10<<10); err != nil {
		t.Fatal(err)
	}
}

// Whoever ends a kernel has no patience with another one that has the file.
func TestTheEndWaitsLittleForTheFile(t *testing.T) {
	f := newFixture(t)
	f.session("a")
	other, err := bbolt.Open(f.path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	synctest.Test(t, func(t *testing.T) {
		h := history.Open(f.path, slog.New(slog.DiscardHandler))
		h.Add(1, "b")
		synctest.Wait() // for the writer, which waits for more
		begun := time.Now()
		h.Close()
		if took := time.Since(begun); took >= time.Second {
			t.Errorf("the end took %v of the bubble's time", took)
		}
	})
}
