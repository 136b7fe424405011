//go:build unix

package spawn

import (
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// Descriptors that a started process finds open beside stdin, stdout and stderr.
const (
	controlFD  = 3 // its end of the control connection
	lifelineFD = 4 // the read end of the lifeline, or /dev/null
	logFD      = 5 // a regular file, or /dev/null
)

// A Process is a started process. Its methods may be called from any goroutine.
type Process struct {
	proc    *os.Process
	pid     int
	group   bool
	control *net.UnixConn

	outputs []*output
	drained chan struct{} // every output is at its end

	done chan struct{}
	code int // valid after done

	closing sync.Once
}

// Start starts a process. Whoever started it calls [Process.Close] after its
// end; the end itself is noticed, and the process reaped, in any case.
func Start(spec Spec) (_ *Process, err error) {
	var opened []*os.File // ends that belong to the process, closed here in any case
	p := &Process{group: spec.Group, done: make(chan struct{}), drained: make(chan struct{})}
	defer func() {
		for _, f := range opened {
			f.Close()
		}
		if err != nil {
			err = fmt.Errorf("starting %s: %w", spec.Path, err)
			for _, o := range p.outputs {
				o.file.Close()
			}
			if p.control != nil {
				p.control.Close()
			}
		}
	}()

	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	opened = append(opened, null)
	var childControl *os.File
	if p.control, childControl, err = controlPair(); err != nil {
		return nil, err
	}
	opened = append(opened, childControl)

	files := []*os.File{null, null, null, childControl, null, null}
	if spec.Stdin != nil {
		files[0] = spec.Stdin
	}
	if spec.Lifeline != nil {
		files[lifelineFD] = spec.Lifeline
	}
	if spec.Log != nil {
		files[logFD] = spec.Log
	}
	if spec.Inherit {
		files[1], files[2] = os.Stdout, os.Stderr
	} else {
		for i, deliver := range []func([]byte){spec.Stdout, spec.Stderr} {
			if deliver == nil {
				continue
			}
			r, w, err := os.Pipe()
			if err != nil {
				return nil, fmt.Errorf("making a pipe for its output: %w", err)
			}
			opened = append(opened, w)
			files[i+1] = w
			o, err := newOutput(r, deliver)
			if err != nil {
				r.Close()
				return nil, err
			}
			p.outputs = append(p.outputs, o)
		}
	}

	p.proc, err = os.StartProcess(spec.Path, append([]string{spec.Path}, spec.Args...), &os.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: spec.Group},
	})
	if err != nil {
		return nil, err
	}
	p.pid = p.proc.Pid
	go p.wait()
	go p.read()
	return p, nil
}

// wait reaps the process. It ends with it.
func (p *Process) wait() {
	defer close(p.done)
	state, err := p.proc.Wait()
	if err != nil {
		// Only somebody else's wait for our child can bring us here.
		p.code = -int(syscall.SIGKILL)
		return
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		p.code = -int(status.Signal())
		return
	}
	p.code = status.ExitStatus()
}

// read delivers the outputs until all have ended or Close was called.
func (p *Process) read() {
	defer close(p.drained)
	var group sync.WaitGroup
	for _, o := range p.outputs {
		group.Go(o.run)
	}
	group.Wait()
}

// PID returns the process id, also after the end.
func (p *Process) PID() int { return p.pid }

// Control returns this process's end of the control connection, a stream; the
// other end is what [Inherited] returns in the process. Close closes it.
func (p *Process) Control() *net.UnixConn { return p.control }

// Signal sends a signal. The error is os.ErrProcessDone after the end: a
// process id that the system may have given to somebody else is never used.
func (p *Process) Signal(sig os.Signal) error { return p.proc.Signal(sig) }

// SignalGroup sends a signal to every process of the group that a process with
// Spec.Group leads, also after the leader's end. The error is
// os.ErrProcessDone when nobody is left.
func (p *Process) SignalGroup(sig syscall.Signal) error {
	if !p.group {
		return fmt.Errorf("signalling the group of process %d: it leads none", p.pid)
	}
	err := syscall.Kill(-p.pid, sig)
	if err == syscall.ESRCH {
		return os.ErrProcessDone
	}
	return err
}

// Done returns a channel that is closed when the process has ended and been
// reaped, whether or not somebody still holds its pipes open.
func (p *Process) Done() <-chan struct{} { return p.done }

// State returns how the process ended, as CPython's Popen.returncode: its exit
// code, or −n when signal n killed it. ended is false while it runs.
func (p *Process) State() (code int, ended bool) {
	select {
	case <-p.done:
		return p.code, true
	default:
		return 0, false
	}
}

// Wait waits for the end of the process and returns [Process.State]'s code.
func (p *Process) Wait() int {
	<-p.done
	return p.code
}

// Drain returns when all that had been written to the process's pipes at the
// time of the call has been given to Stdout and Stderr. It never waits for more
// to be written, so after the end of the process it does not wait for a
// grandchild that holds the pipes.
func (p *Process) Drain() {
	for _, o := range p.outputs {
		o.drain()
	}
}

// OutputDone returns a channel that is closed when nobody can write to the
// process's pipes any more and all was delivered, or after Close. It may stay
// open after Done, as long as a grandchild holds the pipes.
func (p *Process) OutputDone() <-chan struct{} { return p.drained }

// Close closes the control connection and the pipes, so that what the process
// or its children still write is lost, and waits for running deliveries. It
// does not end the process.
func (p *Process) Close() {
	p.closing.Do(func() {
		p.control.Close()
		for _, o := range p.outputs {
			o.file.Close()
		}
	})
	<-p.drained
}
