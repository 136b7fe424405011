package mpruntime

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"cuaderno/internal/codec"
)

// Start starts the process: memory that the target reaches is copied as it is
// now, and the target begins in a process of its own. What the process writes
// goes, line by line, to the cell that called Start. A process is started once;
// after an error Start may be called again.
func (p *Process) Start() error {
	if p.role != roleChild {
		return errors.New("mp: cannot start a process twice: " + p.Name + " runs already")
	}
	if p.makeErr != nil {
		return p.makeErr
	}
	if p.done == nil {
		return errNotMade
	}
	p.mu.Lock()
	switch p.state {
	case starting, started:
		p.mu.Unlock()
		return fmt.Errorf("mp: cannot start a process twice: %s was started before", p.Name)
	case closed:
		p.mu.Unlock()
		return errorf("mp: cannot start %s: %w", p.Name, ErrClosed)
	}
	p.state, p.startErr = starting, nil
	p.mu.Unlock()

	err := p.start()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		text := strings.TrimPrefix(err.Error(), "mp: ")
		p.state, p.startErr = made, &startError{p.Name, text, err}
		return p.startErr
	}
	return nil
}

// start takes a helper and has a supervisor make it this process.
func (p *Process) start() (err error) {
	if here.isDaemon() {
		return ErrDaemonChild
	}
	host := here.getHost()
	bundle, err := p.bundle(host)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			bundle.Close()
		}
	}()
	place, err := takePlace(host)
	if err != nil {
		return err
	}
	b := newBoot(p)
	if place != nil {
		b.Placed = true
		bundle.Files = append(bundle.Files, place)
	}
	bundle.Bytes, err = b.encode(bundle.Bytes)
	if err != nil {
		return err
	}
	if checkSize(bundle) != nil {
		return fmt.Errorf("the arguments are larger than 1 GiB: with what else the target refers to they have %d bytes", len(bundle.Bytes))
	}
	p.cell, p.startedDaemon = host.Cell(), p.Daemon
	name := p.Name

	here.mu.Lock()
	if here.ending {
		here.mu.Unlock()
		return errors.New("the parent process is ending")
	}
	here.supervisors.Add(1)
	here.mu.Unlock()
	h, err := here.takeHelper()
	if err != nil {
		here.supervisors.Done()
		return err
	}
	h.route(p.cell)
	p.mu.Lock()
	p.helper, p.pid, p.state = h, h.proc.PID(), started
	p.mu.Unlock()
	here.mu.Lock()
	here.children = append(here.children, p)
	ending := here.ending
	here.mu.Unlock()
	if ending { // since it was asked above: whoever ends the children has not seen this one
		_ = h.proc.Signal(syscall.SIGKILL) // it may just have ended
	}
	if p.service == "" && p.cell.Context().Err() != nil { // since then: Interrupt may not have seen this one
		h.interrupt()
	}
	p.target = Target{} // the child has a copy: what it refers to here may be freed
	go p.supervise(name, bundle)
	here.refill()
	return nil
}

// supervise sends the boot message, which it closes, and sees the process to its end.
func (p *Process) supervise(name string, message codec.Message) {
	defer here.supervisors.Done()
	h := p.helper
	sent := make(chan error, 1)
	go func() {
		err := h.boot(message)
		if err != nil {
			_ = h.proc.Signal(syscall.SIGKILL) // without work it must not stay; it may have ended
		}
		sent <- err
	}()
	<-h.proc.Done()
	h.conn.Close()
	bootErr := <-sent
	h.proc.Drain()
	code, _ := h.proc.State()
	if code == 0 {
		h.end("")
	} else {
		h.end(fmt.Sprintf("%s (pid %d)", name, h.proc.PID()))
	}

	switch {
	case bootErr == nil, code < 0 && !h.refused(bootErr):
		// It ran, or somebody killed it before it did: the exit code tells.
	default:
		err := errorf("mp: starting %s: %w", name, bootErr)
		p.mu.Lock()
		p.startErr = err
		p.mu.Unlock()
		fmt.Fprintln(p.cell.Stderr(), err)
	}
	here.forget(p)
	p.code = code
	close(p.done)

	// Children of the process, orphans now, may go on writing to its pipes.
	select {
	case <-h.proc.OutputDone():
	case <-here.quit:
	}
	h.proc.Close()
	h.end("")
}

// environment returns what a new process takes over from this one beside memory.
func environment() (dir string, env []string) {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // deleted or unreadable: the child stays where its helper was started
	}
	return dir, os.Environ()
}

// adopt makes dir and env those of this process.
func adopt(dir string, env []string, stderr io.Writer) {
	if dir != "" {
		if err := os.Chdir(dir); err != nil {
			fmt.Fprintf(stderr, "mp: taking over the working directory: %v\n", err)
		}
	}
	os.Clearenv()
	for _, entry := range env {
		for i := 1; i < len(entry); i++ { // a name has at least one byte
			if entry[i] == '=' {
				if err := os.Setenv(entry[:i], entry[i+1:]); err != nil {
					fmt.Fprintf(stderr, "mp: taking over the environment: %v\n", err)
				}
				break
			}
		}
	}
}

// tooManyProcesses is the error of a start for which there is no place.
func tooManyProcesses(most int) error {
	return fmt.Errorf("the notebook has %d processes, as many as it may have at a time: join or terminate some, "+
		"or raise the limit (--processes, CUADERNO_PROCESSES)", most)
}
