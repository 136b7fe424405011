package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cuaderno/install"
	"cuaderno/internal/limits"
	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
	"cuaderno/interp/lang/limited"
)

func TestRunnerEndsASessionThatDoesNotStop(t *testing.T) {
	var fake langtest.Fake
	r := newRunner(fake.Start)
	r.patience = time.Millisecond
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	outcome, err := r.execute(ctx, lang.Cell{Count: 1, Code: "hang"}, newPrinter(nil, nil, nil))
	if err != nil || outcome.Err == nil || outcome.Err.Name != lang.Interrupted {
		t.Fatalf("%+v, %v", outcome.Err, err)
	}
	if text := strings.Join(outcome.Err.Traceback, "\n"); !strings.Contains(text, "its variables are gone") {
		t.Errorf("traceback %q", text)
	}

	r.start = func(ctx context.Context, previous lang.Session) (lang.Session, error) {
		session, err := fake.Start(ctx, previous)
		return limited.New(session, limited.Rules{Limits: limits.Limits{CellTime: time.Millisecond}, Patience: time.Millisecond}), err
	}
	outcome, err = r.execute(t.Context(), lang.Cell{Count: 2, Code: "hang"}, newPrinter(nil, nil, nil))
	if err != nil || outcome.Err == nil || outcome.Err.Name != lang.CellTimeout {
		t.Fatalf("%+v, %v", outcome.Err, err)
	}

	r.start = fake.Start
	outcome, err = r.execute(t.Context(), lang.Cell{Count: 3, Code: "3"}, newPrinter(nil, nil, nil))
	if err != nil || outcome.Err != nil || outcome.Result == nil {
		t.Errorf("the next cell: %+v, %v", outcome, err)
	}
	if n := len(fake.Sessions()); n != 3 {
		t.Errorf("%d sessions", n)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
	for i, session := range fake.Sessions() {
		select {
		case <-session.Done():
		default:
			t.Errorf("session %d lives", i+1)
		}
	}
}

// runFake executes a notebook whose cells are commands of langtest.
func runFake(t *testing.T, start lang.Starter, request runRequest, cells ...string) (stdout, stderr string, err error) {
	t.Helper()
	request.file = filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(request.file, []byte(notebookFile(cells...)), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, host: install.Host{Getenv: func(string) string { return "" }}}
	err = p.runNotebook(t.Context(), request, start)
	return out.String(), errs.String(), err
}

// A doomed session dies after each of its cells.
type doomed struct{ *langtest.Session }

func (d doomed) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	outcome := d.Session.Execute(ctx, cell, out)
	d.Crash("fatal error: late")
	return outcome
}

func TestASessionThatDiesBetweenCellsFailsTheLastOne(t *testing.T) {
	var fake langtest.Fake
	start := func(ctx context.Context, previous lang.Session) (lang.Session, error) {
		session, err := fake.Start(ctx, previous)
		return doomed{session.(*langtest.Session)}, err
	}
	stdout, stderr, err := runFake(t, start, runRequest{}, "out 1", "out 2")
	if stdout != "1\n" || err == nil || !strings.Contains(stderr, "cell 2 (In [1], id ca) failed: SessionCrashed: fatal error: late") {
		t.Errorf("%q, %q, %v", stdout, stderr, err)
	}
	stdout, stderr, err = runFake(t, start, runRequest{allowErrors: true}, "out 1", "out 2")
	if stdout != "1\n2\n" || err != nil || strings.Count(stderr, "fatal error: late") != 2 {
		t.Errorf("with --allow-errors: %q, %q, %v", stdout, stderr, err)
	}
	if stdout, _, err = runFake(t, start, runRequest{}, "out 1"); stdout != "1\n" || err == nil {
		t.Errorf("after the last cell: %q, %v", stdout, err)
	}
}

// A tardy session prints when it is closed.
type tardy struct{ *langtest.Session }

func (s tardy) Close() error {
	s.Late()
	return s.Session.Close()
}

func TestOutputAfterTheLastCellIsItsCells(t *testing.T) {
	var fake langtest.Fake
	start := func(ctx context.Context, previous lang.Session) (lang.Session, error) {
		session, err := fake.Start(ctx, previous)
		return tardy{session.(*langtest.Session)}, err
	}
	name := filepath.Join(t.TempDir(), "out.ipynb")
	if _, stderr, err := runFake(t, start, runRequest{out: name}, "later 3", "out 2"); err != nil {
		t.Fatal(stderr, err)
	}
	compare(t, outputs(t, name), []string{`1 stdout:"3\n"`, `2 stdout:"2\n"`})
}

func TestWithoutASessionNothingRuns(t *testing.T) {
	var fake langtest.Fake
	broken := errors.New("no helper today")
	fake.FailStarts(broken)
	if _, _, err := runFake(t, fake.Start, runRequest{allowErrors: true}, "out 1"); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestANotebookThatCannotBeWrittenIsToldBesidesTheFailure(t *testing.T) {
	var fake langtest.Fake
	dir := t.TempDir()
	_, stderr, err := runFake(t, fake.Start, runRequest{out: dir}, "fail boom")
	if err == nil || !strings.Contains(stderr, "boom") || !strings.Contains(stderr, dir) {
		t.Errorf("%q, %v", stderr, err)
	}
	if _, _, err := runFake(t, fake.Start, runRequest{out: dir}, "out 1"); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v", err)
	}
}

func TestLineThatNobodyAwaitsServesTheNext(t *testing.T) {
	r, w := io.Pipe()
	lines := newLineReader(r)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lines.next(gone); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	go func() {
		io.WriteString(w, "uno\r\n\ntres")
		w.Close()
	}()
	for _, want := range []string{"uno\r", "", "tres"} {
		if got, err := lines.next(t.Context()); got != want || err != nil {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	for range 2 {
		if _, err := lines.next(t.Context()); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
}
