package mpruntime

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// role is what a Process stands for.
type role int

const (
	roleChild  role = iota // made here by NewProcess
	roleSelf               // the current process
	roleParent             // the process that started the current one
)

// state is how far a child made here has come.
type state int

const (
	made state = iota
	starting
	started
	closed
)

// A Process is a function that runs, or will run, in a process of its own
// (CPython: multiprocessing.Process).
type Process struct {
	// Name is for people only; several processes may have the same. By default
	// Process-N, N counting from 1, and Process-1:N in Process-1.
	Name string
	// Daemon says that the process is terminated when its parent ends, and may
	// not have children. By default that of the current process. It is set before
	// Start; later changes mean nothing.
	Daemon bool

	role     role
	identity []int
	target   Target
	service  service  // what it runs instead of a target
	served   *os.File // the connection that a service serves
	makeErr  error    // of NewProcess: the error of every method

	mu       sync.Mutex
	state    state
	startErr error // of the last Start, or of the start that went on behind it
	pid      int

	// Set by Start before the state becomes started, constant afterwards.
	cell          Cell
	startedDaemon bool
	helper        *helper

	done chan struct{} // closed when the process has ended and its output is drained
	code int           // valid after done
}

// NewProcess makes a process that will call target with args: a function, a
// function literal, a method value, or a value with a method Run(). The
// arguments are checked against the signature here and copied by Start. When
// that fails, every method of the process returns the error.
//
// A target may return an error in the last place: if it is not nil, the process
// writes a line with it to stderr and ends with exit code 1, as a process of CPython
// does after an exception. Whatever else a target returns is dropped.
func NewProcess(target any, args ...any) *Process {
	p := &Process{identity: here.newIdentity(), Daemon: here.isDaemon(), done: make(chan struct{})}
	p.Name = defaultName(p.identity)
	host := here.getHost()
	if host == nil {
		p.makeErr = ErrNoHost
		return p
	}
	if p.target, p.makeErr = host.Describe(target, args); p.makeErr != nil {
		p.makeErr = errorf("mp: making %s: %w", p.Name, p.makeErr)
	}
	return p
}

// Err returns the first error of the making or the starting of p, nil if there
// was none.
func (p *Process) Err() error {
	if p.makeErr != nil {
		return p.makeErr
	}
	if p.done == nil {
		return errNotMade
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.startErr
}

// check returns the error of a method, called verb, that needs a started child.
func (p *Process) check(verb string) error {
	switch p.role {
	case roleSelf:
		return fmt.Errorf("mp: cannot %s the current process", verb)
	case roleParent:
		if verb != "join" {
			return fmt.Errorf("mp: cannot %s %s: it is the parent, not a child", verb, p.Name)
		}
		return nil
	}
	if p.makeErr != nil {
		return p.makeErr
	}
	if p.done == nil {
		return errNotMade
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.state == closed:
		return errorf("mp: cannot %s %s: %w", verb, p.Name, ErrClosed)
	case p.state != started && p.startErr != nil:
		return p.startErr
	case p.state != started:
		return fmt.Errorf("mp: cannot %s %s: it has not been started", verb, p.Name)
	}
	return nil
}

// failed fails the calling cell if the making of p failed.
func (p *Process) failed() bool {
	if p.makeErr == nil {
		return false
	}
	if host := here.getHost(); host != nil {
		host.Cell().Fail(p.makeErr)
	}
	return true
}

// Join waits until the process has ended and everything that it wrote has been
// delivered. It returns early, with an error, when the calling cell is
// interrupted. Joining twice, or a process that has ended, is no error; joining
// the current process or one that was never started is.
func (p *Process) Join() error { return p.JoinContext(context.Background()) }

// JoinContext is Join that also returns, with the context's cause, when ctx ends.
func (p *Process) JoinContext(ctx context.Context) error {
	if err := p.check("join"); err != nil {
		return err
	}
	interrupted := cellContext()
	select {
	case <-p.done: // an end that is there counts, whatever else is
	default:
		select {
		case <-p.done:
		case <-interrupted.Done():
			return context.Cause(interrupted)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.startErr
}

// JoinTimeout is Join that waits no longer than d and reports whether the process
// has ended. It is false at once for a process that cannot be joined.
func (p *Process) JoinTimeout(d time.Duration) bool {
	if p.failed() {
		return false
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, ErrTimeout)
	defer cancel()
	if p.check("join") != nil {
		return false
	}
	// The error of a start that went wrong behind Start's back does not change
	// that the process has ended.
	_ = p.JoinContext(ctx)
	return !p.IsAlive()
}

// cellContext returns the context of the calling cell.
func cellContext() context.Context {
	if host := here.getHost(); host != nil {
		return host.Cell().Context()
	}
	return context.Background()
}

// IsAlive reports whether the process has been started and has not ended. Its
// output has been delivered when IsAlive turns false.
func (p *Process) IsAlive() bool {
	if p.role == roleSelf {
		return true
	}
	if p.failed() {
		return false
	}
	if p.role == roleChild {
		p.mu.Lock()
		running := p.state == started
		p.mu.Unlock()
		if !running {
			return false
		}
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// PID returns the process id, which is what os.Getpid returns in the process; 0
// before Start.
func (p *Process) PID() int {
	if p.failed() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// ExitCode returns how the process ended: 0, 1 after an error or a panic, n after os.Exit(n),
// −n when signal n killed it. ended is false before the end (CPython: None).
func (p *Process) ExitCode() (code int, ended bool) {
	if p.role != roleChild || p.failed() {
		return 0, false
	}
	select {
	case <-p.done:
		return p.code, true
	default:
		return 0, false
	}
}

// String describes the process as CPython's repr does: its name, pid and how far
// it has come.
func (p *Process) String() string {
	p.mu.Lock()
	err, pid, state := p.makeErr, p.pid, p.state
	if err == nil {
		err = p.startErr
	}
	p.mu.Unlock()
	if p.role != roleChild {
		return fmt.Sprintf("<Process %q pid=%d>", p.Name, pid)
	}
	if err != nil {
		return fmt.Sprintf("<Process %q failed: %v>", p.Name, err)
	}
	what := "initial"
	switch code, ended := p.ExitCode(); {
	case state == closed:
		what = "closed"
	case ended:
		what = fmt.Sprintf("pid=%d stopped exitcode=%d", pid, code)
	case state != made:
		what = fmt.Sprintf("pid=%d started", pid)
	}
	if p.Daemon {
		what += " daemon"
	}
	return fmt.Sprintf("<Process %q %s>", p.Name, what)
}

// Terminate sends SIGTERM. Children of the process go on as orphans. It is no
// error if the process has ended.
func (p *Process) Terminate() error { return p.signal("terminate", syscall.SIGTERM) }

// Kill sends SIGKILL. Children of the process go on as orphans. It is no error
// if the process has ended.
func (p *Process) Kill() error { return p.signal("kill", syscall.SIGKILL) }

func (p *Process) signal(verb string, sig syscall.Signal) error {
	if err := p.check(verb); err != nil {
		return err
	}
	if err := p.helper.signal(sig); err != nil {
		return errorf("mp: cannot %s %s: %w", verb, p.Name, err)
	}
	return nil
}

// Close releases what the process holds here; orphans of it that still write meet
// a closed pipe. It is an error while the process runs. Afterwards methods that return
// errors return [ErrClosed].
func (p *Process) Close() error {
	if p.role != roleChild {
		return p.check("close")
	}
	if p.makeErr != nil {
		return p.makeErr
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == starting {
		return fmt.Errorf("mp: cannot close %s: it is being started", p.Name)
	}
	if p.state == started {
		select {
		case <-p.done:
			p.helper.proc.Close()
		default:
			return fmt.Errorf("mp: cannot close %s while it runs: terminate or join it first", p.Name)
		}
	}
	p.state = closed
	return nil
}
