package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

func list(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, listFile))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestEveryRowHasItsTest compares the list with the sources of the suite.
func TestEveryRowHasItsTest(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, suite, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	have := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if text, err := strconv.Unquote(lit.Value); err == nil {
					have[text] = f.Name.Name
				}
				return true
			})
		}
	}
	for _, r := range list(t) {
		if test := have[r.Method]; r.Verdict == ported && test != r.Test {
			t.Errorf("%s is said to be ported as %s: it is in %q", r.Method, r.Test, test)
		}
		delete(have, r.Method)
	}
	for text, test := range have {
		if strings.Contains(text, ".test_") && !strings.Contains(text, " ") {
			t.Errorf("%s has a subtest %s that the list does not have", test, text)
		}
	}
}

// TestPageIsOfTheList makes the page of a run in which all holds.
func TestPageIsOfTheList(t *testing.T) {
	rows, all := list(t), results{}
	for _, r := range rows {
		all[r.Test+"/"+strings.ReplaceAll(r.Method, " ", "_")] = "pass"
	}
	have, err := os.ReadFile(filepath.Join(root, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, render(rows, all)) {
		t.Errorf("%s is not made of %s, or says that something does not hold; mend it with: make conformance", pageFile, listFile)
	}
}

func TestResults(t *testing.T) {
	events := `{"Action":"run","Test":"TestA/x.test_y"}
{"Action":"output","Test":"TestA/x.test_z","Output":"wrong\n"}
{"Action":"pass","Test":"TestA/x.test_y"}
{"Action":"fail","Test":"TestA/x.test_z"}
{"Action":"pass","Test":"TestOwn/a_sentence"}
{"Action":"fail"}
`
	var log bytes.Buffer
	got, err := readResults(strings.NewReader(events), &log)
	if err != nil || log.String() != "wrong\n" {
		t.Fatalf("%v, %q", err, log.String())
	}
	rows, err := parse("x.test_y\tported as TestA\nx.test_z\tported as TestA\nx.test_a\tported as TestA\nx.test_b\tdiffers because so\nx.test_c\tnot applicable because no\nown: a sentence\tported as TestOwn\n")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"holds", "**does not hold**", "**was not run**", "differs because so", "not applicable because no", "holds"} {
		if v := got.verdict(rows[i]); v != want {
			t.Errorf("%s: %q, want %q", rows[i].Method, v, want)
		}
	}
	if broken := got.missing(rows); len(broken) != 2 {
		t.Errorf("broken: %v", broken)
	}
	page := string(render(rows, got))
	for _, line := range []string{"| hold | 1 |", "| test methods of CPython | 5 |", "| `test_z` | `TestA` | **does not hold** |", "| a sentence | `TestOwn` | holds |", "## x\n", "## Beyond CPython's suite\n"} {
		if !strings.Contains(page, line) {
			t.Errorf("no %q in\n%s", line, page)
		}
	}
	for _, bad := range []string{"x.test_y", "x.test_y\tperhaps", "x.a\tported as T\nx.a\tported as T"} {
		if rows, err := parse(bad); err == nil {
			t.Errorf("%q: %v", bad, rows)
		}
	}
}
