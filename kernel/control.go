package kernel

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"cuaderno/kernel/wire"
)

// interrupt handles interrupt_request: the running cell is told to stop, and
// what waits behind it is aborted (rule 20). At idle it changes nothing.
func (k *Kernel) interrupt(_ context.Context, r *request) {
	k.cancelThrough(k.queue.last())
	k.reply(r, wire.Interrupt{Status: wire.OK})
}

// cancelThrough interrupts the running cell and aborts the execute requests up
// to a number.
func (k *Kernel) cancelThrough(number uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.abortThrough = max(k.abortThrough, number)
	if k.current != nil {
		k.current()
	}
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
	k.pub.publish(wire.ShutdownReply, r.RawHeader, content)
}

// stop ends the session, the running cell, and the queue, whose execute
// requests are aborted.
func (k *Kernel) stop() {
	k.stopOnce.Do(func() {
		k.queue.close()
		k.cancelThrough(math.MaxUint64)
		k.sessions.close()
		limit := time.NewTimer(closeLimit)
		defer limit.Stop()
		select {
		case <-k.worker:
		case <-limit.C:
			k.log.Warn("the running cell did not end in time")
		}
	})
}
