package kernel_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func TestStreamsCoalesce(t *testing.T) {
	f, _ := start(t)
	const n = 10000
	e := f.Execute("many " + strconv.Itoa(n))
	var want strings.Builder
	for i := range n {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if got := e.Text("stdout"); got != want.String() {
		t.Errorf("printed %d bytes, want %d", len(got), want.Len())
	}
	if m := len(e.Of(wire.Stream)); m > n/10 {
		t.Errorf("%d lines took %d messages", n, m)
	}
}

func TestOutputPrecedesWhatFollows(t *testing.T) {
	f, _ := start(t)
	for i := range 20 {
		e := f.Execute("out a\nerr b\nout c\nclear\nout d\nfail e")
		if got, want := e.Types(), "busy execute_input stream stream stream clear_output stream error idle"; got != want {
			t.Fatalf("try %d published %q, want %q", i, got, want)
		}
	}
}

func TestRunesStayWhole(t *testing.T) {
	f, _ := start(t)
	for code, want := range map[string]string{
		`raw "a\xc3"` + "\nshow x\n" + `raw "\xb1o"`:        "a\u00f1o",
		`raw "\xf0\x9f"` + "\nshow x\n" + `raw "\x98\x80!"`: "\U0001F600!",
		`raw "a\xffb"`:                                  "a\ufffdb",
		`raw "cut \xe2\x82"`:                            "cut \ufffd\ufffd",
		`raw "cut \xc3"` + "\n" + `raw "x"`:             "cut \ufffdx",
		`raw "` + strings.Repeat("\u00f1", 50000) + `"`: strings.Repeat("\u00f1", 50000),
	} {
		e := f.Execute(code)
		if got := e.Text("stdout"); got != want {
			t.Errorf("%.40s printed %.60q, want %.60q", code, got, want)
		}
		for _, r := range e.Of(wire.Stream) {
			if !utf8.Valid(r.Content) {
				t.Errorf("%.40s: stream is not UTF-8", code)
			}
		}
	}
}

func TestLateOutputKeepsItsCell(t *testing.T) {
	f, fake := start(t)
	first := f.Execute("later from the first")
	second := f.Code("wait", nil)
	s := running(t, fake, "wait")
	s.Late()
	r := f.Await("late output", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream
	})
	if r.ParentID() != first.ID || field(r, "text") != "from the first\n" {
		t.Errorf("%s under %s, want it under %s", r.Content, r.ParentID(), first.ID)
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	if e := f.Finish(second); e.Text("stdout") != "" {
		t.Errorf("the second cell printed %q", e.Text("stdout"))
	}
}

func TestLateOutputIsCountedAtTheEnd(t *testing.T) {
	fake := &langtest.Fake{}
	var log bytes.Buffer // written by the kernel, read after its end
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	f := kerneltest.Connect(t, server.Connection)
	f.Execute("out in time\nlater from the first")
	s := fake.Newest(t.Context())
	s.Late()
	f.Await("late output", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream && field(r, "text") == "from the first\n"
	})
	f.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": false})
	if err := server.Wait(t); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Count(got, "output came after the end of its cell") != 1 || !strings.Contains(got, "lines=1") {
		t.Errorf("the log says %q", got)
	}
}

// What the kernel says of a session that ended between cells is no output of a cell.
func TestTheEndOfASessionIsNoLateOutput(t *testing.T) {
	fake := &langtest.Fake{}
	var log bytes.Buffer // written by the kernel, read after its end
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	f := kerneltest.Connect(t, server.Connection)
	f.Execute("set x 1")
	fake.Newest(t.Context()).Crash("boom")
	f.Await("what became of the session", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream
	})
	f.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": false})
	if err := server.Wait(t); err != nil {
		t.Fatal(err)
	}
	if got := log.String(); strings.Contains(got, "output came after the end of its cell") {
		t.Errorf("the log says %q", got)
	}
}

func TestDisplays(t *testing.T) {
	f, _ := start(t)
	e := f.Execute("show#a one\nupdate#a two\nclear wait\nshow three")
	if got, want := e.Types(), "busy execute_input display_data update_display_data clear_output display_data idle"; got != want {
		t.Fatalf("published %q, want %q", got, want)
	}
	for i, want := range []string{"one", "three"} {
		if data := field(e.Of(wire.DisplayData)[i], "data").(map[string]any); data["text/plain"] != want {
			t.Errorf("display %d shows %v, want %s", i, data, want)
		}
	}
	update := e.Of(wire.UpdateDisplayData)[0]
	if id := field(update, "transient").(map[string]any)["display_id"]; id != "a" {
		t.Errorf("update of display %v, want a", id)
	}
	if field(e.Of(wire.ClearOutput)[0], "wait") != true {
		t.Errorf("clear_output without wait")
	}
}

func TestTopics(t *testing.T) {
	f, _ := start(t)
	for _, r := range f.Execute("out x\nshow y").IOPub {
		topic := string(r.Frames[0])
		want := "." + string(r.Header.Type)
		if r.Header.Type == wire.Stream {
			want = "stream.stdout"
		}
		if !strings.HasSuffix(topic, want) {
			t.Errorf("%s has topic %q", r.Header.Type, topic)
		}
	}
}

// A subscriber that stops reading is dropped: control answers meanwhile, and who
// reads loses nothing.
func TestStuckSubscriberCostsOthersNothing(t *testing.T) {
	const lines = 1_000_000
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	f := kerneltest.Connect(t, server.Connection)
	kerneltest.Stick(t, server.Connection)
	code := "many " + strconv.Itoa(lines)
	id := f.Code(code, nil)
	running(t, fake, code)
	for range 20 {
		f.Reply(f.Send(kerneltest.Control, wire.KernelInfoRequest, nil))
	}
	e := f.Finish(id)
	if got := strings.Count(e.Text("stdout"), "\n"); got != lines {
		t.Errorf("received %d lines, want %d", got, lines)
	}
}
