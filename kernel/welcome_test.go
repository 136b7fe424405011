package kernel_test

import (
	"testing"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

func firstOnIOPub(f *kerneltest.FrontEnd) kerneltest.Received {
	return f.Await("message on iopub", func(r kerneltest.Received) bool { return r.Channel == kerneltest.IOPub })
}

func TestWelcome(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	for range 3 {
		f := kerneltest.Connect(t, server.Connection)
		f.Execute("out x")
		r := firstOnIOPub(f)
		if r.Header.Type != wire.IOPubWelcome || field(r, "subscription") != "" || string(r.Parent) != "{}" {
			t.Errorf("the first message is %s with parent %s: %s", r.Header.Type, r.Parent, r.Content)
		}
	}
}

// Who subscribes while a cell runs is welcomed, and hears how the cell ends.
func TestLateSubscriberHearsTheEnd(t *testing.T) {
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start})
	early := kerneltest.Connect(t, server.Connection)
	cell := early.Code("out before\nwait", nil)
	running(t, fake, "out before\nwait")
	early.Await("output", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.IOPub && r.Header.Type == wire.Stream
	})
	late := kerneltest.Connect(t, server.Connection)
	if r := firstOnIOPub(late); r.Header.Type != wire.IOPubWelcome {
		t.Errorf("the first message is %s", r.Header.Type)
	}
	late.Reply(late.Send(kerneltest.Control, wire.InterruptRequest, nil))
	if e := (kerneltest.Execution{IOPub: late.Published(cell)}); e.Types() != "error idle" {
		t.Errorf("the late subscriber heard %q", e.Types())
	}
	early.Finish(cell)
}
