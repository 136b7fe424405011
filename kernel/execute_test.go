package kernel_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func start(t *testing.T) (*kerneltest.FrontEnd, *langtest.Fake) {
	t.Helper()
	fake := &langtest.Fake{}
	return kerneltest.Start(t, kernel.Config{Start: fake.Start}), fake
}

// running waits until a cell with this code runs.
func running(t *testing.T, fake *langtest.Fake, code string) *langtest.Session {
	t.Helper()
	s := fake.Newest(t.Context())
	for cell := range s.Executing() {
		if cell.Code == code {
			break
		}
	}
	return s
}

func field(r kerneltest.Received, name string) any { return kerneltest.Field(r.Message, name) }

func TestExecuteOrder(t *testing.T) {
	f, _ := start(t)
	e := f.Execute("out before\nerr also\nshow picture\nout after\nresult 42")
	if got, want := e.Types(), "busy execute_input stream stream display_data stream execute_result idle"; got != want {
		t.Errorf("published %q, want %q", got, want)
	}
	if e.Status() != "ok" || e.Count() != 1 {
		t.Errorf("reply %s", e.Reply.Content)
	}
	result := e.Of(wire.ExecuteResult)[0]
	if data := field(result, "data").(map[string]any); data["text/plain"] != "42" || field(result, "execution_count") != 1.0 {
		t.Errorf("result %s", result.Content)
	}
	if !strings.Contains(string(e.Reply.Metadata), `"started":"2`) {
		t.Errorf("metadata %s, want started", e.Reply.Metadata)
	}
}

func TestPipelinedCellsAnswerInOrder(t *testing.T) {
	f, _ := start(t)
	var ids []string
	for range 50 {
		ids = append(ids, f.Code("out x", nil))
	}
	for i, id := range ids {
		if e := f.Finish(id); e.Count() != i+1 {
			t.Errorf("cell %d has count %d", i, e.Count())
		}
	}
	var order []string
	for _, r := range f.Log() {
		if r.Channel == kerneltest.Shell && r.Header.Type == wire.ExecuteReply {
			order = append(order, r.ParentID())
		}
	}
	if !slices.Equal(order, ids) {
		t.Errorf("replies are not in the order of the requests")
	}
}

func TestErrorIsPublishedAndReplied(t *testing.T) {
	f, _ := start(t)
	e := f.Execute("fail no luck")
	if got, want := e.Types(), "busy execute_input error idle"; got != want {
		t.Errorf("published %q, want %q", got, want)
	}
	for _, r := range []kerneltest.Received{e.Reply, e.Of(wire.Error)[0]} {
		if field(r, "ename") != lang.Panic || field(r, "evalue") != "no luck" || len(field(r, "traceback").([]any)) == 0 {
			t.Errorf("%s: %s", r.Header.Type, r.Content)
		}
	}
}

func TestErrorAbortsWhatWaits(t *testing.T) {
	f, fake := start(t)
	first := f.Code("wait", nil)
	running(t, fake, "wait")
	second := f.Code("out second", nil)
	info := f.Send(kerneltest.Shell, wire.KernelInfoRequest, nil)
	third := f.Code("out third", nil)
	// The receiver takes messages in order: when control has answered a
	// request that shell passes on, the ones before have been queued.
	barrier := f.Send(kerneltest.Shell, wire.InterruptRequest, nil)
	f.Reply(barrier)

	if e := f.Finish(first); e.Status() != "error" {
		t.Errorf("first: %s", e.Reply.Content)
	}
	for _, id := range []string{second, third} {
		e := f.Finish(id)
		if e.Status() != "aborted" || e.Count() != 1 || e.Types() != "busy idle" {
			t.Errorf("waiting cell: %s, published %q", e.Reply.Content, e.Types())
		}
	}
	if r := f.Reply(info); r.Header.Type != wire.KernelInfoReply {
		t.Errorf("kernel_info_request between them got %s", r.Header.Type)
	}
	if e := f.Execute("out next"); e.Status() != "ok" || e.Count() != 2 {
		t.Errorf("next cell: %s", e.Reply.Content)
	}
}

func TestQuickErrorAbortsWhatWasSentWithIt(t *testing.T) {
	f, _ := start(t)
	first := f.Code("fail at once", nil)
	second := f.Code("out second", nil)
	if e := f.Finish(first); e.Status() != "error" {
		t.Errorf("first: %s", e.Reply.Content)
	}
	if e := f.Finish(second); e.Status() != "aborted" {
		t.Errorf("second: %s", e.Reply.Content)
	}
	if e := f.Execute("out third"); e.Status() != "ok" {
		t.Errorf("a cell that was sent after the reply: %s", e.Reply.Content)
	}
}

func TestStopOnErrorIsHonoured(t *testing.T) {
	f, _ := start(t)
	for _, change := range []kerneltest.Fields{{"stop_on_error": false}, {"silent": true}} {
		first := f.Code("fail", change)
		second := f.Code("out second", nil)
		if e := f.Finish(first); e.Status() != "error" {
			t.Errorf("%v: first: %s", change, e.Reply.Content)
		}
		if e := f.Finish(second); e.Status() != "ok" {
			t.Errorf("%v: second: %s", change, e.Reply.Content)
		}
	}
}

func TestSilent(t *testing.T) {
	f, _ := start(t)
	f.Execute("out counted")
	for _, code := range []string{"out x\nerr y\nshow z\nclear\nresult 1", "fail"} {
		e := f.Finish(f.Code(code, kerneltest.Fields{"silent": true, "store_history": true}))
		if e.Types() != "busy idle" || e.Count() != 1 {
			t.Errorf("silent %q published %q and replied %s", code, e.Types(), e.Reply.Content)
		}
	}
	if e := f.Execute("out counted"); e.Count() != 2 {
		t.Errorf("the cell after silent ones has count %d, want 2", e.Count())
	}
}

func TestStoreHistory(t *testing.T) {
	f, _ := start(t)
	f.Execute("out x")
	e := f.Finish(f.Code("out x", kerneltest.Fields{"store_history": false}))
	if e.Count() != 1 || !strings.Contains(e.Types(), "execute_input stream") {
		t.Errorf("count %d, published %q", e.Count(), e.Types())
	}
	if e := f.Execute("out x"); e.Count() != 2 {
		t.Errorf("next count is %d, want 2", e.Count())
	}
}

func TestUserExpressions(t *testing.T) {
	f, _ := start(t)
	ask := kerneltest.Fields{"user_expressions": map[string]string{"good": "x", "bad": "y"}}
	e := f.Finish(f.Code("set x 7", ask))
	answers := field(e.Reply, "user_expressions").(map[string]any)
	good, bad := answers["good"].(map[string]any), answers["bad"].(map[string]any)
	if good["status"] != "ok" || good["data"].(map[string]any)["text/plain"] != "7" || good["metadata"] == nil {
		t.Errorf("good: %v", good)
	}
	if bad["status"] != "error" || bad["ename"] != lang.CompileError || len(bad["traceback"].([]any)) == 0 {
		t.Errorf("bad: %v", bad)
	}
	if e := f.Finish(f.Code("fail", ask)); len(field(e.Reply, "user_expressions").(map[string]any)) != 0 {
		t.Errorf("after an error: %s", e.Reply.Content)
	}
}

func TestPageIsAPayload(t *testing.T) {
	f, _ := start(t)
	e := f.Execute("page the manual")
	pages := field(e.Reply, "payload").([]any)
	if len(pages) != 1 {
		t.Fatalf("reply %s", e.Reply.Content)
	}
	page := pages[0].(map[string]any)
	if page["source"] != "page" || page["data"].(map[string]any)["text/plain"] != "the manual" || page["start"] != 0.0 {
		t.Errorf("payload %v", page)
	}
	if e := f.Execute("out x"); len(field(e.Reply, "payload").([]any)) != 0 {
		t.Errorf("reply %s", e.Reply.Content)
	}
}

func TestUnreadableExecuteIsAnswered(t *testing.T) {
	f, _ := start(t)
	e := f.Finish(f.Send(kerneltest.Shell, wire.ExecuteRequest, map[string]any{"code": 5}))
	if e.Status() != "error" || e.Types() != "busy idle" {
		t.Errorf("published %q and replied %s", e.Types(), e.Reply.Content)
	}
}

func TestPanicInSessionCostsOneCell(t *testing.T) {
	f, _ := start(t)
	if e := f.Execute("boom"); e.Status() != "error" || e.Types() != "busy execute_input error idle" {
		t.Errorf("published %q and replied %s", e.Types(), e.Reply.Content)
	}
	if e := f.Execute("out on"); e.Text("stdout") != "on\n" {
		t.Errorf("the next cell printed %q", e.Text("stdout"))
	}
}

func TestCrashCostsTheVariablesOnly(t *testing.T) {
	f, fake := start(t)
	f.Execute("set x 1")
	e := f.Execute("out before\ncrash fatal error: concurrent map writes")
	if e.Status() != "error" || field(e.Reply, "ename") != lang.Crashed || e.Text("stdout") != "before\n" {
		t.Errorf("crashing cell: %s", e.Reply.Content)
	}
	for _, want := range []string{"fatal error: concurrent map writes", "the variables are gone"} {
		if !strings.Contains(e.Traceback(), want) {
			t.Errorf("traceback %q, want %q in it", e.Traceback(), want)
		}
	}
	e = f.Execute("out after")
	if e.Status() != "ok" || e.Count() != 3 || e.Text("stdout") != "after\n" {
		t.Errorf("next cell: %s", e.Reply.Content)
	}
	if e := f.Execute("get x"); field(e.Reply, "evalue") != "undefined: x" {
		t.Errorf("the variable: %s", e.Reply.Content)
	}
	if n := len(fake.Sessions()); n != 2 {
		t.Errorf("%d sessions were started, want 2", n)
	}
}

func TestCrashBetweenCellsIsTold(t *testing.T) {
	f, fake := start(t)
	last := f.Execute("out x")
	fake.Sessions()[0].Crash("fatal error: all goroutines")
	said := f.Await("word of the crash", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream && field(r, "name") == "stderr"
	})
	if text := field(said, "text").(string); said.ParentID() != last.ID ||
		!strings.Contains(text, "all goroutines") || !strings.Contains(text, "variables are gone") {
		t.Errorf("said %q to %s, want it in %s", text, said.ParentID(), last.ID)
	}
	if e := f.Execute("out on"); e.Text("stdout") != "on\n" {
		t.Errorf("the next cell printed %q", e.Text("stdout"))
	}
}

func TestNoSessionIsSaidAndTriedAgain(t *testing.T) {
	fake := &langtest.Fake{}
	fake.FailStarts(errors.New("cuaderno-helper: no such file"))
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start})
	for i := range 2 {
		e := f.Execute("out x")
		if e.Status() != "error" || !strings.Contains(e.Traceback(), "cuaderno-helper: no such file") {
			t.Errorf("try %d: %s", i, e.Reply.Content)
		}
	}
	fake.FailStarts(nil)
	if e := f.Execute("out x"); e.Text("stdout") != "x\n" {
		t.Errorf("when it can be started: %s", e.Reply.Content)
	}
}

func TestKernelInfoDoesNotWaitForTheSession(t *testing.T) {
	fake := &langtest.Fake{}
	release := fake.HoldStarts()
	defer release()
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, Version: "1.2.3"})
	for _, ch := range []kerneltest.Channel{kerneltest.Shell, kerneltest.Control} {
		r := f.Reply(f.Send(ch, wire.KernelInfoRequest, nil))
		language := field(r, "language_info").(map[string]any)
		if field(r, "implementation") != "cuaderno" || field(r, "implementation_version") != "1.2.3" ||
			field(r, "protocol_version") != "5.5" || language["name"] != "go" || language["file_extension"] != ".go" {
			t.Errorf("kernel_info on %s: %s", ch, r.Content)
		}
	}
	id := f.Code("out x", nil)
	release()
	if e := f.Finish(id); e.Text("stdout") != "x\n" {
		t.Errorf("the cell that waited printed %q", e.Text("stdout"))
	}
}

func TestCountsReachTheSession(t *testing.T) {
	f, fake := start(t)
	f.Execute("out a")
	f.Execute("out b")
	s := fake.Sessions()[0]
	for want := 1; want <= 2; want++ {
		if cell := <-s.Executing(); cell.Count != want {
			t.Errorf("%q was cell %d, want %d", cell.Code, cell.Count, want)
		}
	}
}

func BenchmarkEmptyCell(b *testing.B) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(b, kernel.Config{Start: fake.Start})
	for b.Loop() {
		f.Execute("")
		f.Forget()
	}
}

func BenchmarkTenThousandLines(b *testing.B) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(b, kernel.Config{Start: fake.Start})
	messages := 0
	for b.Loop() {
		e := f.Execute(fmt.Sprint("many ", 10000))
		messages = len(e.Of(wire.Stream))
		f.Forget()
	}
	b.ReportMetric(float64(messages), "messages")
}
