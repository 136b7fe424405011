package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// results maps Test/subtest to pass, fail or skip.
type results map[string]string

// runSuite runs a package's tests. A test that fails is a result and no error.
func runSuite(ctx context.Context, pkg string) (results, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", pkg)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("running the suite: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("running the suite: %w", err)
	}
	got, readErr := readResults(out, os.Stderr)
	if err := cmd.Wait(); err != nil && len(got) == 0 {
		return nil, fmt.Errorf("running the suite: %w", err)
	}
	return got, readErr
}

// readResults reads the events of go test -json. What failing tests wrote goes to
// log.
func readResults(r io.Reader, log io.Writer) (results, error) {
	got, output := results{}, map[string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("reading what go test writes: %w", err)
		}
		switch event.Action {
		case "output", "build-output":
			output[event.Test] = append(output[event.Test], event.Output)
		case "fail":
			fmt.Fprint(log, strings.Join(output[event.Test], ""))
			fallthrough
		case "pass", "skip":
			if event.Test != "" {
				got[event.Test] = event.Action
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading what go test writes: %w", err)
	}
	return got, nil
}

// of returns the result of a ported row.
func (g results) of(r row) string {
	return g[r.Test+"/"+strings.ReplaceAll(r.Method, " ", "_")]
}

// verdict says in words what the suite found.
func (g results) verdict(r row) string {
	switch r.Verdict {
	case differs:
		return "differs because " + r.Why
	case notApplicable:
		return "not applicable because " + r.Why
	}
	switch g.of(r) {
	case "pass":
		return "holds"
	case "fail":
		return "**does not hold**"
	}
	return "**was not run**"
}

// missing returns the ported rows that do not hold.
func (g results) missing(rows []row) (broken []row) {
	for _, r := range rows {
		if r.Verdict == ported && g.of(r) != "pass" {
			broken = append(broken, r)
		}
	}
	return broken
}
