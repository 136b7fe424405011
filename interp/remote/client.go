package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
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
	// kept is the file in which the session keeps what it declares and what %restore
	// needs: that of the session whose place it took, nil if there is none. It is
	// closed when no Client refers to it any more, by the garbage collector: the session
	// that comes next may still want it.
	kept *os.File

	done chan struct{}
	err  error // valid after done

	mu      sync.Mutex
	closing bool
	serial  uint64
	cells   map[uint64]*execution // until the session says that they are silent
	queries map[uint64]chan answered
	posts   chan query    // to the goroutine that writes queries
	stale   []uint64      // queries that were written and nobody waits for
	forgot  chan struct{} // there are such
	active  []*execution  // cells that run, in the order in which they started
	last    *execution    // that started last
	answers sync.WaitGroup
}

var _ lang.Session = (*Client)(nil)

// A Program is what Start starts.
type Program struct {
	// Path is the helper, Args what follows its name: the role, and more.
	Path string
	Args []string
	// Env is added to the environment of this process.
	Env []string
	// Previous is the session whose remains the new one can restore; nil if
	// there is none.
	Previous *Client
}

// Start starts a helper in the role of a session, and waits until it answers.
// The session ends with Close, not with ctx, which limits only the wait.
func Start(ctx context.Context, program Program) (*Client, error) {
	r, w, err := spawn.NewLifeline()
	if err != nil {
		return nil, fmt.Errorf("starting a session: %w", err)
	}
	defer r.Close()
	c := &Client{
		lifeline: w,
		done:     make(chan struct{}),
		cells:    map[uint64]*execution{},
		queries:  map[uint64]chan answered{},
		posts:    make(chan query),
		forgot:   make(chan struct{}, 1),
	}
	c.pipes = &pipes{client: c}
	if err := c.inherit(program.Previous); err != nil {
		w.Close()
		return nil, fmt.Errorf("starting a session: %w", err)
	}
	c.proc, err = spawn.Start(spawn.Spec{
		Path: program.Path, Args: program.Args,
		// The session says itself where the notebook was when it crashed; the
		// runtime's own traceback would show the interpreter.
		Env:   slices.Concat(os.Environ(), program.Env, []string{"GOTRACEBACK=none"}),
		Group: true, Lifeline: r, Log: c.kept,
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
		return nil, fmt.Errorf("starting a session (%s): %w\n%s", program.Path, err, c.pipes.crashText())
	}
	c.answers.Go(c.post)
	go c.read()
	return c, nil
}

// PID is the process id of the session: MainProcess of the notebook.
func (c *Client) PID() int { return c.proc.PID() }

// Execute implements lang.Session.
func (c *Client) Execute(ctx context.Context, cell lang.Cell, out lang.Output) lang.Outcome {
	u := &underway{ctx: ctx, result: make(chan lang.Outcome, 1)}
	e := &execution{out: out, underway: u}
	serial := c.begin(e)
	defer c.ended(e)
	err := c.conn.Write(kindExecute, encode(execute{serial, cell}))
	if errors.Is(err, frame.ErrTooLong) {
		c.silence(serial)
		return lang.Outcome{Err: tooLong(err)}
	}
	result, ok := await(c, ctx, serial, u.result) // a dead session is noticed there
	if !ok {
		return c.crashed()
	}
	if result.Err != nil && result.Err.Background != "" {
		c.mu.Lock()
		e.left = fmt.Sprintf("In [%d] had left something in the background that could not be stopped, which may be why: %s.", cell.Count, result.Err.Background)
		c.mu.Unlock()
	}
	return result
}

// Comm implements lang.Session.
func (c *Client) Comm(ctx context.Context, m lang.CommMessage, out lang.Output) error {
	u := &underway{ctx: ctx, taken: make(chan taken, 1)}
	e := &execution{out: out, underway: u}
	serial := c.begin(e)
	defer c.ended(e)
	err := c.conn.Write(kindComm, encodeComm(comm{serial, m}))
	if errors.Is(err, frame.ErrTooLong) {
		c.silence(serial)
		return tooLong(err)
	}
	end, ok := await(c, ctx, serial, u.taken) // a dead session is noticed there
	switch {
	case !ok:
		return c.crashed().Err
	case end.NoComm:
		return lang.ErrNoComm
	case end.Err != nil:
		return end.Err
	}
	return nil
}

// IsComplete implements lang.Session.
func (c *Client) IsComplete(ctx context.Context, code string) (lang.Completeness, error) {
	return inquire[lang.Completeness](ctx, c, query{Subject: completeness, Code: code})
}

// Complete implements lang.Session.
func (c *Client) Complete(ctx context.Context, code string, cursor int) (lang.Completion, error) {
	return inquire[lang.Completion](ctx, c, query{Subject: completion, Code: code, Cursor: cursor})
}

// Inspect implements lang.Session.
func (c *Client) Inspect(ctx context.Context, code string, cursor, detail int) (lang.Inspection, error) {
	return inquire[lang.Inspection](ctx, c, query{Subject: inspection, Code: code, Cursor: cursor, Detail: detail})
}

var errEnded = errors.New("the session has ended")

// closeLimit is how long a session may take to end its children.
const closeLimit = 1500 * time.Millisecond

// Close implements lang.Session.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closing = true
	c.mu.Unlock()
	// A session that reads nothing makes the writing wait as well.
	limit := time.AfterFunc(closeLimit, func() { _ = c.proc.SignalGroup(syscall.SIGKILL) }) // it may just have ended
	defer limit.Stop()
	_ = c.conn.Write(kindClose, nil) // it may have ended
	<-c.done
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
