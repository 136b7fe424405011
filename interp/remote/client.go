package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"cuaderno/internal/frame"
	"cuaderno/internal/spawn"
	"cuaderno/interp/lang"
)

// A Client is a lang.Session in another process.
type Client struct {
	proc     *spawn.Process
	conn     *frame.Conn
	lifeline *os.File // write end: the tree of processes lives while it is open
	pipes    *pipes

	done chan struct{}
	err  error // valid after done

	mu      sync.Mutex
	closing bool
	serial  uint64
	cells   map[uint64]*execution
	queries map[uint64]chan completion
	last    *execution // that started last
	answers sync.WaitGroup
}

var _ lang.Session = (*Client)(nil)

// An execution is one cell: its output, valid for ever, and where its outcome
// goes.
type execution struct {
	out    lang.Output
	ctx    context.Context
	result chan lang.Outcome
}

// Start starts the program at path, a helper in the role of a session, and
// waits until it answers. The session ends with Close, not with ctx, which
// limits only the wait.
func Start(ctx context.Context, path string, args ...string) (*Client, error) {
	r, w, err := spawn.NewLifeline()
	if err != nil {
		return nil, fmt.Errorf("starting a session: %w", err)
	}
	defer r.Close()
	c := &Client{
		lifeline: w,
		done:     make(chan struct{}),
		cells:    map[uint64]*execution{},
		queries:  map[uint64]chan completion{},
	}
	c.pipes = &pipes{client: c}
	c.proc, err = spawn.Start(spawn.Spec{
		Path: path, Args: args,
		// The session says itself where the notebook was when it crashed; the
		// runtime's own traceback would show the interpreter.
		Env:   append(os.Environ(), "GOTRACEBACK=none"),
		Group: true, Lifeline: r,
		Stdout: c.pipes.stdout, Stderr: c.pipes.stderr,
	})
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("starting a session: %w", err)
	}
	c.conn = frame.New(c.proc.Control())
	stop := context.AfterFunc(ctx, func() { _ = c.proc.Signal(syscall.SIGKILL) }) // it may just have ended
	err = c.conn.Greet(frame.BuildID())
	if !stop() {
		err = context.Cause(ctx) // which has killed it
	}
	if err != nil {
		w.Close()
		<-c.proc.Done()
		c.proc.Drain()
		c.proc.Close()
		return nil, fmt.Errorf("starting a session (%s): %w\n%s", path, err, c.pipes.crashText())
	}
	go c.read()
	return c, nil
}

// PID is the process id of the session: MainProcess of the notebook.
func (c *Client) PID() int { return c.proc.PID() }

// Execute implements lang.Session.
func (c *Client) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	e := &execution{out: out, ctx: ctx, result: make(chan lang.Outcome, 1)}
	c.mu.Lock()
	c.serial++
	serial := c.serial
	c.cells[serial] = e
	c.last = e
	c.mu.Unlock()
	if err := c.conn.Write(kindExecute, encode(execute{serial, cell})); err != nil {
		<-c.done
		return c.crashed()
	}
	interrupted := ctx.Done()
	for {
		select {
		case result := <-e.result:
			return result
		case <-interrupted:
			_ = c.conn.Write(kindInterrupt, withSerial(serial, nil)) // a dead session is noticed below
			interrupted = nil
		case <-c.done:
			select {
			case result := <-e.result:
				return result
			default:
				return c.crashed()
			}
		}
	}
}

// IsComplete implements lang.Session.
func (c *Client) IsComplete(ctx context.Context, code string) (lang.Completeness, error) {
	reply := make(chan completion, 1)
	c.mu.Lock()
	c.serial++
	id := c.serial
	c.queries[id] = reply
	c.mu.Unlock()
	if err := c.conn.Write(kindComplete, encode(query{id, code})); err != nil {
		return lang.Completeness{}, fmt.Errorf("asking the session: %w", err)
	}
	select {
	case m := <-reply:
		return m.Answer, namedError(m.Err)
	case <-ctx.Done():
		return lang.Completeness{}, context.Cause(ctx)
	case <-c.done:
		return lang.Completeness{}, errEnded
	}
}

var errEnded = errors.New("the session has ended")

// closeLimit is how long a session may take to end its children.
const closeLimit = 1500 * time.Millisecond

// Close implements lang.Session.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	_ = c.conn.Write(kindClose, nil) // it may have ended
	timer := time.NewTimer(closeLimit)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		_ = c.proc.SignalGroup(syscall.SIGKILL) // it may just have ended
		<-c.done
	}
	c.answers.Wait()
	return nil
}

// Done implements lang.Session.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err implements lang.Session.
func (c *Client) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// read handles what the session says until it ends, and then ends what is left
// of its processes.
func (c *Client) read() {
	defer close(c.done)
	for {
		kind, payload, err := c.conn.Read()
		if err != nil {
			break
		}
		c.pipes.alive()
		if kind != kindCompletion {
			c.proc.Drain() // what was written to the descriptors came before
		}
		if c.handle(kind, payload) != nil {
			break
		}
	}
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	if !closing {
		c.awaitDeath()
	}
	c.lifeline.Close()
	<-c.proc.Done()
	_ = c.proc.SignalGroup(syscall.SIGKILL) // the group may be empty
	c.proc.Drain()
	if !closing {
		c.err = c.crashError()
	}
	c.proc.Close()
}

// deathLimit is how long a session whose connection is gone may take to die.
const deathLimit = time.Second

func (c *Client) awaitDeath() {
	timer := time.NewTimer(deathLimit)
	defer timer.Stop()
	select {
	case <-c.proc.Done():
	case <-timer.C:
	}
}

func (c *Client) handle(kind byte, payload []byte) error {
	switch kind {
	case kindStdout, kindStderr:
		serial, text, err := cutSerial(payload)
		if err != nil {
			return err
		}
		e := c.execution(serial)
		switch {
		case e == nil:
		case kind == kindStdout:
			e.out.Stdout(text)
		default:
			e.out.Stderr(text)
		}
	case kindDisplay, kindUpdate, kindClear:
		var m shown
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading a display message: %w", err)
		}
		c.show(kind, m)
	case kindAsk:
		var m ask
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading a question: %w", err)
		}
		c.answer(m)
	case kindOutcome:
		var m outcome
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading an outcome: %w", err)
		}
		if e := c.execution(m.Serial); e != nil {
			e.result <- m.Outcome
		}
	case kindCompletion:
		var m completion
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading an is-complete answer: %w", err)
		}
		c.mu.Lock()
		if reply := c.queries[m.ID]; reply != nil {
			reply <- m
			delete(c.queries, m.ID)
		}
		c.mu.Unlock()
	}
	return nil
}

func (c *Client) show(kind byte, m shown) {
	e := c.execution(m.Serial)
	switch {
	case e == nil:
	case kind == kindDisplay:
		e.out.Display(m.Bundle, m.ID)
	case kind == kindUpdate:
		e.out.UpdateDisplay(m.Bundle, m.ID)
	default:
		e.out.ClearOutput(m.Wait)
	}
}

// answer puts a question to whoever shows the cell.
func (c *Client) answer(m ask) {
	e := c.execution(m.Serial)
	if e == nil {
		return
	}
	c.answers.Go(func() {
		line, err := e.out.ReadLine(e.ctx, m.Prompt, m.Password)
		_ = c.conn.Write(kindAnswer, encode(answer{m.ID, line, errorName(err)})) // the session may be gone
	})
}

func (c *Client) execution(serial uint64) *execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cells[serial]
}
