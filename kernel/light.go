package kernel

import (
	"encoding/json"
	"sync"

	"cuaderno/kernel/wire"
)

// A light is what front ends show of the kernel: they light it with each busy and
// put it out with each idle, whatever the request, and a server ends kernels that
// have been idle for long. So after an idle while a shell is still at work, busy
// is said once more, with no parent: it belongs to no request, and counts for
// none.
type light struct {
	mu      sync.Mutex
	running int // requests that shells handle
}

// busy publishes that r is being handled.
func (l *light) busy(pub *publisher, r *request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.shell != nil {
		l.running++
	}
	lane(pub, r)(r.RawHeader, wire.Busy)
}

// idle publishes that r has been handled.
func (l *light) idle(pub *publisher, r *request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.shell != nil {
		l.running--
	}
	say := lane(pub, r)
	say(r.RawHeader, wire.Idle)
	if l.running > 0 {
		say(nil, wire.Busy)
	}
}

// lane is how the status of r is published: that of a cell follows its output.
func lane(pub *publisher, r *request) func(parent json.RawMessage, state string) {
	if r.shell != nil {
		return pub.status
	}
	return pub.statusNow
}
