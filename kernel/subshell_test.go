package kernel_test

import (
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

func subshells(f *kerneltest.FrontEnd) []string {
	r := f.Reply(f.Send(kerneltest.Control, wire.ListSubshellRequest, nil))
	ids := []string{}
	for _, id := range field(r, "subshell_id").([]any) {
		ids = append(ids, id.(string))
	}
	return ids
}

func deleteSubshell(f *kerneltest.FrontEnd, id string) kerneltest.Received {
	return f.Reply(f.Send(kerneltest.Control, wire.DeleteSubshellRequest, map[string]any{"subshell_id": id}))
}

// pairs are two shells of which at least one is a subshell.
func pairs(f *kerneltest.FrontEnd) [][2]string {
	return [][2]string{{"", f.Subshell()}, {f.Subshell(), ""}, {f.Subshell(), f.Subshell()}}
}

func TestSubshellLifetime(t *testing.T) {
	f, _ := start(t)
	info := f.Reply(f.Send(kerneltest.Shell, wire.KernelInfoRequest, nil))
	if features := field(info, "supported_features").([]any); !slices.Contains(features, any("kernel subshells")) {
		t.Errorf("supported_features are %v", features)
	}
	if got := subshells(f); len(got) != 0 {
		t.Errorf("at first there are %v", got)
	}
	first, second := f.Subshell(), f.Subshell()
	if got := subshells(f); !slices.Equal(got, []string{first, second}) {
		t.Errorf("there are %v, want %v", got, []string{first, second})
	}
	if r := deleteSubshell(f, first); field(r, "status") != "ok" {
		t.Errorf("deleting: %s", r.Content)
	}
	for _, id := range []string{first, "no such", ""} {
		if r := deleteSubshell(f, id); field(r, "status") != "error" || field(r, "ename") != "UnknownSubshellError" {
			t.Errorf("deleting %q: %s", id, r.Content)
		}
	}
	if got := subshells(f); !slices.Equal(got, []string{second}) {
		t.Errorf("there are %v, want %v", got, []string{second})
	}
}

func TestSubshellsRunSideBySide(t *testing.T) {
	f, fake := start(t)
	for _, p := range pairs(f) {
		waits := f.CodeIn(p[0], "wait", nil)
		running(t, fake, "wait")
		beside := f.Finish(f.CodeIn(p[1], "set x 1\nget x\nresult 2", nil))
		if got, want := beside.Types(), "busy execute_input stream execute_result idle"; got != want || beside.Text("stdout") != "1\n" {
			t.Errorf("%q beside %q published %q, want %q", p[1], p[0], got, want)
		}
		for _, r := range append(beside.IOPub, beside.Reply) {
			if got := kerneltest.Field(&wire.Message{Content: r.Parent}, "subshell_id"); p[1] != "" && got != p[1] {
				t.Errorf("%s has subshell %v in its parent header, want %s", r.Header.Type, got, p[1])
			}
		}
		f.Send(kerneltest.Control, wire.InterruptRequest, nil)
		if first := f.Finish(waits); first.Count() != beside.Count()-1 {
			t.Errorf("counts are %d and %d, want consecutive ones", first.Count(), beside.Count())
		}
		if e := f.Execute("get x"); e.Text("stdout") != "1\n" {
			t.Errorf("the main shell sees x as %q", e.Text("stdout"))
		}
	}
}

func TestUnknownSubshellIsAnError(t *testing.T) {
	f, _ := start(t)
	f.Execute("out counted")
	gone := f.Subshell()
	deleteSubshell(f, gone)
	for _, id := range []string{"none", gone} {
		for request, content := range map[wire.Type]any{
			wire.ExecuteRequest:    map[string]any{"code": "out x"},
			wire.CompleteRequest:   map[string]any{"code": "x", "cursor_pos": 1},
			wire.KernelInfoRequest: nil,
			wire.CommOpen:          map[string]any{"comm_id": "c", "target_name": "echo", "data": map[string]any{}},
			wire.CommMsg:           map[string]any{"comm_id": "c", "data": map[string]any{}},
		} {
			m := f.Message(request, content)
			m.Header.Subshell = id
			f.SendMessage(kerneltest.Shell, m)
			if e := (kerneltest.Execution{IOPub: f.Published(m.Header.ID)}); e.Types() != "busy idle" {
				t.Errorf("%s published %q", request, e.Types())
			}
			if _, answered := request.Reply(); !answered {
				continue
			}
			r := f.Reply(m.Header.ID)
			if field(r, "status") != "error" || field(r, "ename") != "UnknownSubshellError" {
				t.Errorf("%s: %s", request, r.Content)
			}
			if request == wire.ExecuteRequest && field(r, "execution_count") != 1.0 {
				t.Errorf("execute_reply: %s", r.Content)
			}
		}
	}
}

func TestErrorAbortsItsOwnShellOnly(t *testing.T) {
	f, fake := start(t)
	for _, p := range pairs(f) {
		beside := f.CodeIn(p[1], "wait", nil)
		running(t, fake, "wait")
		next := f.CodeIn(p[1], "out next", kerneltest.Fields{"stop_on_error": false})
		fails := f.CodeIn(p[0], "fail", nil)
		second := f.CodeIn(p[0], "out second", nil)
		if e := f.Finish(fails); e.Status() != "error" {
			t.Errorf("the cell that fails: %s", e.Reply.Content)
		}
		if e := f.Finish(second); e.Status() != "aborted" {
			t.Errorf("the cell behind it: %s", e.Reply.Content)
		}
		if e := f.Finish(f.CodeIn(p[0], "out third", nil)); e.Status() != "ok" {
			t.Errorf("a cell that was sent afterwards: %s", e.Reply.Content)
		}
		fake.Newest(t.Context()).Crash("to end the wait without an interrupt")
		if e := f.Finish(beside); field(e.Reply, "ename") != lang.Crashed {
			t.Errorf("the cell beside it: %s", e.Reply.Content)
		}
		f.Finish(next)
	}
}

func TestInterruptReachesAllShells(t *testing.T) {
	f, fake := start(t)
	shells := []string{"", f.Subshell(), f.Subshell()}
	var first, second []string
	for _, id := range shells {
		first = append(first, f.CodeIn(id, "wait", nil))
		running(t, fake, "wait")
		second = append(second, f.CodeIn(id, "out second", nil))
	}
	f.Reply(f.Send(kerneltest.Shell, wire.InterruptRequest, nil))
	for i := range shells {
		if e := f.Finish(first[i]); field(e.Reply, "ename") != lang.Interrupted {
			t.Errorf("cell of shell %d: %s", i, e.Reply.Content)
		}
		if e := f.Finish(second[i]); e.Status() != "aborted" {
			t.Errorf("what waits in shell %d: %s", i, e.Reply.Content)
		}
	}
}

func TestShutdownEndsAllShells(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	f := kerneltest.Connect(t, server.Connection)
	sub := f.Subshell()
	cells := []string{f.Code("hang", nil)}
	running(t, fake, "hang")
	cells = append(cells, f.CodeIn(sub, "hang", nil))
	running(t, fake, "hang")
	waits := f.CodeIn(sub, "out never", nil)
	f.Reply(f.Send(kerneltest.Shell, wire.IsCompleteRequest, map[string]any{"code": ""})) // shell has been read so far
	id := f.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": true})
	for _, cell := range cells {
		if e := f.Finish(cell); e.Status() != "error" {
			t.Errorf("a cell that ran: %s", e.Reply.Content)
		}
	}
	if e := f.Finish(waits); e.Status() != "aborted" {
		t.Errorf("a cell that waited: %s", e.Reply.Content)
	}
	f.Reply(id)
	if err := server.Wait(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// The running cell of a subshell that is deleted goes on, what waits is aborted.
func TestDeletedSubshellFinishesItsCell(t *testing.T) {
	f, fake := start(t)
	sub := f.Subshell()
	first := f.CodeIn(sub, "out begun\nwait", nil)
	running(t, fake, "out begun\nwait")
	second := f.CodeIn(sub, "out second", nil)
	f.Reply(f.Send(kerneltest.Shell, wire.IsCompleteRequest, map[string]any{"code": ""})) // shell has been read so far
	if r := deleteSubshell(f, sub); field(r, "status") != "ok" {
		t.Errorf("deleting: %s", r.Content)
	}
	for _, r := range f.Log() {
		if r.Channel == kerneltest.Shell && r.ParentID() == first {
			t.Errorf("the cell ended first: %s", r.Content)
		}
	}
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	if e := f.Finish(first); field(e.Reply, "ename") != lang.Interrupted || e.Text("stdout") != "begun\n" {
		t.Errorf("the running cell: %s", e.Reply.Content)
	}
	if e := f.Finish(second); e.Status() != "aborted" {
		t.Errorf("the waiting cell: %s", e.Reply.Content)
	}
}

func TestCrashFailsTheCellsOfAllShells(t *testing.T) {
	f, fake := start(t)
	f.Execute("set x 1")
	sub := f.Subshell()
	waits := f.Code("wait", nil)
	running(t, fake, "wait")
	crashes := f.CodeIn(sub, "crash fatal error: concurrent map writes", nil)
	for _, id := range []string{waits, crashes} {
		e := f.Finish(id)
		for _, want := range []string{"concurrent map writes", "variables are gone", "%restore brings back x"} {
			if !strings.Contains(e.Traceback(), want) {
				t.Errorf("traceback %q, want %q in it", e.Traceback(), want)
			}
		}
	}
	for _, id := range []string{"", sub} {
		if e := f.Finish(f.CodeIn(id, "out on", nil)); e.Text("stdout") != "on\n" {
			t.Errorf("the next cell: %s", e.Reply.Content)
		}
	}
	if n := len(fake.Sessions()); n != 2 {
		t.Errorf("%d sessions were started, want 2", n)
	}
}

// A cell that does not stop costs the session, and what began beside it is told
// why it ended.
func TestCellThatDoesNotStopCostsItsNeighbours(t *testing.T) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, InterruptGrace: 2 * time.Second})
	sub := f.Subshell()
	hangs := f.Code("hang", nil)
	running(t, fake, "hang")
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	waits := f.CodeIn(sub, "wait", nil)
	running(t, fake, "wait")
	if e := f.Finish(hangs); field(e.Reply, "ename") != lang.Interrupted || !strings.Contains(e.Traceback(), "variables are gone") {
		t.Errorf("the cell that does not stop: %s", e.Reply.Content)
	}
	if e := f.Finish(waits); field(e.Reply, "ename") != lang.Crashed || !strings.Contains(e.Traceback(), "did not stop when it was interrupted") {
		t.Errorf("the cell beside it: %s", e.Reply.Content)
	}
	if n := len(fake.Sessions()); n != 2 {
		t.Errorf("%d sessions were started, want 2", n)
	}
}

// Two cells that ask get their answers one after the other, each from its own
// front end.
func TestOneQuestionAtATime(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	ana, eva := kerneltest.Connect(t, server.Connection), kerneltest.Connect(t, server.Connection)
	sub := eva.Subshell()
	first := ana.Code("ask Ana?", allow)
	question := asked(ana, first)
	second := eva.CodeIn(sub, "ask Eva?", allow)
	running(t, fake, "ask Eva?")
	eva.Reply(eva.Send(kerneltest.Control, wire.KernelInfoRequest, nil))
	for _, r := range eva.Log() {
		if r.Channel == kerneltest.Stdin {
			t.Errorf("asked %s while a question was open", r.Content)
		}
	}
	answer(ana, question.RawHeader, "ana")
	answer(eva, asked(eva, second).RawHeader, "eva")
	if e := ana.Finish(first); e.Text("stdout") != "ana\n" {
		t.Errorf("the first cell printed %q", e.Text("stdout"))
	}
	if e := eva.Finish(second); e.Text("stdout") != "eva\n" {
		t.Errorf("the second cell printed %q", e.Text("stdout"))
	}
}

func TestSilentSubshellBesideANoisyCell(t *testing.T) {
	f, fake := start(t)
	silent := f.CodeIn(f.Subshell(), "out never\nwait", kerneltest.Fields{"silent": true})
	running(t, fake, "out never\nwait")
	if e := f.Execute("out noisy"); e.Text("stdout") != "noisy\n" {
		t.Errorf("the main shell printed %q", e.Text("stdout"))
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	if e := f.Finish(silent); e.Types() != "busy idle" {
		t.Errorf("the silent cell published %q", e.Types())
	}
}
