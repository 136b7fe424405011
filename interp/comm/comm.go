// Package comm lets a notebook and the front end talk: a comm is a connection
// between an object in a cell and one in the browser, such as a widget, on which
// both send messages. Cells call it without importing it:
//
//	slider, err := comm.OpenMessage("jupyter.widget", comm.Message{Data: state, Metadata: version})
//	slider.OnMsg(func(m comm.Message) { fmt.Println(m.Data) })
//	err = slider.Send(map[string]any{"method": "update", "state": map[string]any{"value": 7}})
//
// Either end opens: a cell with Open, the front end for a target that a cell has
// registered. Functions that take messages run as cells of their own, in the order
// in which the messages arrived and not while another cell runs, unless the front
// end sends to a subshell. What they print and display belongs to the message;
// a panic of theirs ends that message only.
//
// It mirrors Python's package comm, which ipykernel and ipywidgets use (messaging
// spec, "Custom Messages"). All of it may be called from any goroutine.
package comm

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
)

// Errors of Open, Send and Close.
var (
	// ErrNotMain is the answer in a child process.
	ErrNotMain = errors.New("comm: only MainProcess talks to the front end; send it what a child has to say through a Queue or a Pipe")
	// ErrClosed is the answer of a comm that either end has closed.
	ErrClosed = errors.New("comm: the comm is closed")
)

// A Comm is the notebook's end of a comm.
type Comm struct {
	id, target string

	mu      sync.Mutex
	closed  bool
	onMsg   handler
	onClose handler
}

// Open opens a comm for a target of the front end. The data is what JSON writes as
// an object: a map, a struct, or nil for {}.
func Open(target string, data any, buffers ...[]byte) (*Comm, error) {
	return OpenMessage(target, Message{Data: data, Buffers: buffers})
}

// OpenMessage is Open with metadata, which some targets ask for.
func OpenMessage(target string, m Message) (*Comm, error) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	c := &Comm{id: hex.EncodeToString(random[:]), target: target}
	process.add(c)
	if err := c.send(kindOpen, m); err != nil {
		process.remove(c.id)
		return nil, err
	}
	return c, nil
}

// ID returns the comm_id, by which other messages refer to the comm; a widget's
// model_id.
func (c *Comm) ID() string { return c.id }

// Target returns the name of the target that the comm was opened for.
func (c *Comm) Target() string { return c.target }

// String describes the comm.
func (c *Comm) String() string { return fmt.Sprintf("comm %s (%s)", c.id, c.target) }

// Send sends a message. Data and buffers are as for Open; they have been copied
// when Send returns.
func (c *Comm) Send(data any, buffers ...[]byte) error {
	return c.SendMessage(Message{Data: data, Buffers: buffers})
}

// SendMessage is Send with metadata.
func (c *Comm) SendMessage(m Message) error {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return c.send(kindMsg, m)
}

// Close closes the comm, with a last word for the other end; nil is {}. Closing
// once more does nothing.
func (c *Comm) Close(data any) error {
	c.mu.Lock()
	closed := c.closed
	c.closed = true
	c.mu.Unlock()
	if closed {
		return nil
	}
	process.remove(c.id)
	return c.send(kindClose, Message{Data: data})
}

// OnMsg has f called with each message that arrives; nil drops them.
func (c *Comm) OnMsg(f func(Message)) {
	h := newHandler(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onMsg = h
}

// OnClose has f called when the front end closes the comm.
func (c *Comm) OnClose(f func(Message)) {
	h := newHandler(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.onClose = h
}

// Register has f called for each comm that the front end opens for a target, with
// the comm and what it was opened with. A comm whose f panics is closed. Comms for
// targets that are not registered are closed at once.
func Register(target string, f func(*Comm, Message)) { process.register(target, f) }

// Unregister ends Register. Comms that are open stay so.
func Unregister(target string) { process.unregister(target) }
