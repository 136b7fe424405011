package mpruntime

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/spawn"
)

// helper is a started helper program: idle, or a child.
type helper struct {
	proc     *spawn.Process
	conn     *frame.Conn
	out, err *lines // nil where the helper shares this process's own

	greeting sync.Once
	greetErr error

	mu          sync.Mutex
	booted      bool // the boot message is on its way
	interrupted bool
}

// startHelper starts an idle helper. In MainProcess it gets pipes of its own; in
// a child it shares the child's, as processes do on Unix, so that what it writes
// arrives also when it is an orphan.
func startHelper(host Host, share bool) (*helper, error) {
	command, err := host.Command()
	if err != nil {
		return nil, err
	}
	h := &helper{}
	spec := spawn.Spec{Path: command.Path, Args: command.Args, Lifeline: command.Lifeline, Log: command.Log, Inherit: share}
	if !share {
		h.out, h.err = &lines{}, &lines{}
		if _, compiled := host.(*programHost); !compiled { // whose stacks are the user's
			h.err.crash = &crash{}
		}
		spec.Stdout, spec.Stderr = h.out.add, h.err.add
	}
	if h.proc, err = spawn.Start(spec); err != nil {
		return nil, err
	}
	h.conn = frame.New(h.proc.Control())
	return h, nil
}

// greet waits until the helper has greeted.
func (h *helper) greet() error {
	h.greeting.Do(func() { h.greetErr = h.conn.Greet(frame.BuildID()) })
	return h.greetErr
}

// boot makes the helper a child.
func (h *helper) boot(message codec.Message) error {
	defer message.Close()
	if err := h.greet(); err != nil {
		return err
	}
	if err := h.conn.WriteFiles(kindBoot, message.Bytes, message.Files); err != nil {
		return err
	}
	h.mu.Lock()
	h.booted = true
	interrupted := h.interrupted
	h.mu.Unlock()
	if interrupted {
		_ = h.conn.Write(kindInterrupt, nil) // a child that has ended needs none
	}
	return nil
}

// interrupt interrupts the child, or what will be it: a helper that waits for its
// work takes no notice of the signal, but of the message behind its work.
func (h *helper) interrupt() {
	_ = h.proc.Signal(syscall.SIGINT) // it may just have ended
	h.mu.Lock()
	h.interrupted = true
	booted := h.booted
	h.mu.Unlock()
	if booted {
		_ = h.conn.Write(kindInterrupt, nil)
	}
}

// warm tells a helper that has greeted, and may have work already, that there is
// something new to get ready for.
func (h *helper) warm() {
	_ = h.conn.Write(kindWarm, nil) // whoever takes a helper that has ended notices
}

// refused reports whether a boot failed because the helper is another build.
func (h *helper) refused(err error) bool {
	var refused *frame.RefusedError
	return errors.As(err, &refused)
}

// route sends what the helper writes, and has written, to a cell.
func (h *helper) route(c Cell) {
	if h.out != nil {
		h.out.route(c.Stdout())
		h.err.route(c.Stderr())
	}
}

// flush delivers partial last lines.
func (h *helper) flush() {
	if h.out != nil {
		h.out.flush()
		h.err.flush()
	}
}

// end is flush when the helper has ended that is called who.
func (h *helper) end(who string) {
	if h.out != nil {
		h.out.flush()
		h.err.end(who)
	}
}

// signal sends a signal; a helper that has ended is none to complain about.
func (h *helper) signal(sig syscall.Signal) error {
	if err := h.proc.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errorf("sending %v: %w", sig, err)
	}
	return nil
}

// ended reports whether the helper is gone.
func (h *helper) ended() bool {
	_, ended := h.proc.State()
	return ended
}

// discard ends a helper that has no work.
func (h *helper) discard() {
	_ = h.proc.Signal(syscall.SIGKILL) // it may have ended
	<-h.proc.Done()
	h.conn.Close()
	h.proc.Close()
}
