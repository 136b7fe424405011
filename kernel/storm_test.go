package kernel_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// Whatever comes in whatever order, each request gets one busy, one idle and, if
// it has a reply, one reply, in that order on iopub, and the kernel is idle in the
// end.
func TestEveryRequestIsAnsweredOnce(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	fake := &langtest.Fake{}
	f := kerneltest.Start(t, kernel.Config{Start: fake.Start, InterruptGrace: 50 * time.Millisecond})
	shells := []string{""}
	var sent []string
	codes := []string{"out x", "many 2000", "wait", "fail", "crash it", "boom", "set x 1\nget x", "result 1", "later x"}
	ask := map[string]any{"code": "x", "cursor_pos": 1}
	for range 600 {
		id := shells[random.IntN(len(shells))]
		switch random.IntN(12) {
		case 0:
			shells = append(shells, f.Subshell())
		case 1:
			if id != "" {
				sent = append(sent, f.Send(kerneltest.Control, wire.DeleteSubshellRequest, map[string]any{"subshell_id": id}))
			}
		case 2:
			sent = append(sent, f.Send(kerneltest.Control, wire.InterruptRequest, nil))
		case 3:
			sent = append(sent, f.Send(kerneltest.Shell, wire.InterruptRequest, nil))
		case 4:
			sent = append(sent, f.Send(kerneltest.Shell, wire.CompleteRequest, ask), f.Send(kerneltest.Control, wire.InspectRequest, ask))
		case 5:
			sent = append(sent, f.Send(kerneltest.Control, wire.ExecuteRequest, map[string]any{"code": "out control"}))
		default:
			code := codes[random.IntN(len(codes))]
			sent = append(sent, f.CodeIn(id, code, kerneltest.Fields{"stop_on_error": random.IntN(2) == 0, "silent": random.IntN(8) == 0}))
		}
	}
	// Cells may still wait for an interrupt.
	for _, id := range sent {
		for !answered(f, id) {
			f.Published(f.Send(kerneltest.Shell, wire.InterruptRequest, nil))
		}
		f.Reply(id)
	}
	f.Execute("out the end")
	all, parent := states(f)
	if last := all[len(all)-1]; last != wire.Idle || parent == "" {
		t.Errorf("the last state is %s with parent %q", last, parent)
	}
	count := map[string]map[string]int{}
	for _, r := range f.Log() {
		of := count[r.ParentID()]
		if of == nil {
			of = map[string]int{}
			count[r.ParentID()] = of
		}
		switch {
		case r.Channel == kerneltest.Shell || r.Channel == kerneltest.Control:
			of["reply"]++
		case r.Header.Type == wire.Status:
			of[field(r, "execution_state").(string)]++
		}
		if r.Channel == kerneltest.IOPub && r.ParentID() != "" && (of[wire.Busy] != 1 || of[wire.Idle] == 1 && r.Header.Type != wire.Status && r.Header.Type != wire.Stream) {
			t.Errorf("%s of %s is not between busy and idle", r.Header.Type, r.ParentID())
		}
	}
	for _, id := range sent {
		if of := count[id]; of["reply"] != 1 || of[wire.Busy] != 1 || of[wire.Idle] != 1 {
			t.Errorf("%s got %v", id, of)
		}
	}
}

// answered reports whether a request's idle has come.
func answered(f *kerneltest.FrontEnd, id string) bool {
	for _, r := range f.Log() {
		if r.Channel == kerneltest.IOPub && r.ParentID() == id && r.Header.Type == wire.Status && field(r, "execution_state") == wire.Idle {
			return true
		}
	}
	return false
}
