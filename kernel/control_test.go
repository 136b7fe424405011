package kernel_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func TestControlIsServedWhileACellRuns(t *testing.T) {
	f, fake := start(t)
	id := f.Code("wait", nil)
	running(t, fake, "wait")
	info := f.Send(kerneltest.Control, wire.KernelInfoRequest, nil)
	if r := f.Reply(info); r.Channel != kerneltest.Control {
		t.Errorf("answered on %s", r.Channel)
	}
	f.Published(info)
	for _, r := range f.Log() {
		if r.Channel == kerneltest.Shell && r.ParentID() == id {
			t.Errorf("the cell ended first: %s", r.Content)
		}
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	f.Finish(id)
}

// Requests on control are handled one after the other, executions included.
func TestControlIsSequential(t *testing.T) {
	f, _ := start(t)
	var ids []string
	for i := range 20 {
		request, content := wire.ExecuteRequest, map[string]any{"code": "many 100"}
		if i%2 == 1 {
			request, content = wire.CompleteRequest, map[string]any{"code": "x", "cursor_pos": 1}
		}
		ids = append(ids, f.Send(kerneltest.Control, request, content))
	}
	previous := ""
	for i := 0; i < len(ids); i += 2 {
		e := f.Finish(ids[i])
		if e.Reply.Channel != kerneltest.Control {
			t.Errorf("answered on %s", e.Reply.Channel)
		}
		var metadata struct{ Started string }
		if err := json.Unmarshal(e.Reply.Metadata, &metadata); err != nil {
			t.Fatal(err)
		}
		if metadata.Started < previous {
			t.Errorf("execution %d started at %s, before the one before it ended at %s", i, metadata.Started, previous)
		}
		previous = e.Reply.Header.Date
	}
	open := ""
	for _, r := range f.Log() {
		id := r.ParentID()
		if r.Channel != kerneltest.IOPub || r.Header.Type != wire.Status || slices.Index(ids, id)%2 != 1 {
			continue // the desk of the channel answers every second one
		}
		switch state := field(r, "execution_state"); {
		case state == wire.Busy && open == "":
			open = id
		case state == wire.Idle && open == id:
			open = ""
		default:
			t.Fatalf("%v of %s while %q is open", state, id, open)
		}
	}
}

func TestInterrupt(t *testing.T) {
	f, fake := start(t)
	f.Execute("set x 1")
	id := f.Code("out begun\nwait", nil)
	running(t, fake, "out begun\nwait")
	stop := f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	if r := f.Reply(stop); r.Channel != kerneltest.Control || field(r, "status") != "ok" {
		t.Errorf("%s on %s", r.Content, r.Channel)
	}
	if e := f.Finish(id); e.Status() != "error" || field(e.Reply, "ename") != lang.Interrupted {
		t.Errorf("reply %s", e.Reply.Content)
	}
	if e := f.Execute("get x"); e.Text("stdout") != "1\n" {
		t.Errorf("afterwards x is %q", e.Text("stdout"))
	}
}

// An interrupt does not wait for what waits before it on control: here, for a
// question to a session that has not started.
func TestInterruptActsBeforeItsTurn(t *testing.T) {
	fake := &langtest.Fake{}
	release := fake.HoldStarts()
	defer release()
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start})
	cell := f.Code("out x", nil)
	f.Await("beginning of the cell", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.ExecuteInput
	})
	question := f.Send(kerneltest.Control, wire.CompleteRequest, map[string]any{"code": "x", "cursor_pos": 1})
	stop := f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	if e := f.Finish(cell); field(e.Reply, "ename") != lang.Interrupted {
		t.Errorf("reply %s", e.Reply.Content)
	}
	for _, r := range f.Log() {
		if r.Channel == kerneltest.Control && (r.ParentID() == question || r.ParentID() == stop) {
			t.Errorf("%s came before the cell had ended", r.Header.Type)
		}
	}
	f.Reply(question)
	f.Reply(stop)
}

func TestInterruptAtIdle(t *testing.T) {
	f, fake := start(t)
	f.Execute("set x 1")
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	if e := f.Execute("get x"); e.Text("stdout") != "1\n" || len(fake.Sessions()) != 1 {
		t.Errorf("afterwards: %s", e.Reply.Content)
	}
}

func TestCellThatDoesNotStopLosesItsSession(t *testing.T) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, InterruptGrace: 10 * time.Millisecond})
	f.Execute("set x 1")
	id := f.Code("hang", nil)
	running(t, fake, "hang")
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	e := f.Finish(id)
	if field(e.Reply, "ename") != lang.Interrupted || !strings.Contains(e.Traceback(), "variables are gone") {
		t.Errorf("reply %s", e.Reply.Content)
	}
	if e := f.Execute("get x"); field(e.Reply, "evalue") != "undefined: x" || len(fake.Sessions()) != 2 {
		t.Errorf("afterwards, with %d sessions: %s", len(fake.Sessions()), e.Reply.Content)
	}
}

func TestShutdown(t *testing.T) {
	for _, ch := range []kerneltest.Channel{kerneltest.Control, kerneltest.Shell} {
		fake := &langtest.Fake{}
		server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
		f := kerneltest.Connect(t, server.Connection)
		f.Execute("many 10000")
		id := f.Send(ch, wire.ShutdownRequest, map[string]any{"restart": true})
		r := f.Reply(id)
		if r.Channel != ch || field(r, "restart") != true {
			t.Errorf("%s on %s", r.Content, r.Channel)
		}
		e := kerneltest.Execution{IOPub: f.Published(id)}
		if got, want := e.Types(), "busy shutdown_reply idle"; got != want {
			t.Errorf("published %q, want %q", got, want)
		}
		if err := server.Wait(t); err != nil {
			t.Errorf("Run returned %v", err)
		}
		select {
		case <-fake.Sessions()[0].Done():
		default:
			t.Error("the session was left behind")
		}
	}
}

func TestShutdownWhileACellRuns(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	f := kerneltest.Connect(t, server.Connection)
	cell := f.Code("hang", nil)
	running(t, fake, "hang")
	id := f.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": false})
	if e := f.Finish(cell); e.Status() != "error" || strings.Contains(e.Traceback(), "fresh session") {
		t.Errorf("the cell: %s", e.Reply.Content)
	}
	f.Reply(id)
	if err := server.Wait(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if n := len(fake.Sessions()); n != 1 {
		t.Errorf("%d sessions were started, want 1", n)
	}
}

func TestCancelEndsRun(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	f := kerneltest.Connect(t, server.Connection)
	cell := f.Code("out begun\nwait", nil)
	running(t, fake, "out begun\nwait")
	server.Stop()
	if err := server.Wait(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if e := f.Finish(cell); e.Text("stdout") != "begun\n" || e.Status() != "error" {
		t.Errorf("the cell: %s", e.Reply.Content)
	}
	select {
	case <-fake.Sessions()[0].Done():
	default:
		t.Error("the session was left behind")
	}
}
