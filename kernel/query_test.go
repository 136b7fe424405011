package kernel_test

import (
	"slices"
	"testing"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func TestQuestionsAreAnsweredWhileACellRuns(t *testing.T) {
	f, fake := start(t)
	f.Execute("set value 7")
	cell := f.Code("wait", nil)
	running(t, fake, "wait")
	behind := f.Code("out behind", nil)
	var asked []string
	for _, q := range []struct {
		request wire.Type
		content map[string]any
		field   string
		want    any
	}{
		{wire.CompleteRequest, map[string]any{"code": "val", "cursor_pos": 3}, "cursor_start", 0.0},
		{wire.InspectRequest, map[string]any{"code": "value", "cursor_pos": 2, "detail_level": 0}, "found", true},
		{wire.IsCompleteRequest, map[string]any{"code": "x"}, "status", "complete"},
		{wire.HistoryRequest, map[string]any{"hist_access_type": "tail", "n": 1}, "status", "ok"},
		{wire.CommInfoRequest, map[string]any{}, "status", "ok"},
		{wire.KernelInfoRequest, map[string]any{}, "status", "ok"},
	} {
		id := f.Send(kerneltest.Shell, q.request, q.content)
		asked = append(asked, id)
		if r := f.Reply(id); field(r, q.field) != q.want || r.Channel != kerneltest.Shell {
			t.Errorf("%s on %s: %s", q.request, r.Channel, r.Content)
		}
		f.Published(id)
	}
	var answered []string
	for _, r := range f.Log() {
		if r.Channel == kerneltest.Shell && slices.Contains(asked, r.ParentID()) {
			answered = append(answered, r.ParentID())
		}
		if r.Channel == kerneltest.Shell && r.ParentID() == cell {
			t.Errorf("the cell ended first: %s", r.Content)
		}
	}
	if !slices.Equal(answered, asked) {
		t.Error("the answers are not in the order of the questions")
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	f.Finish(cell)
	f.Finish(behind)
}

func TestCompletion(t *testing.T) {
	f, _ := start(t)
	f.Execute("set a\u00f1o 1\nset a\u00f1ejo 2\nset other 3")
	r := f.Reply(f.Send(kerneltest.Shell, wire.CompleteRequest, map[string]any{"code": "\U0001F600 a\u00f1 + 1", "cursor_pos": 4}))
	if got, want := field(r, "matches").([]any), []any{"a\u00f1ejo", "a\u00f1o"}; !slices.Equal(got, want) {
		t.Errorf("matches %v, want %v", got, want)
	}
	if field(r, "cursor_start") != 2.0 || field(r, "cursor_end") != 4.0 {
		t.Errorf("cursors of %s, want 2 and 4", r.Content)
	}
	described := field(r, "metadata").(map[string]any)["_jupyter_types_experimental"].([]any)
	first := described[0].(map[string]any)
	want := map[string]any{"start": 2.0, "end": 4.0, "text": "a\u00f1ejo", "type": "variable", "signature": "string"}
	for key, value := range want {
		if first[key] != value {
			t.Errorf("%s is %v, want %v", key, first[key], value)
		}
	}
	if len(described) != 2 || len(first) != len(want) {
		t.Errorf("described as %v", described)
	}
}

func TestInspection(t *testing.T) {
	f, _ := start(t)
	f.Execute("set x 1")
	r := f.Reply(f.Send(kerneltest.Shell, wire.InspectRequest, map[string]any{"code": "x", "cursor_pos": 1}))
	if data := field(r, "data").(map[string]any); field(r, "found") != true || data["text/plain"] != "var x = 1" {
		t.Errorf("reply %s", r.Content)
	}
}

// A front end is not kept waiting for a session that has not started.
func TestQuestionsAreAnsweredWithoutASession(t *testing.T) {
	fake := &langtest.Fake{}
	release := fake.HoldStarts()
	defer release()
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start})
	var ids []string
	for _, request := range []wire.Type{wire.CompleteRequest, wire.InspectRequest, wire.IsCompleteRequest} {
		ids = append(ids, f.Send(kerneltest.Shell, request, map[string]any{"code": "x", "cursor_pos": 1}))
	}
	for i, want := range []string{"ok", "ok", "unknown"} {
		if r := f.Reply(ids[i]); field(r, "status") != want {
			t.Errorf("%s: %s", r.Header.Type, r.Content)
		}
	}
}

func TestUnreadableQuestionIsAnError(t *testing.T) {
	f, _ := start(t)
	for _, request := range []wire.Type{wire.CompleteRequest, wire.InspectRequest, wire.IsCompleteRequest} {
		if r := f.Reply(f.Send(kerneltest.Shell, request, map[string]any{"code": 5})); field(r, "status") != "error" {
			t.Errorf("%s: %s", request, r.Content)
		}
	}
}

func TestIsComplete(t *testing.T) {
	f, _ := start(t)
	for code, want := range map[string]string{"x": "complete", "func f() {": "incomplete", "}": "invalid"} {
		r := f.Reply(f.Send(kerneltest.Shell, wire.IsCompleteRequest, map[string]any{"code": code}))
		indent := field(r, "indent")
		if field(r, "status") != want || (indent != nil) != (want == "incomplete") {
			t.Errorf("%q: %s", code, r.Content)
		}
	}
}

func TestCompleteFindsNothing(t *testing.T) {
	f, _ := start(t)
	code := "a\u00f1o \U0001F600 fm"
	for _, content := range []map[string]any{{"code": code, "cursor_pos": 8}, {"code": code}, {"code": code, "cursor_pos": 99}} {
		r := f.Reply(f.Send(kerneltest.Shell, wire.CompleteRequest, content))
		if field(r, "status") != "ok" || field(r, "cursor_start") != 8.0 || field(r, "cursor_end") != 8.0 || len(field(r, "matches").([]any)) != 0 {
			t.Errorf("%v: %s", content, r.Content)
		}
	}
}

func TestInspectFindsNothing(t *testing.T) {
	f, _ := start(t)
	r := f.Reply(f.Send(kerneltest.Shell, wire.InspectRequest, map[string]any{"code": "x", "cursor_pos": 1}))
	if field(r, "status") != "ok" || field(r, "found") != false {
		t.Errorf("reply %s", r.Content)
	}
}
