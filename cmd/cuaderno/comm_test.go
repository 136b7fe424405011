//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// comm sends a message of a comm as a front end does, and returns what was
// published for it.
func (k *served) comm(t wire.Type, content map[string]any, buffers ...[]byte) kerneltest.Execution {
	k.t.Helper()
	m := k.Message(t, content)
	m.Buffers = buffers
	k.SendMessage(kerneltest.Shell, m)
	return kerneltest.Execution{IOPub: k.Published(m.Header.ID)}
}

// commID is the id of the only comm that a cell has opened.
func (k *served) commID(e kerneltest.Execution) string {
	k.t.Helper()
	opened := e.Of(wire.CommOpen)
	if len(opened) != 1 {
		k.t.Fatalf("%d comms were opened: %s", len(opened), e.Types())
	}
	id, _ := kerneltest.Field(opened[0].Message, "comm_id").(string)
	return id
}

func codeCells(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	var notebook struct {
		Cells []struct {
			Type   string `json:"cell_type"`
			Source string
		}
	}
	if err == nil {
		err = json.Unmarshal(raw, &notebook)
	}
	if err != nil {
		t.Fatal(err)
	}
	var code []string
	for _, c := range notebook.Cells {
		if c.Type == "code" {
			code = append(code, c.Source)
		}
	}
	return code
}

// The models of the notebook are those of ipywidgets: a slider, moved in the
// browser, calls the cell's function, which changes the text beside it.
func TestWidgets(t *testing.T) {
	k := serve(t)
	cells := codeCells(t, "../../notebooks/testdata/widgets.ipynb")
	models := map[string]string{} // comm ids by model
	for i, code := range cells {
		e := k.ok(code)
		for _, open := range e.Of(wire.CommOpen) {
			var content struct {
				CommID string `json:"comm_id"`
				Target string `json:"target_name"`
				Data   struct {
					State   map[string]any
					Buffers []any `json:"buffer_paths"`
				}
			}
			if err := json.Unmarshal(open.Content, &content); err != nil {
				t.Fatal(err)
			}
			if content.Target != "jupyter.widget" || content.Data.Buffers == nil || string(open.Metadata) != `{"version":"2.1.0"}` {
				t.Errorf("opened %s with metadata %s", open.Content, open.Metadata)
			}
			models[fmt.Sprint(content.Data.State["_model_name"])] = content.CommID
		}
		if i == 1 {
			var shown []string
			for _, d := range e.Of(wire.DisplayData) {
				data, _ := kerneltest.Field(d.Message, "data").(map[string]any)
				view, _ := data["application/vnd.jupyter.widget-view+json"].(map[string]any)
				shown = append(shown, fmt.Sprint(view["model_id"]))
			}
			if want := []string{models["IntSliderModel"], models["TextModel"]}; fmt.Sprint(shown) != fmt.Sprint(want) {
				t.Errorf("shown are %v, want %v", shown, want)
			}
		}
	}
	moved := k.comm(wire.CommMsg, map[string]any{"comm_id": models["IntSliderModel"], "data": map[string]any{
		"method": "update", "state": map[string]any{"value": 7}, "buffer_paths": []any{},
	}})
	if got, want := moved.Types(), "busy stream comm_msg idle"; got != want {
		t.Fatalf("moving the slider published %q, want %q: %s", got, want, moved.Text("stderr"))
	}
	if moved.Text("stdout") != "el deslizador está en 7\n" {
		t.Errorf("printed %q", moved.Text("stdout"))
	}
	told := string(moved.Of(wire.CommMsg)[0].Content)
	if want := fmt.Sprintf(`{"comm_id":%q,"data":{"buffer_paths":[],"method":"update","state":{"value":"siete"}}}`, models["TextModel"]); told != want {
		t.Errorf("told %s, want %s", told, want)
	}
	if got := k.value("value"); got != "7" {
		t.Errorf("the variable is %s", got)
	}
}

// A cell's target takes comms of the front end, whose buffers arrive whole and go
// back.
func TestCommTarget(t *testing.T) {
	k := serve(t)
	k.ok(`
var last *comm.Comm
comm.Register("twice", func(c *comm.Comm, m comm.Message) {
	last = c
	fmt.Println("opened with", m.Data, m.Metadata)
	c.OnMsg(func(m comm.Message) {
		fmt.Println(m.Data.(map[string]any)["n"], len(m.Buffers[0]))
		c.SendMessage(comm.Message{Data: struct{ N int }{2}, Metadata: map[string]any{"k": true}, Buffers: [][]byte{m.Buffers[0], {}, []byte("\x00\xff")}})
	})
	c.OnClose(func(m comm.Message) { fmt.Println("closed with", m.Data) })
})`)
	open := map[string]any{"comm_id": "c1", "target_name": "twice", "data": map[string]any{"a": 1}}
	if e := k.comm(wire.CommOpen, open); e.Types() != "busy stream idle" || e.Text("stdout") != "opened with map[a:1] map[]\n" {
		t.Errorf("opening published %q: %s%s", e.Types(), e.Text("stdout"), e.Text("stderr"))
	}
	big := bytes.Repeat([]byte("\x00\x01\xfe\xff"), 1<<20)
	e := k.comm(wire.CommMsg, map[string]any{"comm_id": "c1", "data": map[string]any{"n": 1}}, big)
	if e.Types() != "busy stream comm_msg idle" || e.Text("stdout") != fmt.Sprintf("1 %d\n", len(big)) {
		t.Fatalf("published %q: %s%s", e.Types(), e.Text("stdout"), e.Text("stderr"))
	}
	m := e.Of(wire.CommMsg)[0]
	if string(m.Metadata) != `{"k":true}` || len(m.Buffers) != 3 || !bytes.Equal(m.Buffers[0], big) ||
		len(m.Buffers[1]) != 0 || string(m.Buffers[2]) != "\x00\xff" {
		t.Errorf("metadata %s and %d buffers came back, or others", m.Metadata, len(m.Buffers))
	}
	e = k.comm(wire.CommClose, map[string]any{"comm_id": "c1", "data": map[string]any{"bye": true}})
	if e.Types() != "busy stream idle" || e.Text("stdout") != "closed with map[bye:true]\n" {
		t.Errorf("closing published %q: %s%s", e.Types(), e.Text("stdout"), e.Text("stderr"))
	}
	if got := k.value("last.Send(nil) == comm.ErrClosed"); got != "true" {
		t.Errorf("sending on a closed comm: %s", got)
	}
	k.ok(`comm.Unregister("twice")`)
	if e := k.comm(wire.CommOpen, open); e.Types() != "busy comm_close idle" {
		t.Errorf("without target, opening published %q", e.Types())
	}
}

// What goes wrong in a function that takes a message costs that message only.
func TestFailuresInComms(t *testing.T) {
	k := serve(t)
	id := k.commID(k.ok(`
c, err := comm.Open("x", nil)
c.OnMsg(func(m comm.Message) {
	switch m.Data.(map[string]any)["do"] {
	case "panic":
		var none []int
		fmt.Println(none[3])
	case "goroutine":
		done := make(chan bool)
		go func() { defer close(done); panic("in a goroutine") }()
		<-done
	case "exit":
		os.Exit(3)
	case "loop":
		fmt.Println("looping")
		for {
		}
	default:
		fmt.Println("well")
	}
})
err`))
	do := func(what string) map[string]any {
		return map[string]any{"comm_id": id, "data": map[string]any{"do": what}}
	}
	for what, want := range map[string]string{
		"panic": "index out of range", "goroutine": "in a goroutine", "exit": "exit status 3",
	} {
		e := k.comm(wire.CommMsg, do(what))
		if text := plain(e.Text("stderr")); !strings.Contains(text, want) {
			t.Errorf("%s: stderr is %q", what, text)
		}
	}
	m := k.Message(wire.CommMsg, do("loop"))
	k.SendMessage(kerneltest.Shell, m)
	k.awaitLine(m.Header.ID, "looping")
	k.interrupt()
	e := kerneltest.Execution{IOPub: k.Published(m.Header.ID)}
	if text := plain(e.Text("stderr")); !strings.Contains(text, "KeyboardInterrupt") {
		t.Errorf("after the interrupt, stderr is %q", text)
	}
	if e := k.comm(wire.CommMsg, do("")); e.Text("stdout") != "well\n" {
		t.Errorf("afterwards: %s%s", e.Text("stdout"), e.Text("stderr"))
	}
}

// A message that came through a subshell is taken while a cell runs.
func TestCommWhileACellRuns(t *testing.T) {
	k := serve(t)
	id := k.commID(k.ok("stop := make(chan bool)\nc, _ := comm.Open(\"x\", nil)\nc.OnMsg(func(comm.Message) { close(stop) })"))
	cell, _ := k.begin("fmt.Println(\"ready\")\n<-stop\nfmt.Println(\"stopped\")")
	m := k.Message(wire.CommMsg, map[string]any{"comm_id": id, "data": map[string]any{}})
	m.Header.Subshell = k.Subshell()
	k.SendMessage(kerneltest.Shell, m)
	if e := k.Finish(cell); e.Text("stdout") != "ready\nstopped\n" {
		t.Errorf("printed %q", e.Text("stdout"))
	}
	k.Published(m.Header.ID)
}

func TestCommErrors(t *testing.T) {
	k := serve(t)
	k.prints(`
_, err := comm.Open("x", 7)
fmt.Println(err)
_, err = comm.Open("x", map[string]any{"f": func() {}})
fmt.Println(err)`, "comm: the data of a message is a JSON object: pass a map or a struct, not int\n"+
		"comm: writing the data of a message as JSON: json: unsupported type: func()\n")
	k.prints(`
p := mp.NewProcess(func() { _, err := comm.Open("x", nil); fmt.Println(err) })
p.Start()
p.Join()`, "comm: only MainProcess talks to the front end; send it what a child has to say through a Queue or a Pipe\n")
}
