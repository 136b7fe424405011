package main

import (
	"fmt"
	"strings"
	"testing"
)

// everything is a run in which each contender took the same two times for every
// line, except where a process stayed.
func everything() string {
	var b strings.Builder
	fmt.Fprintln(&b, `{"about": "CPython 9"}`)
	for _, t := range tables() {
		for _, l := range t.lines {
			for i, contender := range t.contenders {
				if l.name == "kill" && contender == "ipykernel" {
					fmt.Fprintf(&b, "{\"line\": %q, \"of\": %q, \"left\": 2}\n", l.name, contender)
					continue
				}
				for _, ms := range []float64{30, 0.5, 100} {
					fmt.Fprintf(&b, "{\"line\": %q, \"of\": %q, \"ms\": %g}\n", l.name, contender, ms*float64(i+1))
				}
			}
		}
	}
	return b.String()
}

func TestReport(t *testing.T) {
	found, err := readSamples(strings.NewReader(everything()))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := found.report(&out, "a machine"); err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for row := range strings.Lines(out.String()) {
		label, values, _ := strings.Cut(row, "  ")
		rows[label] = strings.Join(strings.Fields(values), " ")
	}
	for label, want := range map[string]string{
		"start to ready":                         "0.50 30.0 1.00 60.0 0.500",
		"SIGKILL to the end of the last process": "0.50 30.0 2 left -",
		"start and join, in a row":               "0.50 30.0 1.00 60.0 1.50 90.0 2.00 120 0.500",
	} {
		if rows[label] != want {
			t.Errorf("%s: %q, want %q in\n%s", label, rows[label], want, out.String())
		}
	}
	if !strings.Contains(out.String(), "a machine, CPython 9\n") {
		t.Errorf("the report does not say what was measured where:\n%s", out.String())
	}
}

func TestReportNamesWhatIsMissing(t *testing.T) {
	var kept []string
	for sample := range strings.Lines(everything()) {
		if !strings.Contains(sample, `"line": "burst", "of": "spawn"`) {
			kept = append(kept, sample)
		}
	}
	found, err := readSamples(strings.NewReader(strings.Join(kept, "")))
	if err != nil {
		t.Fatal(err)
	}
	err = found.report(&strings.Builder{}, "")
	if err == nil || !strings.Contains(err.Error(), "20 at once") || !strings.Contains(err.Error(), "spawn") {
		t.Errorf("the error is %v", err)
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		ms   []float64
		want float64
	}{
		{[]float64{3}, 3},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{9, 1, 2, 4}, 3},
	} {
		if got := (series{ms: test.ms}).median(); got != test.want {
			t.Errorf("the median of %v is %v, want %v", test.ms, got, test.want)
		}
	}
}

func TestDigits(t *testing.T) {
	for ms, want := range map[float64]string{0.123: "0.12", 9.994: "9.99", 9.996: "10.0", 12.34: "12.3", 99.97: "100", 1234.5: "1234"} {
		if got := digits(ms); got != want {
			t.Errorf("%v is %q, want %q", ms, got, want)
		}
	}
}
