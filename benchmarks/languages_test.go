package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// everyLanguage is a run in which each contender took two times for every
// program: n and twice n milliseconds, n being 1, 10, 100 and 1000 in their order.
func everyLanguage(t *testing.T) (timings, languages) {
	t.Helper()
	found, values := timings{}, map[string]int64{}
	l := languages{}
	ms := 1.0
	for _, contender := range languageContenders {
		var b strings.Builder
		for _, line := range languageLines() {
			fmt.Fprintf(&b, "{\"line\": %q, \"value\": 7, \"ms\": %g, \"objects\": 2692537}\n", line.name, 2*ms)
			fmt.Fprintf(&b, "{\"line\": %q, \"value\": 7, \"ms\": %g, \"objects\": 5385074}\n", line.name, ms)
		}
		if err := found.add(contender, b.String(), values); err != nil {
			t.Fatal(err)
		}
		ms *= 10
	}
	for _, line := range languageLines() {
		l.programs = append(l.programs, line.name)
	}
	if err := found.add(cuaderno, `{"line": "cell", "value": 2, "ms": 0.5} {"line": "cell", "value": 2, "ms": 0.25}`, values); err != nil {
		t.Fatal(err)
	}
	return found, l
}

func TestLanguageReport(t *testing.T) {
	found, l := everyLanguage(t)
	var out strings.Builder
	if err := found.report(&out, l, "a machine"); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	for _, want := range []string{
		"a machine The language, CPU time",
		"fib(30) 1.00 1.50 10.0 15.0 100 150 1000 1500 10.0 11 0.10 0.01 10 million additions",
		"100 000 channel round trips 1.00 1.50 10.0 15.0 100 150 1000 1500 10.0! 1.6 0.10 0.01",
		"not inlined by Go 1.00 1.50 10.0 15.0 100 150 1000 1500 10.0 - 0.10 0.01",
		"a call, from fib(30): go 0.4 ns (1.000 objects), cuaderno 3.7 ns (1.000 objects), yaegi 37.1 ns (1.000 objects), cpython 371.4 ns; aim: 40 ns, no object!",
		"min 0.250, median 0.375 ms of wall time; aim: 0.3 The last",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestLanguageReportMarksWhoIsQuicker(t *testing.T) {
	found, l := everyLanguage(t)
	l.programs = []string{"suma"}
	slow := found[measured{"suma", cuaderno}]
	slow.ms = []float64{200}
	found[measured{"suma", cuaderno}] = slow
	var out strings.Builder
	if err := found.report(&out, l, ""); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(out.String()), " ")
	if !strings.Contains(text, "1500 200! 20 2.00! 0.20") || strings.Contains(text, "fib") {
		t.Errorf("the report is\n%s", out.String())
	}
}

func TestLanguageReportNamesWhatIsMissing(t *testing.T) {
	for _, key := range []measured{{"sort", yaegiAlone}, {cellLine, cuaderno}} {
		found, l := everyLanguage(t)
		delete(found, key)
		if err := found.report(&strings.Builder{}, l, ""); err == nil {
			t.Errorf("no error without %v", key)
		}
	}
}

func TestContendersMustAgree(t *testing.T) {
	found, values := timings{}, map[string]int64{}
	if err := found.add(compiled, `{"line": "fib", "value": 1, "ms": 1}`, values); err != nil {
		t.Fatal(err)
	}
	err := found.add(cpython, `{"line": "fib", "value": 2, "ms": 1}`, values)
	if err == nil || !strings.Contains(err.Error(), "fib is 2 here, and was 1") {
		t.Errorf("the error is %v", err)
	}
}

func TestUnknownProgramIsRefused(t *testing.T) {
	err := run(t.Context(), "", []string{"-lang", "-programs", "fib,nonsense"}, &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), `"nonsense"`) {
		t.Errorf("the error is %v", err)
	}
}

// TestLanguagesAgree measures the quick programs with everything that is there.
func TestLanguagesAgree(t *testing.T) {
	binary := filepath.Join("..", "bin", "cuaderno")
	if _, err := os.Stat(binary); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("continuous integration measures, and Cuaderno is not built: %v", err)
		}
		t.Skip("bin/cuaderno is not built: run make build")
	}
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), "", []string{"-lang", "-rounds", "1", "-quick", "-cuaderno", binary}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for _, label := range []string{"sieve to a million", "matrices of 120 by 120", "a million appends", "a trivial cell"} {
		if !strings.Contains(stdout.String(), "\n"+label) {
			t.Errorf("no line %q in\n%s", label, stdout.String())
		}
	}
}
