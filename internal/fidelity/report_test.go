package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestRule(t *testing.T) {
	for source, want := range map[string]bool{
		"// run\n\npackage main\n":                                              true,
		"// run\r\n\r\npackage main\r\n":                                        true,
		"// run -race\n\npackage main\n":                                        false,
		"// run arg\n\npackage main\n":                                          false,
		"// rundir\n\npackage main\n":                                           false,
		"//go:build linux\n\n// run\n\npackage main\n":                          false,
		"// run\n\n//go:build !nacl && !js && gc\n\npackage main\n":             true,
		"// run\n\n//go:build cgo\n\npackage main\n":                            true,
		"// run\n\n//go:build aix\n\npackage main\n":                            false,
		"// run\n\n//go:build go1.18\n\npackage main\n":                         true,
		"// run\n\npackage main\n\nconst text = `\n//go:build aix\n`\n":         true,
		"// run\n\n//go:build (linux || darwin) && !(386 || arm)\npackage main": true,
	} {
		if got := isProgram(source); got != want {
			t.Errorf("%q: %v, want %v", source, got, want)
		}
	}
}

func TestRuleLooksAtItsDirectoriesOnly(t *testing.T) {
	dir := t.TempDir()
	for _, name := range append([]string{"fixedbugs/x.dir", "typeparam/mdempsky", "other"}, directories...) {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "a.go"), []byte("// run\n\npackage main\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), "", []string{"-list", dir}, &out); err != nil {
		t.Fatal(err)
	}
	want := "a.go\nabi/a.go\nchan/a.go\ndwarf/a.go\nfixedbugs/a.go\ninterface/a.go\nken/a.go\ntypeparam/a.go\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestCommittedListsAreReadable(t *testing.T) {
	programs, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) != 1008 {
		t.Errorf("%d programs, and docs/fidelity.md says 1008", len(programs))
	}
	if _, err := readKnown(knownText, programs); err != nil {
		t.Error(err)
	}
}

func TestChoose(t *testing.T) {
	paths := []string{"a/1", "a/2", "b/3", "b/4", "b/5"}
	for _, test := range []struct {
		sample int
		pick   string
		want   []string
	}{
		{1, "", paths},
		{2, "", []string{"a/1", "b/3", "b/5"}},
		{1, "^b", []string{"b/3", "b/4", "b/5"}},
		{2, "^b", []string{"b/3", "b/5"}},
	} {
		if got := choose(paths, test.sample, regexp.MustCompile(test.pick)); !slices.Equal(got, test.want) {
			t.Errorf("sample %d of %q: %q, want %q", test.sample, test.pick, got, test.want)
		}
	}
}

func TestKnown(t *testing.T) {
	programs := []string{"a.go", "b.go"}
	known, err := readKnown("# why\n\na.go   reads symbols\n", programs)
	if err != nil || len(known) != 1 || known["a.go"] != "reads symbols" {
		t.Errorf("got %q, %v", known, err)
	}
	for _, text := range []string{"a.go\n", "c.go reason\n", "a.go one\na.go two\n"} {
		if _, err := readKnown(text, programs); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// found is a report in which a known and another program fail, and a known one passes.
func found() report {
	return report{
		engine: "fast",
		results: []result{
			{program: "a.go"},
			{program: "b.go", failure: "exit status 1: no"},
			{program: "chan/a.go", failure: "more than 30s"},
			{program: "chan/b.go"},
			{program: "chan/c.go"},
		},
		known:    map[string]string{"chan/a.go": "slow | long", "chan/b.go": "slow"},
		complete: true,
	}
}

func TestResults(t *testing.T) {
	dir := t.TempDir()
	if err := found().save(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "fast.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := "complete\n.\t1\t2\nchan\t2\t3\nall\t3\t5\n" +
		"\nFailures that are not known (1)\nb.go\t0s\texit status 1: no\n" +
		"\nKnown failures (1)\nchan/a.go\t0s\tmore than 30s\n" +
		"\nKnown failures that passed (1)\nchan/b.go\t0s\t\n"
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	var out strings.Builder
	found().summary(&out)
	if !strings.Contains(out.String(), "chan/b.go passes") || !strings.Contains(out.String(), "1 failures not known, 1 known, 1 known ones passed") {
		t.Errorf("the summary is\n%s", out.String())
	}
}

func TestPageHasCompleteResultsOnly(t *testing.T) {
	dir := t.TempDir()
	part := found()
	part.engine, part.complete = "part", false
	for _, r := range []report{found(), part} {
		if err := r.save(dir); err != nil {
			t.Fatal(err)
		}
	}
	page := filepath.Join(t.TempDir(), "fidelity.md")
	if err := writePage(page, dir, found().known); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		pageHead,
		"| directory | programs | fast |\n|---|---|---|\n| test | 2 | 1 |\n| chan | 3 | 2 |\n| all | 5 | 3 |\n",
		"| chan/a.go | slow \\| long |\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestRunSaysWhichDirectoryItNeeds(t *testing.T) {
	err := run(t.Context(), t.TempDir(), nil, &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "FIDELITY_TESTS") {
		t.Errorf("the error is %v", err)
	}
}
