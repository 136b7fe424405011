package kernel_test

import (
	"io"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// asked waits for the input_request of a cell.
func asked(f *kerneltest.FrontEnd, id string) kerneltest.Received {
	return f.Await("input_request", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.Stdin && r.Header.Type == wire.InputRequest && r.ParentID() == id
	})
}

// answer answers a question; parent is the header that the answer names.
func answer(f *kerneltest.FrontEnd, parent []byte, value string) {
	m := f.Message(wire.InputReply, map[string]any{"status": "ok", "value": value})
	m.Parent = parent
	f.SendMessage(kerneltest.Stdin, m)
}

var allow = kerneltest.Fields{"allow_stdin": true}

func TestInput(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	ana, eva := kerneltest.Connect(t, server.Connection), kerneltest.Connect(t, server.Connection)
	id := ana.Code("out first\nask Name?\nsecret Password?", allow)
	q := asked(ana, id)
	if field(q, "prompt") != "Name?" || field(q, "password") != false {
		t.Errorf("asked %s", q.Content)
	}
	ana.Await("output before the question", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && field(r, "text") == "first\n"
	})
	answer(eva, nil, "I was not asked")
	answer(ana, q.RawHeader, "Ana")
	secret := ana.Await("second question", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.Stdin && field(r, "password") == true
	})
	answer(ana, nil, "secret")
	e := ana.Finish(id)
	if got, want := e.Text("stdout"), "first\nAna\nsecret\n"; got != want {
		t.Errorf("printed %q, want %q (questions %s, %s)", got, want, q.Content, secret.Content)
	}
	for _, r := range eva.Log() {
		if r.Channel == kerneltest.Stdin {
			t.Errorf("somebody else was asked: %s", r.Content)
		}
	}
}

func TestInputIsRefused(t *testing.T) {
	f, _ := start(t)
	if e := f.Execute("ask Name?"); field(e.Reply, "evalue") != lang.ErrNoInput.Error() {
		t.Errorf("reply %s", e.Reply.Content)
	}
}

func TestStaleInputIsDropped(t *testing.T) {
	f, _ := start(t)
	answer(f, nil, "before anybody asked")
	first := f.Code("ask One?", allow)
	q := asked(f, first)
	answer(f, q.RawHeader, "one")
	f.Finish(first)
	second := f.Code("ask Two?", allow)
	now := asked(f, second)
	answer(f, q.RawHeader, "stale")
	answer(f, now.RawHeader, "two")
	if e := f.Finish(second); e.Text("stdout") != "two\n" {
		t.Errorf("printed %q", e.Text("stdout"))
	}
}

func TestEndOfInput(t *testing.T) {
	f, _ := start(t)
	id := f.Code("ask More?", allow)
	answer(f, asked(f, id).RawHeader, "\x04")
	if e := f.Finish(id); field(e.Reply, "evalue") != io.EOF.Error() {
		t.Errorf("reply %s", e.Reply.Content)
	}
}

func TestInterruptDuringInput(t *testing.T) {
	f, _ := start(t)
	id := f.Code("ask Name?", allow)
	asked(f, id)
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	if e := f.Finish(id); field(e.Reply, "ename") != lang.Interrupted {
		t.Errorf("reply %s", e.Reply.Content)
	}
	if e := f.Execute("out on"); e.Status() != "ok" {
		t.Errorf("next cell: %s", e.Reply.Content)
	}
}
