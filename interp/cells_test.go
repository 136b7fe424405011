package interp_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/*.txtar")

// TestCells runs the notebooks in testdata. Each is a txtar archive whose file
// "cell" is evaluated, and whose following files stdout, stderr, result, display
// and error are what the cell must have given; what is absent must be empty.
// An error is compared without its colours.
func TestCells(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no notebooks in testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runNotebook(t, newSession(t), file) })
	}
}

func runNotebook(t *testing.T, session lang.Session, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got txtar.Archive
	got.Comment = archive.Comment
	count := 0
	for _, f := range archive.Files {
		if f.Name != "cell" {
			continue
		}
		count++
		out := &recorder{}
		outcome := session.Execute(context.Background(), lang.Cell{Count: count, Code: strings.TrimSuffix(string(f.Data), "\n")}, out)
		got.Files = append(got.Files, f)
		add := func(name, text string) {
			if text != "" {
				if !strings.HasSuffix(text, "\n") {
					text += "\n"
				}
				got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
		add("stdout", pids.ReplaceAllString(out.text(false), "pid N"))
		add("stderr", pids.ReplaceAllString(plain(out.text(true)), "pid N"))
		add("display", strings.Join(out.displays, "\n"))
		if outcome.Result != nil {
			add("result", fmt.Sprint(outcome.Result.Data[display.MIMEPlain]))
		}
		if outcome.Err != nil {
			add("error", outcome.Err.Name+": "+outcome.Err.Value+"\n"+plain(strings.Join(outcome.Err.Traceback, "\n")))
		}
	}
	text := txtar.Format(&got)
	if *update {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := txtar.Format(archive); !bytes.Equal(text, want) {
		t.Errorf("%s (run with -update to accept):\n%s", file, diff(string(want), string(text)))
	}
}

// diff shows the first lines in which two texts differ.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			from := max(0, i-4)
			return fmt.Sprintf("line %d\nwant:\n%s\ngot:\n%s", i+1, strings.Join(w[from:min(len(w), i+8)], "\n"), strings.Join(g[from:min(len(g), i+8)], "\n"))
		}
	}
	return "no difference"
}

var pids = regexp.MustCompile(`pid \d+`)

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

func plain(s string) string { return ansi.ReplaceAllString(s, "") }

// A recorder keeps what a cell says.
type recorder struct {
	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	displays       []string
	lines          []string // answers to ReadLine
}

func (r *recorder) text(stderr bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if stderr {
		return r.stderr.String()
	}
	return r.stdout.String()
}

func (r *recorder) Stdout(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stdout.Write(p)
}

func (r *recorder) Stderr(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stderr.Write(p)
}

func (r *recorder) Display(b display.Bundle, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.displays = append(r.displays, fmt.Sprint(b.Data))
}

func (r *recorder) UpdateDisplay(b display.Bundle, id string) { r.Display(b, id) }
func (r *recorder) ClearOutput(bool)                          {}
func (r *recorder) Comm(lang.CommMessage)                     {}

func (r *recorder) ReadLine(context.Context, string, bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return "", lang.ErrNoInput
	}
	line := r.lines[0]
	r.lines = r.lines[1:]
	return line, nil
}
