package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A mailbox sorts what a front end receives: to the request that it belongs to
// or, when others have asked, to the statuses that are still open.
type mailbox struct {
	scope *scope

	mu       sync.Mutex
	requests map[string]*exchange // under way, by id
	finished map[string]ending    // by id
	order    []string             // of finished, oldest first
	open     map[string]string    // the type of request that is busy, by id
	last     string               // execution_state that was seen
	followed map[string]func(kerneltest.Received)
	beats    chan struct{}
}

func newMailbox(s *scope) *mailbox {
	return &mailbox{
		scope:    s,
		requests: map[string]*exchange{},
		finished: map[string]ending{},
		open:     map[string]string{},
		followed: map[string]func(kerneltest.Received){},
		beats:    make(chan struct{}, 1),
	}
}

// An exchange is one request and what came back.
type exchange struct {
	id       string
	silent   bool // has no reply, as messages of comms
	reply    kerneltest.Received
	iopub    []kerneltest.Received
	replied  bool
	idle     bool
	stray    []string                  // what came after idle
	over     chan struct{}             // closed when both have come
	asked    chan kerneltest.Received  // receives its input_request
	listener func(kerneltest.Received) // sees each message as it comes; may be nil
}

// An ending is how a request ended.
type ending struct {
	late        bool // output may still come
	interrupted bool
}

// remembered is how many finished requests are known by their id.
const remembered = 4096

// take is what the front end calls for each message. It keeps nothing in the log.
func (b *mailbox) take(r kerneltest.Received) bool {
	b.scope.tally.add("messages", 1)
	if r.Channel == kerneltest.Heartbeat {
		select {
		case b.beats <- struct{}{}:
		default:
		}
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	parent := r.ParentID()
	if r.Header.Type == wire.Status {
		b.last = fmt.Sprint(kerneltest.Field(r.Message, "execution_state"))
		switch {
		case parent == "": // says how the kernel is, whatever was asked
		case b.last == wire.Busy:
			b.open[parent] = requestType(r)
		case b.last == wire.Idle:
			delete(b.open, parent)
		}
	}
	if x := b.requests[parent]; x != nil {
		b.sort(x, r)
	} else if end, mine := b.finished[parent]; mine && end.interrupted && r.Header.Type == wire.InputRequest {
		// The interrupt ended the cell while it asked, and its idle came by another
		// socket: ZeroMQ keeps the order of one socket only.
		b.scope.tally.add("overtaken questions", 1)
	} else if mine {
		if !end.late || r.Header.Type == wire.Status || r.Channel != kerneltest.IOPub {
			b.scope.Errorf("%s %s came after the idle of its request", r.Channel, r.Header.Type)
		}
		if listener := b.followed[parent]; listener != nil {
			listener(r)
		}
		if end.late {
			b.scope.tally.add("late outputs", 1)
		}
	}
	return false
}

// sort checks the place of a message in its exchange.
func (b *mailbox) sort(x *exchange, r kerneltest.Received) {
	if x.listener != nil {
		x.listener(r)
	}
	switch r.Channel {
	case kerneltest.IOPub:
		state := kerneltest.Field(r.Message, "execution_state")
		switch {
		case x.idle:
			x.stray = append(x.stray, string(r.Header.Type))
		case len(x.iopub) == 0 && state != wire.Busy:
			b.scope.Errorf("the first message is %s %v, want busy", r.Header.Type, state)
		case len(x.iopub) > 0 && state == wire.Busy:
			b.scope.Errorf("busy came twice")
		}
		x.iopub = append(x.iopub, r)
		x.idle = x.idle || state == wire.Idle
	case kerneltest.Shell, kerneltest.Control:
		if !strings.HasSuffix(string(r.Header.Type), "_reply") {
			break // comms may come by shell in no kernel
		}
		if x.replied {
			b.scope.Errorf("a second %s", r.Header.Type)
		}
		x.reply, x.replied = r, true
	case kerneltest.Stdin:
		select {
		case x.asked <- r:
		default:
			b.scope.Errorf("a second question before the first was answered")
		}
	}
	if x.idle && (x.replied || x.silent) {
		select {
		case <-x.over:
		default:
			close(x.over)
		}
	}
}

func (b *mailbox) expect(x *exchange) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[x.id] = x
}

// finish forgets a request. late says that output may still come for it.
func (b *mailbox) finish(x *exchange, late bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.requests, x.id)
	if len(x.stray) > 0 && !late {
		b.scope.Errorf("%s came after idle", x.stray)
	}
	b.finished[x.id] = ending{late, x.replied && kerneltest.Field(x.reply.Message, "ename") == lang.Interrupted}
	b.order = append(b.order, x.id)
	if len(b.order) > remembered {
		delete(b.finished, b.order[0])
		b.order = b.order[1:]
	}
}

func requestType(r kerneltest.Received) string {
	var parent wire.Header
	if err := json.Unmarshal(r.Parent, &parent); err != nil {
		return err.Error()
	}
	return string(parent.Type)
}

// busy are the types of the requests, of anybody, that have not become idle, and
// "the kernel" when that is what a person sees though nothing is under way.
func (b *mailbox) busy() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	types := slices.Sorted(maps.Values(b.open))
	if len(types) == 0 && b.last == wire.Busy {
		types = append(types, "the kernel")
	}
	return types
}

// follow has listener see each message of a request, also those that come after
// its end, until unfollow.
func (b *mailbox) follow(x *exchange, listener func(kerneltest.Received)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range x.iopub {
		listener(r)
	}
	x.listener = listener
	b.followed[x.id] = listener
}

func (b *mailbox) unfollow(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.followed, id)
}

// forget gives up on the requests that have not become idle.
func (b *mailbox) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.open)
	b.last = ""
}
