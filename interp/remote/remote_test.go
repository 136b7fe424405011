package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cuaderno/internal/spawn"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
)

// TestMain makes the test binary its own helper: started with the argument
// session, it serves a fake session, which also knows how to die.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "session" {
		os.Exit(helper())
	}
	// The race detector makes a process wait for a second at its end.
	os.Setenv("GORACE", "atexit_sleep_ms=0")
	os.Exit(m.Run())
}

func helper() int {
	control, lifeline, err := spawn.Inherited()
	if err != nil {
		return 2
	}
	spawn.Watch(lifeline, spawn.KillGroup)
	session, err := (&langtest.Fake{}).Start(context.Background(), nil)
	if err == nil {
		err = Serve(context.Background(), control, &mortal{Session: session, hangs: make(chan struct{}), ended: make(chan struct{})})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// mortal is a session that some cells end, or that write to the descriptors, or that
// keep their output for others.
type mortal struct {
	lang.Session
	kept         lang.Output
	hangs, ended chan struct{} // closed when a query does
}

func (m *mortal) Inspect(ctx context.Context, code string, cursor, detail int) (lang.Inspection, error) {
	if code != "hang" {
		return m.Session.Inspect(ctx, code, cursor, detail)
	}
	close(m.hangs)
	<-ctx.Done()
	close(m.ended)
	return lang.Inspection{}, context.Cause(ctx)
}

func (m *mortal) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	switch cell.Code {
	case "die":
		fmt.Fprint(os.Stderr, "a warning\nfatal error: concurrent map writes\n\ngoroutine 1 [running]:\nmain.main()\n")
		os.Exit(2)
	case "exit":
		os.Exit(3)
	case "keep":
		m.kept = out
		return lang.Outcome{}
	case "leave":
		m.kept = out
		return lang.Outcome{Err: &lang.Error{Name: lang.Interrupted, Background: "encoding/json.Marshal"}}
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "late":
		m.kept.Stdout([]byte("late\n"))
		return lang.Outcome{}
	case "collect":
		runtime.GC()
		return lang.Outcome{}
	case "await hang":
		<-m.hangs
		return lang.Outcome{}
	case "await end":
		<-m.ended
		return lang.Outcome{}
	case "pipe":
		fmt.Fprint(os.Stdout, "by pipe\n")
		out.Stdout([]byte("by socket\n"))
		fmt.Fprint(os.Stderr, "fatal error: only a text\n")
		return lang.Outcome{}
	}
	return m.Session.Execute(ctx, cell, out)
}

func start(t *testing.T) *Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c, err := Start(ctx, Program{Path: os.Args[0], Args: []string{"session"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// A transcript is a lang.Output that writes down what it is told.
type transcript struct {
	mu    sync.Mutex
	text  strings.Builder
	lines []string // answers
	asked chan struct{}
}

func (o *transcript) note(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fmt.Fprintf(&o.text, format, args...)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *transcript) Stdout(p []byte) { o.note("%s", p) }
func (o *transcript) Stderr(p []byte) { o.note("! %s", p) }
func (o *transcript) Display(b display.Bundle, id string) {
	o.note("[%v#%s]", b.Data["text/plain"], id)
}
func (o *transcript) UpdateDisplay(b display.Bundle, id string) { o.Display(b, "update "+id) }
func (o *transcript) ClearOutput(wait bool)                     { o.note("[clear %v]", wait) }
func (o *transcript) Comm(m lang.CommMessage)                   { o.note("[%s %s %s]", m.Kind, m.ID, m.Data) }

func (o *transcript) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	o.note("[%s? %v]", prompt, password)
	if o.asked != nil {
		close(o.asked)
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	if len(o.lines) == 0 {
		return "", io.EOF
	}
	return o.lines[0], nil
}

func TestOutputComesInOrderBeforeTheOutcome(t *testing.T) {
	c := start(t)
	out := &transcript{lines: []string{"Ana"}}
	cell := lang.Cell{Count: 1, Code: "out uno\nerr dos\nshow#h tres\nupdate#h cuatro\nclear wait\nask nombre\nout cinco\nresult seis"}
	outcome := c.Execute(t.Context(), cell, out)
	if outcome.Err != nil || outcome.Result == nil || outcome.Result.Data["text/plain"] != "seis" {
		t.Errorf("outcome %+v", outcome)
	}
	want := "uno\n! dos\n[tres#h][cuatro#update h][clear true][nombre? false]Ana\ncinco\n"
	if out.String() != want {
		t.Errorf("output %q, want %q", out.String(), want)
	}
}

func TestTextOfTheDescriptorsBelongsToTheCell(t *testing.T) {
	c := start(t)
	out := &transcript{}
	if outcome := c.Execute(t.Context(), lang.Cell{Count: 1, Code: "pipe"}, out); outcome.Err != nil {
		t.Fatal(outcome.Err)
	}
	got := out.String()
	pipe, socket := strings.Index(got, "by pipe\n"), strings.Index(got, "by socket\n")
	if pipe < 0 || socket < pipe {
		t.Errorf("output %q, want what came by pipe before what came after it", got)
	}
	if !strings.Contains(got, "! fatal error: only a text\n") {
		t.Errorf("output %q: text that looks like a crash is lost although the session lives", got)
	}
}

func TestInterruptEndsTheCell(t *testing.T) {
	c := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := &transcript{asked: make(chan struct{})}
	go func() { <-out.asked; cancel() }()
	if outcome := c.Execute(ctx, lang.Cell{Count: 1, Code: "ask x\nwait"}, out); outcome.Err == nil {
		t.Error("the interrupted cell succeeded")
	}
	if outcome := c.Execute(t.Context(), lang.Cell{Count: 2, Code: "result vive"}, &transcript{}); outcome.Result == nil {
		t.Errorf("the next cell: %+v", outcome.Err)
	}
}

func TestCrashTextIsTheErrorAndNotOutput(t *testing.T) {
	c := start(t)
	out := &transcript{}
	outcome := c.Execute(t.Context(), lang.Cell{Count: 1, Code: "die"}, out)
	if e := outcome.Err; e == nil || e.Name != lang.Crashed || e.Value != "fatal error: concurrent map writes" || strings.Contains(strings.Join(e.Traceback, "\n"), "goroutine 1") {
		t.Errorf("error %+v", outcome.Err)
	}
	if want := "! a warning\n"; out.String() != want {
		t.Errorf("output %q, want %q", out.String(), want)
	}
	<-c.Done()
	if c.Err() == nil {
		t.Error("a crashed session has no Err")
	}
	if outcome := c.Execute(t.Context(), lang.Cell{Count: 2, Code: "result 1"}, out); outcome.Err == nil {
		t.Error("a dead session evaluated a cell")
	}
	var e *lang.Error
	if err := c.Comm(t.Context(), lang.CommMessage{Kind: lang.CommMsg, ID: "1"}, out); !errors.As(err, &e) || e.Name != lang.Crashed {
		t.Errorf("a message of a comm to a dead session ended with %v", err)
	}
	if _, err := c.IsComplete(t.Context(), "x"); err == nil {
		t.Error("a dead session said whether code is complete")
	}
}

func TestSilentEndNamesTheStatus(t *testing.T) {
	outcome := start(t).Execute(t.Context(), lang.Cell{Count: 1, Code: "exit"}, &transcript{})
	if outcome.Err == nil || !strings.Contains(outcome.Err.Value, "status 3") {
		t.Errorf("error %+v", outcome.Err)
	}
}

// TestCrashNamesWhatWasLeft has sessions die while something goes on that a cell before
// has left behind.
func TestCrashNamesWhatWasLeft(t *testing.T) {
	const left = "In [7] had left something in the background that could not be stopped, which may be why: encoding/json.Marshal."
	for code, want := range map[string]string{
		"die":  "fatal error: concurrent map writes",
		"kill": "killed by signal 9 (SIGKILL); who sent it is not known: ",
	} {
		c := start(t)
		_ = c.Execute(t.Context(), lang.Cell{Count: 7, Code: "leave"}, &transcript{})
		e := c.Execute(t.Context(), lang.Cell{Count: 8, Code: code}, &transcript{}).Err
		if e == nil || e.Name != lang.Crashed || !strings.HasPrefix(e.Value, want) || !strings.Contains(strings.Join(e.Traceback, "\n"), left) {
			t.Errorf("%s gave %+v", code, e)
		}
	}
}

func TestClose(t *testing.T) {
	c := start(t)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	<-c.Done()
	if err := c.Err(); err != nil {
		t.Errorf("a closed session has the error %v", err)
	}
}

func TestStartNamesWhatFailed(t *testing.T) {
	if _, err := Start(t.Context(), Program{Path: "/does/not/exist"}); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Program{Path: os.Args[0], Args: []string{"session"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}
