package kernel_test

import (
	"testing"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// states lists what a front end that looks at nothing but the state of each
// status message shows, one after the other, and whether the last has a parent.
func states(f *kerneltest.FrontEnd) (states []string, parent string) {
	for _, r := range f.Log() {
		if r.Channel == kerneltest.IOPub && r.Header.Type == wire.Status {
			states = append(states, field(r, "execution_state").(string))
			parent = r.ParentID()
		}
	}
	return states, parent
}

func TestBusyIsSaidAgainWhileACellRuns(t *testing.T) {
	f, fake := start(t)
	sub := f.Subshell()
	f.Execute("out before") // after which nothing is under way
	f.Forget()
	cell := f.Code("wait", nil)
	running(t, fake, "wait")
	for _, id := range []string{
		f.Send(kerneltest.Shell, wire.CompleteRequest, map[string]any{"code": "x", "cursor_pos": 1}),
		f.Send(kerneltest.Control, wire.KernelInfoRequest, nil),
		f.CodeIn(sub, "out beside", nil),
	} {
		f.Published(id)
		f.Await("busy again", func(kerneltest.Received) bool {
			all, parent := states(f)
			return all[len(all)-1] == wire.Busy && parent == ""
		})
	}
	f.Send(kerneltest.Control, wire.InterruptRequest, nil)
	f.Finish(cell)
	after := f.Send(kerneltest.Shell, wire.CompleteRequest, map[string]any{"code": "x", "cursor_pos": 1})
	f.Reply(after)
	f.Published(after)
	f.Execute("out after")
	all, parent := states(f)
	if got := all[len(all)-1]; got != wire.Idle || parent == "" {
		t.Errorf("the last state is %s, with parent %q", got, parent)
	}
	busy, idle := 0, 0
	for _, r := range f.Log() {
		if r.Channel == kerneltest.IOPub && r.Header.Type == wire.Status && r.ParentID() != "" {
			switch field(r, "execution_state") {
			case wire.Busy:
				busy++
			case wire.Idle:
				idle++
			}
		}
	}
	if busy != idle {
		t.Errorf("%d requests were busy and %d idle", busy, idle)
	}
}
