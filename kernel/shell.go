package kernel

import (
	"context"
	"math"
	"slices"
)

// A shell handles cells and messages of comms one after the other. The kernel
// has one, whose id is empty, and as many subshells beside it as front ends
// create (JEP 91, rule 42). All share the session and the execution counter;
// each has its own queue, which an error in it aborts.
type shell struct {
	id    string
	queue *queue
	done  chan struct{} // closed when its worker has ended

	// Guarded by Kernel.mu.
	deleted      bool               // it takes no more requests
	interrupt    context.CancelFunc // of the request that is handled, or nil
	abortThrough uint64             // execute requests up to this number are aborted
}

// open adds a shell and starts its worker. It is false when the kernel ends.
func (k *Kernel) open(ctx context.Context, id string) bool {
	s := &shell{id: id, queue: newQueue(), done: make(chan struct{})}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ending {
		return false
	}
	k.shells = append(k.shells, s)
	go k.serve(ctx, s)
	return true
}

// serve is the worker of a shell: it handles its queue in order until that is
// closed and empty.
func (k *Kernel) serve(ctx context.Context, s *shell) {
	defer close(s.done)
	for {
		r, ok := s.queue.pop()
		if !ok {
			break
		}
		k.serveOne(ctx, s, r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shells = slices.DeleteFunc(k.shells, func(other *shell) bool { return other == s })
}

func (k *Kernel) serveOne(ctx context.Context, s *shell, r *request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	k.setInterrupt(s, cancel)
	defer k.setInterrupt(s, nil)
	k.handle(ctx, r)
}

func (k *Kernel) setInterrupt(s *shell, f context.CancelFunc) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.interrupt = f
}

// push queues r. It is false when the shell takes no more requests.
func (s *shell) push(r *request) bool {
	r.shell = s
	if s.queue.push(r) {
		return true
	}
	r.shell = nil
	return false
}

// find returns the shell of an id, nil when there is none.
func (k *Kernel) find(id string) *shell {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.findLocked(id)
}

// findLocked is find for a caller that holds mu.
func (k *Kernel) findLocked(id string) *shell {
	for _, s := range k.shells {
		if s.id == id && !s.deleted {
			return s
		}
	}
	return nil
}

// interruptAll interrupts what the shells handle, and aborts the execute requests
// that wait behind it.
func (k *Kernel) interruptAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.shells {
		s.abort(s.queue.last())
		if s.interrupt != nil {
			s.interrupt()
		}
	}
}

// abort aborts execute requests up to a number. The caller holds Kernel.mu.
func (s *shell) abort(through uint64) { s.abortThrough = max(s.abortThrough, through) }

// closeShells ends the shells, once what they handle has ended, and lets no more
// begin. It returns those that have not ended.
func (k *Kernel) closeShells() []*shell {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ending = true
	for _, s := range k.shells {
		s.queue.close()
		s.abort(math.MaxUint64)
		if s.interrupt != nil {
			s.interrupt()
		}
	}
	return slices.Clone(k.shells)
}
