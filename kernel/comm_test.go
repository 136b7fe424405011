package kernel_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// comm sends a message of a comm and returns what was published for it.
func comm(f *kerneltest.FrontEnd, t wire.Type, content map[string]any, buffers ...[]byte) kerneltest.Execution {
	return kerneltest.Execution{IOPub: f.Published(sendComm(f, t, content, buffers...))}
}

func sendComm(f *kerneltest.FrontEnd, t wire.Type, content map[string]any, buffers ...[]byte) string {
	m := f.Message(t, content)
	m.Metadata, m.Buffers = json.RawMessage(`{"version":"2.1.0"}`), buffers
	f.SendMessage(kerneltest.Shell, m)
	return m.Header.ID
}

// runs is the content of a comm message that has the fake session run code.
func runs(id, code string) map[string]any {
	return map[string]any{"comm_id": id, "data": map[string]any{"run": code}}
}

func openEcho(t *testing.T, f *kerneltest.FrontEnd, id string) {
	t.Helper()
	e := comm(f, wire.CommOpen, map[string]any{"comm_id": id, "target_name": "echo", "data": map[string]any{}})
	if got := e.Types(); got != "busy idle" {
		t.Fatalf("opening a comm published %q", got)
	}
}

// infos are the open comms of a target as "id target", sorted.
func infos(f *kerneltest.FrontEnd, target any) string {
	r := f.Reply(f.Send(kerneltest.Shell, wire.CommInfoRequest, map[string]any{"target_name": target}))
	comms, _ := field(r, "comms").(map[string]any)
	var out []string
	for id, info := range comms {
		out = append(out, fmt.Sprintf("%s %v", id, info.(map[string]any)["target_name"]))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestUnknownCommIsClosed(t *testing.T) {
	f, _ := start(t)
	e := comm(f, wire.CommOpen, map[string]any{"comm_id": "c1", "target_name": "none", "data": map[string]any{}})
	if got, want := e.Types(), "busy comm_close idle"; got != want {
		t.Fatalf("published %q, want %q", got, want)
	}
	if field(e.IOPub[1], "comm_id") != "c1" {
		t.Errorf("closed %s", e.IOPub[1].Content)
	}
	if got := infos(f, nil); got != "" {
		t.Errorf("open are %s", got)
	}
}

func TestCommOfTheFrontEnd(t *testing.T) {
	f, _ := start(t)
	openEcho(t, f, "c1")
	big := bytes.Repeat([]byte{0, 0xff, '\n'}, 1<<20)
	e := comm(f, wire.CommMsg, map[string]any{"comm_id": "c1", "data": map[string]any{"x": 1}}, []byte{}, big)
	messages := e.Of(wire.CommMsg)
	if e.Types() != "busy comm_msg idle" {
		t.Fatalf("published %q", e.Types())
	}
	m := messages[0]
	if string(m.Content) != `{"comm_id":"c1","data":{"x":1}}` || string(m.Metadata) != `{"version":"2.1.0"}` {
		t.Errorf("content %s, metadata %s", m.Content, m.Metadata)
	}
	if len(m.Buffers) != 2 || len(m.Buffers[0]) != 0 || !bytes.Equal(m.Buffers[1], big) {
		t.Errorf("%d buffers came back, or others", len(m.Buffers))
	}
	if topic := string(m.Identities[0]); topic != "comm-c1" {
		t.Errorf("topic %q", topic)
	}
	if got := infos(f, "echo"); got != "c1 echo" {
		t.Errorf("open are %q", got)
	}
	if got := infos(f, "other"); got != "" {
		t.Errorf("open for another target are %q", got)
	}
	if got := comm(f, wire.CommClose, map[string]any{"comm_id": "c1"}).Types(); got != "busy idle" {
		t.Errorf("closing published %q", got)
	}
	if got := infos(f, nil); got != "" {
		t.Errorf("after closing, open are %q", got)
	}
}

// A message for a comm that is not open is not answered, as ipykernel does.
func TestMessageOfNoComm(t *testing.T) {
	f, _ := start(t)
	for _, content := range []map[string]any{{"comm_id": "gone", "data": map[string]any{}}, {"comm_id": 7}, {}} {
		if got := comm(f, wire.CommMsg, content).Types(); got != "busy idle" {
			t.Errorf("%v published %q", content, got)
		}
	}
}

// What the code that takes a message says is published under that message.
func TestOutputOfAComm(t *testing.T) {
	f, _ := start(t)
	openEcho(t, f, "c1")
	e := comm(f, wire.CommMsg, runs("c1", "out before\ntell#c1 {\"y\":2}\nshow it\nerr after"))
	if got, want := e.Types(), "busy stream comm_msg display_data stream idle"; got != want {
		t.Errorf("published %q, want %q", got, want)
	}
	if e.Text("stdout") != "before\n" || e.Text("stderr") != "after\n" {
		t.Errorf("printed %q and %q", e.Text("stdout"), e.Text("stderr"))
	}
}

func TestFailureInAComm(t *testing.T) {
	f, _ := start(t)
	openEcho(t, f, "c1")
	e := comm(f, wire.CommMsg, runs("c1", "fail no luck"))
	if e.Types() != "busy stream idle" || !strings.Contains(e.Text("stderr"), "no luck") {
		t.Errorf("published %q: %s", e.Types(), e.Text("stderr"))
	}
	if got := infos(f, nil); got != "c1 echo" {
		t.Errorf("open are %q", got)
	}
	opening := runs("c2", "fail at once")
	opening["target_name"] = "echo"
	if got, want := comm(f, wire.CommOpen, opening).Types(), "busy stream comm_close idle"; got != want {
		t.Errorf("a failed opening published %q, want %q", got, want)
	}
	if e := f.Execute("out well"); e.Text("stdout") != "well\n" {
		t.Errorf("afterwards %s", e.Reply.Content)
	}
}

func TestInterruptOfAComm(t *testing.T) {
	f, _ := start(t)
	openEcho(t, f, "c1")
	id := sendComm(f, wire.CommMsg, runs("c1", "out begun\nwait"))
	f.Await("begun", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream && r.ParentID() == id
	})
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	e := kerneltest.Execution{IOPub: f.Published(id)}
	if !strings.Contains(e.Text("stderr"), lang.Interrupted) {
		t.Errorf("published %q: %s", e.Types(), e.Text("stderr"))
	}
}

// A message that names a subshell is taken while a cell runs.
func TestCommInASubshell(t *testing.T) {
	f, fake := start(t)
	openEcho(t, f, "c1")
	cell := f.Code("wait", nil)
	running(t, fake, "wait")
	m := f.Message(wire.CommMsg, map[string]any{"comm_id": "c1", "data": map[string]any{"x": 1}})
	m.Header.Subshell = f.Subshell()
	f.SendMessage(kerneltest.Shell, m)
	e := kerneltest.Execution{IOPub: f.Published(m.Header.ID)}
	if e.Types() != "busy comm_msg idle" {
		t.Errorf("published %q", e.Types())
	}
	f.Reply(f.Send(kerneltest.Control, wire.InterruptRequest, nil))
	f.Finish(cell)
}

func TestCommOfACell(t *testing.T) {
	f, _ := start(t)
	e := f.Execute("out a\nopen#w1 jupyter.widget\ntell#w1 {\"z\":3}\nout b")
	if got, want := e.Types(), "busy execute_input stream comm_open comm_msg stream idle"; got != want {
		t.Fatalf("published %q, want %q", got, want)
	}
	if m := e.Of(wire.CommOpen)[0]; string(m.Content) != `{"comm_id":"w1","target_name":"jupyter.widget","data":{}}` {
		t.Errorf("opened %s", m.Content)
	}
	if m := e.Of(wire.CommMsg)[0]; string(m.Metadata) != `{"told":true}` || string(m.Buffers[0]) != "\x00told" {
		t.Errorf("metadata %s, buffers %q", m.Metadata, m.Buffers)
	}
	if got := infos(f, "jupyter.widget"); got != "w1 jupyter.widget" {
		t.Errorf("open are %q", got)
	}
	if got, want := f.Execute("shut#w1").Types(), "busy execute_input comm_close idle"; got != want {
		t.Errorf("published %q, want %q", got, want)
	}
	if got := infos(f, nil); got != "" {
		t.Errorf("after closing, open are %q", got)
	}
}

// The comms of a session end with it.
func TestCommsOfADeadSession(t *testing.T) {
	f, _ := start(t)
	f.Execute("open#w1 a")
	openEcho(t, f, "c1")
	f.Execute("crash out of luck")
	for _, id := range []string{"c1", "w1"} {
		f.Await("closing of "+id, func(r kerneltest.Received) bool {
			return r.Channel == kerneltest.IOPub && r.Header.Type == wire.CommClose && field(r, "comm_id") == id
		})
	}
	if got := infos(f, nil); got != "" {
		t.Errorf("open are %q", got)
	}
}
