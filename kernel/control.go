package kernel

import (
	"context"
	"encoding/json"

	"cuaderno/kernel/wire"
)

// interrupt handles interrupt_request. What ran when it was received has been
// told to stop then, and what waited behind it is aborted (rule 20). At idle
// nothing changes.
func (k *Kernel) interrupt(_ context.Context, r *request) {
	k.reply(r, wire.Interrupt{Status: wire.OK})
}

// shutdown handles shutdown_request: the session ends, then the reply, then the
// broadcast (rule 23), then Run.
func (k *Kernel) shutdown(_ context.Context, r *request) {
	var in wire.ShutdownContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.log.Warn("reading shutdown_request", "error", err)
	}
	r.after = k.end
	k.stop()
	content := wire.Shutdown{Status: wire.OK, Restart: in.Restart}
	k.reply(r, content)
	k.pub.publishNow(wire.ShutdownReply, r.RawHeader, content)
}

// stop ends the session and what the shells handle, and aborts the execute
// requests that wait. It waits for at most closeLimit.
func (k *Kernel) stop() {
	k.stopOnce.Do(func() {
		limit, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		shells := k.closeShells()
		k.sessions.close(limit)
		for _, s := range shells {
			select {
			case <-s.done:
			case <-limit.Done():
				k.log.Warn("a cell did not end in time", "subshell", s.id)
			}
		}
	})
}

// refuse handles what comes for the main shell when it has ended.
func (k *Kernel) refuse(_ context.Context, r *request) {
	if r.Header.Type == wire.ExecuteRequest {
		k.reply(r, wire.ExecuteAborted{Status: wire.Aborted, ExecutionCount: k.count.Load()})
	}
}
