package limited_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cuaderno/internal/limits"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
	"cuaderno/interp/lang/limited"
)

// A transcript is a lang.Output that keeps what is said.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	written chan struct{} // has a token after a write
	answer  func(ctx context.Context) (string, error)
}

func newTranscript() *transcript { return &transcript{written: make(chan struct{}, 1)} }

func (t *transcript) say(text string) {
	t.mu.Lock()
	t.text.WriteString(text)
	t.mu.Unlock()
	select {
	case t.written <- struct{}{}:
	default:
	}
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func (t *transcript) Stdout(p []byte) { t.say(string(p)) }
func (t *transcript) Stderr(p []byte) { t.say("! " + string(p)) }
func (t *transcript) Display(b display.Bundle, _ string) {
	t.say(fmt.Sprintln("display", b.Data["text/plain"]))
}
func (t *transcript) UpdateDisplay(b display.Bundle, id string) { t.Display(b, id) }
func (t *transcript) ClearOutput(bool)                          {}
func (t *transcript) Comm(lang.CommMessage)                     {}
func (t *transcript) ReadLine(ctx context.Context, _ string, _ bool) (string, error) {
	return t.answer(ctx)
}

// start returns a session of commands that keeps the rules.
func start(t *testing.T, rules limited.Rules) *limited.Session {
	t.Helper()
	var fake langtest.Fake
	s, err := fake.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if rules.Patience == 0 {
		rules.Patience = time.Minute
	}
	rules.TimeSetting = "--time"
	return limited.New(s, rules)
}

func seconds(d time.Duration) limits.Limits { return limits.Limits{CellTime: d} }

func run(t *testing.T, s *limited.Session, code string, out lang.Output) lang.Outcome {
	t.Helper()
	return s.Execute(t.Context(), lang.Cell{Count: 1, Code: code}, out)
}

// failed checks the error of a cell.
func failed(t *testing.T, o lang.Outcome, name string, texts ...string) {
	t.Helper()
	if o.Err == nil || o.Err.Name != name {
		t.Fatalf("the cell ended with %+v, want %s", o.Err, name)
	}
	text := o.Err.Value + "\n" + strings.Join(o.Err.Traceback, "\n")
	for _, want := range texts {
		if !strings.Contains(text, want) {
			t.Errorf("the error does not say %q:\n%s", want, text)
		}
	}
}

func TestACellThatRunsTooLongFailsAndTheSessionGoesOn(t *testing.T) {
	s := start(t, limited.Rules{Limits: seconds(time.Millisecond)})
	run(t, s, "set x 7", newTranscript())
	out := newTranscript()
	failed(t, run(t, s, "out hola\nwait", out), lang.CellTimeout, "the cell ran longer than 1ms (--time)")
	if out.String() != "hola\n" {
		t.Errorf("output %q", out)
	}
	after := newTranscript()
	if o := run(t, s, "get x", after); o.Err != nil && o.Err.Name != lang.CellTimeout {
		t.Errorf("the next cell: %+v", o.Err)
	}
}

func TestACellThatDoesNotStopCostsItsSession(t *testing.T) {
	s := start(t, limited.Rules{Limits: seconds(time.Millisecond), Patience: time.Millisecond})
	failed(t, run(t, s, "hang", newTranscript()), lang.CellTimeout, "The cell did not stop, so its session is ended.")
	select {
	case <-s.Done():
	default:
		t.Error("the session is not given up")
	}
}

func TestAnInterruptByAPersonStaysOne(t *testing.T) {
	s := start(t, limited.Rules{Limits: seconds(time.Hour)})
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	failed(t, s.Execute(ctx, lang.Cell{Code: "wait"}, newTranscript()), lang.Interrupted)
}

func TestTimeForAnAnswerCountsOnlyWhereNobodyIsThere(t *testing.T) {
	for _, interactive := range []bool{true, false} {
		s := start(t, limited.Rules{Limits: seconds(20 * time.Millisecond), Interactive: interactive})
		out := newTranscript()
		out.answer = func(ctx context.Context) (string, error) {
			select {
			case <-ctx.Done(): // the limit, where it counts
				return "", context.Cause(ctx)
			case <-time.After(200 * time.Millisecond):
				return "Ana", nil
			}
		}
		o := run(t, s, "ask name", out)
		if interactive && (o.Err != nil || out.String() != "Ana\n") {
			t.Errorf("the person was not waited for: %+v, %q", o.Err, out)
		}
		if !interactive && o.Err == nil {
			t.Error("the cell waited longer than it may")
		}
	}
}

func TestOutputBeyondTheLimitIsDroppedAtALine(t *testing.T) {
	s := start(t, limited.Rules{Limits: limits.Limits{Output: 100}})
	out := newTranscript()
	failed(t, run(t, s, "many 1000\nwait", out), lang.OutputLimit, "more than 100", "--output or CUADERNO_OUTPUT")
	lines := strings.SplitAfter(out.String(), "\n")
	if last := lines[len(lines)-1]; last != "" || len(out.String()) > 100 || len(lines) < 10 {
		t.Errorf("%d bytes in %d lines, the last is %q", len(out.String()), len(lines), last)
	}
	if o := run(t, s, "out hola", out); o.Err != nil {
		t.Errorf("the next cell: %+v", o.Err)
	}

	long := newTranscript()
	failed(t, run(t, s, `raw "`+strings.Repeat("ñ", 99)+`"`+"\nwait", long), lang.OutputLimit)
	if got := long.String(); got != strings.Repeat("ñ", 50) {
		t.Errorf("of one long line there is %q", got)
	}
}

func TestACellFailsEvenIfItEndedBeforeItCouldBeStopped(t *testing.T) {
	s := start(t, limited.Rules{Limits: limits.Limits{Output: 10}})
	failed(t, run(t, s, "out "+strings.Repeat("x", 20), newTranscript()), lang.OutputLimit)
	failed(t, run(t, s, "result "+strings.Repeat("x", 20), newTranscript()), lang.OutputLimit)
	out := newTranscript()
	failed(t, run(t, s, "show "+strings.Repeat("x", 20), out), lang.OutputLimit)
	if out.String() != "" {
		t.Errorf("half a display was shown: %q", out)
	}
	failed(t, run(t, s, "out "+strings.Repeat("x", 20)+"\nfail boom", newTranscript()), lang.Panic, "boom")
}

// A chatty session has a callback of a comm that prints, or waits.
type chatty struct{ lang.Session }

func (chatty) Comm(ctx context.Context, m lang.CommMessage, out lang.Output) error {
	if m.ID == "waits" {
		<-ctx.Done()
		return &lang.Error{Name: lang.Interrupted, Value: "interrupted", Traceback: []string{"KeyboardInterrupt: interrupted"}}
	}
	for range 100 {
		out.Stdout([]byte("línea\n"))
	}
	return nil
}

func TestCallbacksOfCommsAreLimited(t *testing.T) {
	s := limited.New(chatty{start(t, limited.Rules{})}, limited.Rules{
		Limits: limits.Limits{CellTime: time.Millisecond, Output: 50}, Patience: time.Minute,
	})
	var e *lang.Error
	if err := s.Comm(t.Context(), lang.CommMessage{ID: "waits"}, newTranscript()); !errors.As(err, &e) || e.Name != lang.CellTimeout {
		t.Errorf("%v", err)
	}
	out := newTranscript()
	_ = s.Comm(t.Context(), lang.CommMessage{ID: "prints"}, out)
	if len(out.String()) > 50 {
		t.Errorf("%d bytes", len(out.String()))
	}
}

func TestOutputThatComesLateIsLimitedAndToldOnce(t *testing.T) {
	var fake langtest.Fake
	inner, err := fake.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := limited.New(inner, limited.Rules{Limits: limits.Limits{Output: 10}, Patience: time.Minute})
	out := newTranscript()
	if o := run(t, s, "later "+strings.Repeat("x", 20)+"\nlater "+strings.Repeat("y", 20), out); o.Err != nil {
		t.Fatal(o.Err)
	}
	inner.(*langtest.Session).Late()
	_ = inner.Close() // waits for the writers
	text := out.String()
	if strings.Count(text, "OutputLimit") != 1 || slices.Max([]int{strings.Count(text, "x"), strings.Count(text, "y")}) > 15 {
		t.Errorf("the cell said %q", text)
	}
}

// A verbose session answers cells and their expressions with much text.
type verbose struct{ lang.Session }

func (verbose) Execute(_ context.Context, c lang.Cell, _ lang.Output) lang.Outcome {
	text := strings.Repeat("x", 1<<20)
	b := display.Text(text)
	failure := &lang.Error{Name: "error", Value: text, Traceback: []string{"error: " + text}}
	if c.Code == "fail" {
		return lang.Outcome{Err: failure}
	}
	o := lang.Outcome{Expressions: map[string]lang.Expression{}}
	for name := range c.Expressions {
		o.Expressions[name] = lang.Expression{Bundle: &b}
		if strings.HasPrefix(name, "bad") {
			o.Expressions[name] = lang.Expression{Err: failure}
		}
	}
	return o
}

func TestErrorsAndExpressionsAreLimited(t *testing.T) {
	with := func(output int64) *limited.Session {
		return limited.New(verbose{start(t, limited.Rules{})}, limited.Rules{Limits: limits.Limits{Output: output}, Patience: time.Minute})
	}
	o := run(t, with(0), "fail", newTranscript())
	failed(t, o, "error", "bytes more)")
	if n := len(o.Err.Value) + len(o.Err.Traceback[0]); n > 100<<10 {
		t.Errorf("the error has %d bytes", n)
	}
	failed(t, run(t, with(10), "fail", newTranscript()), "error", "bytes more)")

	expressions := func(output int64, names ...string) lang.Outcome {
		c := lang.Cell{Count: 1, Expressions: map[string]string{}}
		for _, name := range names {
			c.Expressions[name] = "f()"
		}
		return with(output).Execute(t.Context(), c, newTranscript())
	}
	failed(t, expressions(1<<20, "good"), lang.OutputLimit)
	failed(t, expressions(100<<10, "bad", "bad2"), lang.OutputLimit)
	if o := expressions(2<<20, "good", "bad"); o.Err != nil || len(o.Expressions) != 2 || len(o.Expressions["bad"].Err.Value) > 40<<10 {
		t.Errorf("%+v", o.Err)
	}
}
