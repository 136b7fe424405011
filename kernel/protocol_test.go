package kernel_test

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func TestEveryRequestIsBetweenBusyAndIdle(t *testing.T) {
	f, _ := start(t)
	for request, content := range map[wire.Type]map[string]any{
		wire.KernelInfoRequest: {},
		wire.ExecuteRequest:    {"code": ""},
		wire.IsCompleteRequest: {"code": "1"},
		wire.CompleteRequest:   {"code": "fm", "cursor_pos": 2},
		wire.InspectRequest:    {"code": "fm", "cursor_pos": 2, "detail_level": 0},
		wire.HistoryRequest:    {"hist_access_type": "tail", "n": 5, "output": false, "raw": true},
		wire.CommInfoRequest:   {},
		wire.ConnectRequest:    {},
		wire.InterruptRequest:  {},

		wire.ListSubshellRequest:   {},
		wire.CreateSubshellRequest: {},
	} {
		for _, ch := range []kerneltest.Channel{kerneltest.Shell, kerneltest.Control} {
			id := f.Send(ch, request, content)
			r := f.Reply(id)
			if want, _ := request.Reply(); r.Header.Type != want || r.Channel != ch || field(r, "status") == "error" {
				t.Errorf("%s on %s got %s on %s: %s", request, ch, r.Header.Type, r.Channel, r.Content)
			}
			types := strings.Fields(kerneltest.Execution{IOPub: f.Published(id)}.Types())
			if types[0] != wire.Busy || types[len(types)-1] != wire.Idle {
				t.Errorf("%s on %s published %v", request, ch, types)
			}
		}
	}
}

func TestUnknownTypeGetsBusyAndIdle(t *testing.T) {
	f, _ := start(t)
	for _, ch := range []kerneltest.Channel{kerneltest.Shell, kerneltest.Control} {
		id := f.Send(ch, "sing_request", map[string]any{"song": "la"})
		e := kerneltest.Execution{IOPub: f.Published(id)}
		if got, want := e.Types(), "busy idle"; got != want {
			t.Errorf("published %q, want %q", got, want)
		}
	}
	f.Execute("")
	for _, r := range f.Log() {
		if r.Message != nil && r.Header.Type == "sing_reply" {
			t.Error("an unknown request was answered")
		}
	}
}

func TestReplyGoesToTheAsker(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	ana, eva := kerneltest.Connect(t, server.Connection), kerneltest.Connect(t, server.Connection)
	a, b := ana.Execute("out a"), eva.Execute("out b")
	ana.Published(b.ID)
	for f, other := range map[*kerneltest.FrontEnd]string{ana: b.ID, eva: a.ID} {
		for _, r := range f.Log() {
			if r.Channel == kerneltest.Shell && r.ParentID() == other {
				t.Errorf("received somebody else's %s", r.Header.Type)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	f, _ := start(t)
	m := f.Message(wire.ExecuteRequest, map[string]any{"code": "out x"})
	var header map[string]any
	raw, _ := json.Marshal(m.Header)
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatal(err)
	}
	header["subshell_id"] = nil
	header["colour"] = "blue"
	m.RawHeader, _ = json.Marshal(header)
	f.SendMessage(kerneltest.Shell, m)
	e := f.Finish(m.Header.ID)
	seen := map[string]bool{}
	for _, r := range append(e.IOPub, e.Reply) {
		if string(r.Parent) != string(m.RawHeader) {
			t.Errorf("%s has parent %s, want %s", r.Header.Type, r.Parent, m.RawHeader)
		}
		if seen[r.Header.ID] {
			t.Errorf("msg_id %s twice", r.Header.ID)
		}
		seen[r.Header.ID] = true
		if r.Header.Session == m.Header.Session || r.Header.Session != e.Reply.Header.Session {
			t.Errorf("%s has session %s", r.Header.Type, r.Header.Session)
		}
	}
}

func TestStartingOnce(t *testing.T) {
	f, _ := start(t)
	f.Execute("crash x")
	f.Execute("out y")
	n := 0
	for _, r := range f.Log() {
		if r.Channel == kerneltest.IOPub && field(r, "execution_state") == wire.Starting {
			n++
			if string(r.Parent) != "{}" {
				t.Errorf("starting has parent %s", r.Parent)
			}
		}
	}
	if n > 1 {
		t.Errorf("starting was published %d times", n)
	}
}

func TestHostileMessagesAreDropped(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	f := kerneltest.Connect(t, server.Connection)
	forge := func(change func(frames [][]byte) [][]byte) [][]byte {
		return change(f.Frames(f.Message(wire.ExecuteRequest, map[string]any{"code": "out hostile"})))
	}
	replay := forge(func(frames [][]byte) [][]byte { return frames })
	for _, ch := range []kerneltest.Channel{kerneltest.Shell, kerneltest.Control, kerneltest.Stdin} {
		for _, frames := range [][][]byte{
			forge(func(fr [][]byte) [][]byte { fr[1] = []byte(strings.Repeat("0", 64)); return fr }),
			forge(func(fr [][]byte) [][]byte { fr[1] = nil; return fr }),
			forge(func(fr [][]byte) [][]byte { fr[5] = []byte(`{"code":"out changed"}`); return fr }),
			forge(func(fr [][]byte) [][]byte { return fr[:4] }),
			forge(func(fr [][]byte) [][]byte { return fr[1:] }),
			{nil}, {[]byte("<IDS|MSG>")}, {[]byte("hello")},
		} {
			f.SendFrames(ch, frames)
		}
	}
	f.SendFrames(kerneltest.Shell, replay)
	f.SendFrames(kerneltest.Shell, replay)
	for _, ch := range []kerneltest.Channel{kerneltest.Shell, kerneltest.Control} {
		f.Reply(f.Send(ch, wire.KernelInfoRequest, nil))
	}
	if e := f.Execute("out well"); e.Text("stdout") != "well\n" || e.Count() != 2 {
		t.Errorf("afterwards: %s", e.Reply.Content)
	}
}

// Python writes NaN where JSON has none, and signs it.
func TestUnreadableRequestsAreAnswered(t *testing.T) {
	f, _ := start(t)
	for _, request := range []wire.Type{
		wire.ExecuteRequest, wire.CompleteRequest, wire.KernelInfoRequest, wire.HistoryRequest, wire.InterruptRequest,
		wire.CreateSubshellRequest, wire.ShutdownRequest,
	} {
		for _, content := range []string{`{"code": "out x", "x": NaN}`, "null", "[]", `"text"`, ""} {
			m := f.Message(request, nil)
			m.Content = []byte(content + " ")
			channel := kerneltest.Shell
			if request == wire.InterruptRequest || request == wire.ShutdownRequest || request == wire.CreateSubshellRequest {
				channel = kerneltest.Control
			}
			f.SendMessage(channel, m)
			r := f.Reply(m.Header.ID)
			text, _ := field(r, "evalue").(string)
			if field(r, "status") != "error" || field(r, "ename") != "ProtocolError" ||
				!strings.Contains(text, "the content of "+string(request)+" is no JSON object") {
				t.Errorf("%s with %q was answered with %s", request, content, r.Content)
			}
			f.Published(m.Header.ID)
		}
	}
	if e := f.Execute("out well"); e.Text("stdout") != "well\n" || e.Count() != 1 {
		t.Errorf("afterwards: %s", e.Reply.Content)
	}
}

func TestHeartbeat(t *testing.T) {
	f, fake := start(t)
	id := f.Code("wait", nil)
	running(t, fake, "wait")
	for _, frames := range [][][]byte{{nil, []byte("ping")}, {[]byte("\x00\xff")}, {nil}} {
		f.SendFrames(kerneltest.Heartbeat, frames)
	}
	var got []string
	f.Await("echoes", func(r kerneltest.Received) bool {
		if r.Channel == kerneltest.Heartbeat {
			var parts []string
			for _, frame := range r.Frames {
				parts = append(parts, string(frame))
			}
			got = append(got, strings.Join(parts, "|"))
		}
		return len(got) == 3
	})
	if want := "|ping,\x00\xff,"; strings.Join(got, ",") != want {
		t.Errorf("echoed %q, want %q", strings.Join(got, ","), want)
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	f.Finish(id)
}

func TestIPC(t *testing.T) {
	fake := &langtest.Fake{}
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, Connection: wire.Connection{
		Transport: "ipc", IP: filepath.Join(t.TempDir(), "k"),
		ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HeartbeatPort: 5,
	}})
	if e := f.Execute("out x"); e.Text("stdout") != "x\n" {
		t.Errorf("printed %q", e.Text("stdout"))
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	fake := &langtest.Fake{}
	k, err := kernel.New(kernel.Config{Start: fake.Start, Connection: wire.Connection{
		Transport: "tcp", IP: "127.0.0.1", ShellPort: l.Addr().(*net.TCPAddr).Port,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "shell") {
		t.Errorf("Run returned %v, want an error that names the channel", err)
	}
}
