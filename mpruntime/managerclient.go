package mpruntime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/rights"
	"cuaderno/internal/spawn"
)

// ErrManagerGone is wrapped by the errors of calls to a manager whose process has
// ended or was shut down.
var ErrManagerGone = errors.New("mp: the manager has ended")

// errNoConnection is why calls fail whose connection the manager could not take, or
// lost.
var errNoConnection error = &explained{"mp: the manager has lost the connection, as it does when it has too many files open: it can be called again", ErrManagerGone}

// abortGrace is the time that a server has to answer a call that was given up.
const abortGrace = time.Second

// A managerClient is what a process knows of a manager: how to reach it and, once
// it has been called, the connection, which all goroutines share.
type managerClient struct {
	name     string
	streamed bool // the connection is one of a network

	mu      sync.Mutex
	server  *managerServer // in this very process
	door    *net.UnixConn  // of the server of this machine
	conn    *frame.Conn    // nil before the first call
	pending map[uint64]chan managerReply
	late    map[uint64]func() // what to do if a request that was given up has succeeded
	last    uint64
	err     error // why there will be no answers
}

// A managerReply is the answer to a request.
type managerReply struct {
	failed  bool
	message codec.Message
	pid     int // of the server, if failed
	err     error
}

func newManagerName() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// know returns the client of the manager with a name.
func (r *record) know(name string) *managerClient {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.managers[name]
	if c == nil {
		c = &managerClient{name: name, pending: map[uint64]chan managerReply{}}
		if r.managers == nil {
			r.managers = map[string]*managerClient{}
		}
		r.managers[name] = c
	}
	return c
}

// knows returns the client of the manager with a name that a message alone has
// told, which is not kept in the record: whoever sends may make up any number.
func (r *record) knows(name string) *managerClient {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.managers[name]; c != nil {
		return c
	}
	return &managerClient{name: name, pending: map[uint64]chan managerReply{}}
}

// connected makes conn the connection.
func (c *managerClient) connected(conn *frame.Conn) {
	c.conn, c.err = conn, nil
	go c.read(conn) // it ends with the connection
}

// connect makes sure that there is a connection.
func (c *managerClient) connect() error {
	switch {
	case c.err != nil:
		return c.err
	case c.conn != nil:
		return nil
	case c.server == nil && c.door == nil:
		return errors.New("mp: the object belongs to a manager of another machine: connect to it first, by mp.DialManager")
	}
	ours, theirs, err := spawn.Pair()
	if err != nil {
		return errorf("mp: connecting to a manager: %w", err)
	}
	if c.server != nil {
		socket, err := spawn.Socket(theirs)
		if err != nil {
			ours.Close()
			return errorf("mp: connecting to a manager: %w", err)
		}
		server := c.server
		if !server.start(func() { server.serve(frame.New(socket), here.domain()) }) {
			socket.Close()
			ours.Close()
			return errorf("mp: connecting to a manager: %w", ErrManagerGone)
		}
	} else {
		_, err := rights.Write(c.door, []byte{0}, []*os.File{theirs})
		theirs.Close()
		if err != nil {
			ours.Close()
			c.fail()
			return errorf("mp: connecting to a manager: %w", ErrManagerGone)
		}
	}
	c.connected(frame.New(ours))
	return nil
}

// read takes answers until the connection ends.
func (c *managerClient) read(conn *frame.Conn) {
	for {
		kind, m, request, number, err := receiveFrom(conn)
		c.mu.Lock()
		if err != nil {
			conn.Close()
			gone := c.conn == conn
			if gone && c.answers() {
				gone = false
				c.conn = nil
				c.end(errNoConnection)
			}
			if gone {
				c.fail()
			}
			local := c.door != nil // the name of another may be dialled again
			c.mu.Unlock()
			if gone && local {
				c.forget()
			}
			return
		}
		reply, late := c.pending[request], c.late[request]
		delete(c.pending, request)
		delete(c.late, request)
		c.mu.Unlock()
		if late != nil && kind == kindReply {
			late()
		}
		if reply == nil {
			m.Close()
			continue
		}
		reply <- managerReply{failed: kind == kindRefusal, message: m, pid: int(number)}
	}
}

// fail ends the calls that wait, and all later ones; c.mu is held. The door stays,
// closed: it says that the manager was one of this machine.
func (c *managerClient) fail() {
	c.err = ErrManagerGone
	c.end(c.err)
	if c.door != nil {
		c.door.Close()
	}
}

// end ends the calls that wait; c.mu is held.
func (c *managerClient) end(err error) {
	for number, reply := range c.pending {
		reply <- managerReply{err: err}
		delete(c.pending, number)
	}
	clear(c.late)
}

// answers reports whether the server of this machine still has its door open, so
// that another connection may be had.
func (c *managerClient) answers() bool {
	if c.door == nil || c.err != nil {
		return false
	}
	_, err := c.door.Write([]byte{0}) // asks for nothing
	return err == nil
}

// forget takes a manager that is gone out of the record.
func (c *managerClient) forget() {
	here.mu.Lock()
	defer here.mu.Unlock()
	if here.managers[c.name] == c {
		delete(here.managers, c.name)
	}
}

// call calls a method of an object and returns its results. When ctx or the cell
// ends it has the server give up, but a result that is there counts.
func (c *managerClient) call(ctx context.Context, object uint64, method string, args ...any) ([]any, error) {
	return c.exchange(ctx, c.domain(), object, method, args...)
}

// exchange is call that decodes the results with a domain of the caller.
func (c *managerClient) exchange(ctx context.Context, domain *codec.Domain, object uint64, method string, args ...any) ([]any, error) {
	m, err := encodeWith(c.domain(), append([]any{method}, args...), "the arguments of "+method)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	if len(m.Files) > 0 && c.streamed {
		return nil, errFiles
	}
	ctx, done := waitContext(ctx)
	defer done()
	reply := make(chan managerReply, 1)
	c.mu.Lock()
	if err := c.connect(); err != nil {
		local := c.door != nil
		c.mu.Unlock()
		if local && errors.Is(err, ErrManagerGone) {
			c.forget()
		}
		return nil, err
	}
	c.last++
	request, conn := c.last, c.conn
	c.pending[request] = reply
	c.mu.Unlock()
	if err := sendTo(conn, kindInvoke, m, request, object); err != nil {
		c.mu.Lock()
		delete(c.pending, request)
		c.mu.Unlock()
		if errors.Is(err, frame.ErrTooLong) {
			return nil, errorf("mp: calling %s of a manager: %w", method, err)
		}
		return nil, ErrManagerGone
	}
	var answer managerReply
	select {
	case answer = <-reply:
	case <-ctx.Done():
		_ = sendTo(conn, kindAbort, codec.Message{}, request, object) // a server that is gone is noticed by reading
		timer := time.NewTimer(abortGrace)
		defer timer.Stop()
		select {
		case answer = <-reply:
			if answer.failed || answer.err != nil {
				answer.message.Close()
				return nil, context.Cause(ctx)
			}
		case <-timer.C:
			if c.giveUp(conn, request, object, method, args) {
				return nil, context.Cause(ctx)
			}
			answer = <-reply // it is there, or about to be
		}
	}
	switch {
	case answer.err != nil:
		return nil, answer.err
	case answer.failed:
		return nil, managerError(answer.message, answer.pid)
	}
	v, err := decodeWith(domain, answer.message)
	results, _ := v.([]any)
	return results, err
}

// giveUp makes sure that a request which succeeds after all leaves nothing taken
// that nobody would release. It is false if the answer is there.
func (c *managerClient) giveUp(conn *frame.Conn, request, object uint64, method string, args []any) bool {
	undo := []any{"Release"}
	switch method {
	case "Acquire": // of a lock: the owner comes first
		undo = append(undo, args[0])
	case "AcquireContext", "AcquireTimeout", "TryAcquire":
	default:
		undo = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending[request] == nil {
		return false
	}
	delete(c.pending, request)
	if undo != nil {
		c.last++
		number := c.last
		if c.late == nil {
			c.late = map[uint64]func(){}
		}
		c.late[request] = func() {
			go func() { // not the reader writes; it ends with the connection
				if m, err := encodeWith(c.domain(), undo, "the arguments of Release"); err == nil {
					_ = sendTo(conn, kindInvoke, m, number, object) // with the connection ends what was taken
				}
			}()
		}
	}
	return true
}

// domain returns what the messages to and from the manager know.
func (c *managerClient) domain() *codec.Domain {
	if c.streamed {
		return here.streamDomain()
	}
	return here.domain()
}

// managerError reads an error of a server, a process with a number. One of mp
// stays itself.
func managerError(m codec.Message, pid int) error {
	err := taskError(m, "the manager", pid, -1)
	var task *TaskError
	if errors.As(err, &task) && task.Traceback == "" && len(task.causes) > 0 && task.causes[0].Error() == task.Text {
		return task.causes[0]
	}
	return err
}
