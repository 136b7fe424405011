package main

import (
	"bytes"
	"fmt"
)

// render makes the page.
func render(rows []row, got results) []byte {
	var holds, differ, none, own, all int
	for _, r := range rows {
		if r.Own() {
			own++
			continue
		}
		all++
		switch {
		case r.Verdict == differs:
			differ++
		case r.Verdict == notApplicable:
			none++
		case got.of(r) == "pass":
			holds++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Conformance of mpruntime with CPython's multiprocessing

Made by `+"`make conformance`"+` from a run of `+"`mpruntime/conformance`"+`; not to be edited. Beside each test method
of CPython 3.11 (`+"`Lib/test/_test_multiprocessing.py`"+`, classes in its order) stands the Go test of the same
behaviour: a subtest by the method's name.

| | rows |
|---|---|
| test methods of CPython | %d |
| hold | %d |
| differ, with the reason | %d |
| not applicable, with the reason | %d |
| rows of our own, beyond CPython's suite | %d |
`, all, holds, differ, none, own)
	class := ""
	for _, r := range rows {
		if c := r.class(); c != class {
			class = c
			fmt.Fprintf(&b, "\n## %s\n\n| CPython | ours | |\n|---|---|---|\n", class)
		}
		test := ""
		if r.Test != "" {
			test = "`" + r.Test + "`"
		}
		name := r.Method
		if !r.Own() {
			name = "`" + r.Method[len(class)+1:] + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, test, got.verdict(r))
	}
	return b.Bytes()
}
