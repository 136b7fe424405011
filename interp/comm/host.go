package comm

import (
	"encoding/json"
	"sync"
)

// This file is for programs that run cells; cells do not see it.

// Kinds of packets (messaging spec, "Custom Messages").
const (
	kindOpen  = "comm_open"
	kindMsg   = "comm_msg"
	kindClose = "comm_close"
)

// A Packet is a message as it travels between this process and the kernel.
type Packet struct {
	Kind     string // comm_open, comm_msg or comm_close
	ID       string
	Target   string // with comm_open
	Data     json.RawMessage
	Metadata json.RawMessage
	Buffers  [][]byte
}

// A Host carries what cells send. Its methods may be called from any goroutine,
// and find out themselves to which cell the calling one belongs.
type Host interface {
	// Send sends a packet to the front end; it may wait.
	Send(Packet) error
	// Cell is the number of the cell of the calling goroutine.
	Cell() int
}

// A registry knows the comms and targets of a process.
type registry struct {
	mu      sync.Mutex
	host    Host
	comms   map[string]*Comm
	targets map[string]target
}

// process is the registry of this one. It is state of the package because cells
// call Open and Register with no session at hand.
var process = registry{comms: map[string]*Comm{}, targets: map[string]target{}}

type target struct {
	open func(*Comm, Message)
	cell int
}

// A handler is a function of a cell that takes messages.
type handler struct {
	take func(Message)
	cell int
}

func newHandler(f func(Message)) handler {
	h := handler{take: f}
	if host := process.currentHost(); host != nil {
		h.cell = host.Cell()
	}
	return h
}

// SetHost makes h the host of this process, before any cell runs. Without one, as
// in a child, comms cannot be opened.
func SetHost(h Host) {
	process.mu.Lock()
	defer process.mu.Unlock()
	process.host = h
}

// A Delivery is a packet that somebody takes.
type Delivery struct {
	// Run takes it; nil when no function was registered.
	Run func()
	// Cell is the number of the cell that registered the function.
	Cell int
}

// Deliver finds who takes a packet of the front end. It is false when nobody does:
// the target is not registered, or the comm not open.
func Deliver(p Packet) (Delivery, bool) {
	process.mu.Lock()
	defer process.mu.Unlock()
	if p.Kind == kindOpen {
		t, ok := process.targets[p.Target]
		if !ok {
			return Delivery{}, false
		}
		c := &Comm{id: p.ID, target: p.Target}
		process.comms[p.ID] = c
		return Delivery{func() { t.open(c, received(p)) }, t.cell}, true
	}
	c, ok := process.comms[p.ID]
	if !ok {
		return Delivery{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.onMsg
	if p.Kind == kindClose {
		delete(process.comms, p.ID)
		c.closed = true
		h = c.onClose
	}
	if h.take == nil {
		return Delivery{}, true
	}
	return Delivery{func() { h.take(received(p)) }, h.cell}, true
}

// Forget closes the notebook's end of a comm whose opening failed.
func Forget(id string) {
	process.mu.Lock()
	c := process.comms[id]
	delete(process.comms, id)
	process.mu.Unlock()
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed = true
	}
}

func (r *registry) currentHost() Host {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.host
}

func (r *registry) add(c *Comm) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.comms[c.id] = c
}

func (r *registry) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.comms, id)
}

func (r *registry) register(name string, open func(*Comm, Message)) {
	t := target{open: open}
	if host := r.currentHost(); host != nil {
		t.cell = host.Cell()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets[name] = t
}

func (r *registry) unregister(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.targets, name)
}
