package main

import (
	"bytes"
	"fmt"

	"github.com/google/uuid"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// queries are what an editor asks while somebody types.
func (p *person) queries() {
	code := "fmt.Printl"
	for range p.between(1, 10) {
		switch p.random.IntN(6) {
		case 0:
			p.ask(kerneltest.Shell, wire.KernelInfoRequest, nil)
		case 1:
			p.ask(kerneltest.Control, wire.KernelInfoRequest, nil)
		case 2:
			begun, shaken := p.kernel.trouble.since()
			x := p.ask(kerneltest.Shell, wire.IsCompleteRequest, map[string]any{"code": "for i := range 3 {"})
			if got := kerneltest.Field(x.reply.Message, "status"); got != "incomplete" {
				// A session that is being replaced cannot be asked.
				if now, _ := p.kernel.trouble.since(); shaken || now != begun {
					break
				}
				p.Errorf("is_complete says %v", got)
			}
		case 3:
			p.ask(kerneltest.Shell, wire.CompleteRequest, map[string]any{"code": code, "cursor_pos": p.between(0, len(code))})
		case 4:
			p.ask(kerneltest.Shell, wire.InspectRequest, map[string]any{"code": code + "n", "cursor_pos": p.between(0, len(code)), "detail_level": p.random.IntN(2)})
		case 5:
			p.ask(kerneltest.Shell, wire.HistoryRequest, map[string]any{"hist_access_type": "tail", "n": 10, "output": false, "raw": true})
		}
	}
	p.beat()
}

// beat checks that the heartbeat answers.
func (p *person) beat() {
	select {
	case <-p.box.beats: // an earlier one
	default:
	}
	p.front.SendFrames(kerneltest.Heartbeat, [][]byte{[]byte("ping")})
	if !p.await(p.box.beats) {
		p.tally.lose(p.who, 1, "a heartbeat")
	}
	p.tally.add("heartbeats", 1)
}

// comms opens a comm that nobody takes, which the kernel must close.
func (p *person) comms() {
	id := uuid.NewString()
	x := p.ask(kerneltest.Shell, wire.CommOpen, map[string]any{"comm_id": id, "target_name": "nobody", "data": map[string]any{}})
	closed := 0
	for _, r := range x.iopub {
		if r.Header.Type == wire.CommClose && kerneltest.Field(r.Message, "comm_id") == id {
			closed++
		}
	}
	if closed != 1 {
		p.Errorf("a comm of no target was closed %d times", closed)
	}
	p.ask(kerneltest.Shell, wire.CommMsg, map[string]any{"comm_id": id, "data": map[string]any{}})
	p.ask(kerneltest.Shell, wire.CommInfoRequest, map[string]any{})
	p.tally.add("comms", 1)
}

// echo opens a comm that a cell takes, and sends it bytes that must come back.
func (p *person) echo() {
	c := p.run(fmt.Sprintf(`comm.Register("%sEcho", func(c *comm.Comm, m comm.Message) {
	c.OnMsg(func(m comm.Message) { c.SendMessage(m) })
})`, p.name))
	if !c.ok() {
		return
	}
	id := uuid.NewString()
	epoch := p.kernel.epoch.Load()
	begun, shaken := p.kernel.trouble.since()
	p.ask(kerneltest.Shell, wire.CommOpen, map[string]any{"comm_id": id, "target_name": p.name + "Echo", "data": map[string]any{}})
	for range p.between(1, 5) {
		buffer := make([]byte, p.between(0, 10_000))
		for i := range buffer {
			buffer[i] = byte(p.random.Uint32())
		}
		x := p.begin(kerneltest.Shell, wire.CommMsg, map[string]any{"comm_id": id, "data": map[string]any{"n": len(buffer)}},
			func(m *wire.Message, _ *exchange) { m.Buffers = [][]byte{buffer} })
		p.end(x, false)
		back := 0
		for _, r := range x.iopub {
			if r.Header.Type == wire.CommMsg && len(r.Buffers) == 1 && bytes.Equal(r.Buffers[0], buffer) {
				back++
			}
		}
		// An interrupt reaches callbacks, also the one that opened, as it reaches cells.
		if now, _ := p.kernel.trouble.since(); back != 1 && !shaken && now == begun && p.kernel.epoch.Load() == epoch {
			p.tally.lose(p.who, 1, "%d bytes came back %d times by a comm", len(buffer), back)
		}
		p.tally.add("comm messages", 1)
	}
	p.ask(kerneltest.Shell, wire.CommClose, map[string]any{"comm_id": id, "data": map[string]any{}})
}

// subshell runs a cell while another one runs, where the kernel offers that.
func (p *person) subshell() {
	if !p.supports("kernel subshells") {
		return
	}
	x := p.ask(kerneltest.Control, "create_subshell_request", nil)
	id, _ := kerneltest.Field(x.reply.Message, "subshell_id").(string)
	if id == "" {
		p.Errorf("no subshell: %s", x.reply.Content)
		return
	}
	long := p.send(fmt.Sprintf("for i := range %d { fmt.Println(\"main\", i); time.Sleep(time.Millisecond) }", 50), nil, nil)
	for range p.between(1, 3) {
		n := p.between(1, 50)
		c := p.send(fmt.Sprintf("for i := range %d { fmt.Println(\"sub\", i) }\n%d", n, n), nil, inSubshell(id)).finish(false)
		c.counts("stdout", map[string]int{"sub": n})
		c.gives(n)
		p.tally.add("subshell cells", 1)
	}
	c := long.finish(false)
	c.counts("stdout", map[string]int{"main": 50})
	p.ask(kerneltest.Control, "list_subshell_request", nil)
	p.ask(kerneltest.Control, "delete_subshell_request", map[string]any{"subshell_id": id})
}
