// Package kerneltest is a front end for tests: it runs a kernel in this
// process, talks to it over real sockets, and checks every message that it
// receives against the messaging spec (schema.go).
//
// A FrontEnd keeps all that it received, so a test asks for what it wants to
// see and waits for it; nothing depends on when it asks. A wait that is in vain
// fails the test after Limit.
package kerneltest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"cuaderno/kernel"
	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// Limit is how long anything is awaited.
const Limit = time.Minute

// A Channel names a socket of the kernel.
type Channel string

// The channels. Heartbeat messages are in the log without a wire.Message.
const (
	Shell     Channel = "shell"
	Control   Channel = "control"
	Stdin     Channel = "stdin"
	IOPub     Channel = "iopub"
	Heartbeat Channel = "heartbeat"
)

// A Received is one message, in the order of its channel.
type Received struct {
	*wire.Message
	Channel Channel
	Frames  [][]byte
	parent  string
}

// ParentID is the id of the request that the message belongs to.
func (r Received) ParentID() string { return r.parent }

// A T is what a front end belongs to and tells what is wrong: a *testing.T, or a
// program that drives a kernel. Fatal and Fatalf do not return.
type T interface {
	Helper()
	Cleanup(f func())
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A Server is a kernel that runs in this process.
type Server struct {
	Connection wire.Connection
	stop       context.CancelFunc
	ended      chan struct{}
	err        error
}

// Serve runs a kernel on 127.0.0.1, with ports of the system's choice and a key
// unless cfg.Connection says otherwise. It is stopped with the test.
func Serve(t T, cfg kernel.Config) *Server {
	t.Helper()
	if cfg.Connection.Transport == "" {
		cfg.Connection = wire.Connection{
			Transport:       "tcp",
			IP:              "127.0.0.1",
			SignatureScheme: wire.SignatureScheme,
			Key:             uuid.NewString(),
		}
	}
	bound := make(chan wire.Connection, 1)
	cfg.Bound = func(c wire.Connection) { bound <- c }
	k, err := kernel.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = k.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		if err := s.Wait(t); err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	select {
	case s.Connection = <-bound:
	case <-s.ended:
		t.Fatalf("Run returned %v", s.err)
	}
	return s
}

// Stop cancels the context of Run, as a SIGTERM does.
func (s *Server) Stop() { s.stop() }

// Wait waits for the end of Run and returns its error.
func (s *Server) Wait(t T) error {
	t.Helper()
	select {
	case <-s.ended:
		return s.err
	case <-time.After(Limit):
		t.Fatal("Run does not return")
		return nil
	}
}

// A FrontEnd is one client of a kernel. Its methods are for the goroutine of
// the test.
type FrontEnd struct {
	t       T
	codec   *wire.Codec
	session string
	sockets map[Channel]transport.Socket

	mu      sync.Mutex
	keep    func(Received) bool // nil keeps everything
	log     []Received
	changed chan struct{} // closed and replaced when log grows
}

// Start runs a kernel and connects to it.
func Start(t T, cfg kernel.Config) *FrontEnd {
	t.Helper()
	return Connect(t, Serve(t, cfg).Connection)
}

// Connect connects one more front end to a kernel, and waits until the kernel
// has answered on shell and iopub.
func Connect(t T, conn wire.Connection) *FrontEnd {
	t.Helper()
	codec, err := wire.NewCodec(conn.SignatureScheme, conn.Key)
	if err != nil {
		t.Fatal(err)
	}
	f := &FrontEnd{
		t:       t,
		codec:   codec,
		session: uuid.NewString(),
		sockets: map[Channel]transport.Socket{},
		changed: make(chan struct{}),
	}
	var readers sync.WaitGroup
	t.Cleanup(readers.Wait)
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	for _, d := range []struct {
		channel Channel
		kind    transport.Kind
		port    int
	}{
		{IOPub, transport.Sub, conn.IOPubPort},
		{Shell, transport.Dealer, conn.ShellPort},
		{Control, transport.Dealer, conn.ControlPort},
		{Stdin, transport.Dealer, conn.StdinPort},
		{Heartbeat, transport.Dealer, conn.HeartbeatPort},
	} {
		s, err := transport.Dial(ctx, d.kind, conn.Endpoint(d.port), f.session, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		f.sockets[d.channel] = s
		readers.Go(func() { f.read(d.channel, s) })
	}
	f.join()
	return f
}

// join asks for kernel_info until the answer's status arrives on iopub too, as
// jupyter_client's wait_for_ready does: a subscription takes effect at some
// time after the connection.
func (f *FrontEnd) join() {
	f.t.Helper()
	for deadline := time.Now().Add(Limit); time.Now().Before(deadline); {
		id := f.Send(Shell, wire.KernelInfoRequest, nil)
		f.Reply(id)
		if f.seen(200*time.Millisecond, func(r Received) bool { return isIdle(r, id) }) {
			return
		}
	}
	f.t.Fatal("nothing arrives on iopub")
}

func (f *FrontEnd) read(ch Channel, s transport.Socket) {
	for {
		frames, err := s.Recv()
		if err != nil {
			return
		}
		r := Received{Channel: ch, Frames: frames}
		if ch != Heartbeat {
			if r.Message, err = f.codec.Decode(frames); err != nil {
				f.t.Errorf("%s: received a message that cannot be read: %v", ch, err)
				continue
			}
			r.parent = r.Message.ParentID()
			for _, fault := range Check(ch, r.Message) {
				f.t.Errorf("%s %s: %s", ch, r.Header.Type, fault)
			}
		}
		f.mu.Lock()
		keep := f.keep
		f.mu.Unlock()
		if keep != nil && !keep(r) {
			continue
		}
		f.mu.Lock()
		f.log = append(f.log, r)
		close(f.changed)
		f.changed = make(chan struct{})
		f.mu.Unlock()
	}
}

// Send sends a message with no parent and returns its id. A nil content is {}.
func (f *FrontEnd) Send(ch Channel, t wire.Type, content any) string {
	f.t.Helper()
	m := f.Message(t, content)
	f.SendMessage(ch, m)
	return m.Header.ID
}

// Message makes a message of this front end.
func (f *FrontEnd) Message(t wire.Type, content any) *wire.Message {
	f.t.Helper()
	m, err := wire.NewMessage(t, f.session, nil, content)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// SendMessage signs and sends m.
func (f *FrontEnd) SendMessage(ch Channel, m *wire.Message) {
	f.t.Helper()
	frames, err := f.codec.Encode(m)
	if err != nil {
		f.t.Fatal(err)
	}
	f.SendFrames(ch, frames)
}

// SendFrames sends frames as they are.
func (f *FrontEnd) SendFrames(ch Channel, frames [][]byte) {
	f.t.Helper()
	if err := f.sockets[ch].Send(frames); err != nil {
		f.t.Fatal(err)
	}
}

// Frames returns what SendMessage would send.
func (f *FrontEnd) Frames(m *wire.Message) [][]byte {
	f.t.Helper()
	frames, err := f.codec.Encode(m)
	if err != nil {
		f.t.Fatal(err)
	}
	return frames
}

// Log returns everything received so far.
func (f *FrontEnd) Log() []Received {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log[:len(f.log):len(f.log)]
}

// Keep has the log take only what keep returns true for, from here on. keep is
// called for each message, in order on each channel, by one goroutine for each,
// and what it waits for is not read. A program that runs for long takes what it
// wants to know there, and keeps nothing.
func (f *FrontEnd) Keep(keep func(Received) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keep = keep
}

// Forget empties the log, which makes waiting cheaper in long runs.
func (f *FrontEnd) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

// Await returns the first message, of those received and those to come, for
// which want is true.
func (f *FrontEnd) Await(what string, want func(Received) bool) Received {
	f.t.Helper()
	r, ok := f.await(Limit, want)
	if !ok {
		f.t.Fatalf("no %s within %v", what, Limit)
	}
	return r
}

func (f *FrontEnd) seen(limit time.Duration, want func(Received) bool) bool {
	_, ok := f.await(limit, want)
	return ok
}

func (f *FrontEnd) await(limit time.Duration, want func(Received) bool) (Received, bool) {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for next := 0; ; {
		f.mu.Lock()
		log, changed := f.log, f.changed
		f.mu.Unlock()
		for ; next < len(log); next++ {
			if want(log[next]) {
				return log[next], true
			}
		}
		select {
		case <-changed:
		case <-timeout.C:
			return Received{}, false
		}
	}
}

// Reply waits for the reply to a request, on whatever channel.
func (f *FrontEnd) Reply(id string) Received {
	f.t.Helper()
	return f.Await("reply to "+id, func(r Received) bool {
		return (r.Channel == Shell || r.Channel == Control) && r.ParentID() == id
	})
}

func isIdle(r Received, id string) bool {
	return r.Channel == IOPub && r.Header.Type == wire.Status && r.ParentID() == id &&
		Field(r.Message, "execution_state") == wire.Idle
}

// Published waits for a request's idle and returns what came on iopub for the
// request up to and with it.
func (f *FrontEnd) Published(id string) []Received {
	f.t.Helper()
	f.Await("idle of "+id, func(r Received) bool { return isIdle(r, id) })
	var out []Received
	for _, r := range f.Log() {
		if r.Channel == IOPub && r.ParentID() == id {
			out = append(out, r)
			if isIdle(r, id) {
				break
			}
		}
	}
	return out
}

// Field returns a field of a message's content, nil when there is none.
func Field(m *wire.Message, name string) any {
	var content map[string]any
	if json.Unmarshal(m.Content, &content) != nil {
		return nil
	}
	return content[name]
}
