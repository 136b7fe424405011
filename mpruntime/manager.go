package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/spawn"
)

// A Manager is a process that holds objects for others, who use them through
// proxies (CPython: multiprocessing.Manager). Proxies travel, also into objects of
// the same manager, and every process that has one sees the same object. What is
// put into an object is a copy, and what is got out of it is another: a change of
// a list that was got from a proxy is not seen by anybody, unless it is put back.
//
// Methods that change an object return an error; those that only look return what
// they see, and fail the calling cell when the manager does not answer. Blocking
// ones end when the cell is interrupted. An error wraps [ErrManagerGone] when the
// manager has ended.
//
// Objects live as long as the manager (CPython counts the proxies). It ends by
// Shutdown, with the process that has made it, or when that refers neither to the
// manager nor to any of its objects any more.
type Manager struct{ remote }

// NewManager starts a manager in a process of its own.
func NewManager() *Manager {
	m, err := startManager()
	if err != nil {
		return &Manager{remote{err: note(errorf("mp: making the manager: %w", err))}}
	}
	return m
}

func startManager() (_ *Manager, err error) {
	p, conn, err := newService(serviceManager)
	if err != nil {
		return nil, err
	}
	p.Name = strings.Replace(p.Name, "Process", "Manager", 1)
	door, theirs, err := spawn.Pair()
	if err != nil {
		conn.Close()
		p.served.Close()
		return nil, err
	}
	defer theirs.Close()
	if err := p.Start(); err != nil {
		conn.Close()
		door.Close()
		p.served.Close()
		return nil, err
	}
	name := newManagerName()
	open := codec.Message{Bytes: []byte(name), Files: []*os.File{theirs}}
	// A process that could not be started otherwise than Start has noticed does not
	// answer: the first call says so.
	_ = sendTo(conn, kindOpen, open, 0, 0)
	c := here.know(name)
	c.mu.Lock()
	c.door = door
	c.connected(conn)
	c.mu.Unlock()
	life := &managerLife{managerEnd{c, conn, p}}
	runtime.AddCleanup(life, managerEnd.end, life.managerEnd)
	return &Manager{remote{client: c, life: life}}, nil
}

// A managerLife is what the process that has made a manager refers to as long as
// it refers to the manager or to one of its objects.
type managerLife struct{ managerEnd }

// managerEnd is what ends a manager.
type managerEnd struct {
	client  *managerClient
	conn    *frame.Conn
	process *Process
}

// end has the server end, and waits for that.
func (m managerEnd) end() {
	m.client.close()
	m.conn.Close()
	if m.process == nil {
		return
	}
	terminate := time.AfterFunc(endGrace, func() { _ = m.process.Terminate() })
	kill := time.AfterFunc(2*endGrace, func() { _ = m.process.Kill() })
	<-m.process.done
	terminate.Stop()
	kill.Stop()
}

// close ends the calls that wait, and all later ones.
func (c *managerClient) close() {
	c.mu.Lock()
	c.fail()
	c.mu.Unlock()
	c.forget()
}

// DialManager connects to a manager that is served by [ServeManager], or that
// listens by [Manager.Listen], in a process that may be on another machine. Its
// proxies do not travel to other processes of this machine, which connect
// themselves.
func DialManager(network, address string, key []byte) (*Manager, error) {
	raw, err := dialRaw(context.Background(), network, address, key)
	if err != nil {
		return nil, err
	}
	conn := frame.New(plainConn{raw})
	if err := raw.SetReadDeadline(time.Now().Add(handshakeLimit)); err != nil {
		conn.Close()
		return nil, errorf("mp: connecting to a manager: %w", err)
	}
	kind, m, _, _, err := receiveFrom(conn)
	if err != nil || kind != kindHello {
		conn.Close()
		return nil, errors.Join(errors.New("mp: connecting to a manager: there is none at that address"), err)
	}
	_ = raw.SetReadDeadline(time.Time{}) // reading says so if the connection is closed
	c := &managerClient{name: string(m.Bytes), streamed: true, pending: map[uint64]chan managerReply{}}
	c.mu.Lock()
	c.connected(conn)
	c.mu.Unlock()
	here.mu.Lock()
	if here.managers == nil {
		here.managers = map[string]*managerClient{}
	}
	if known := here.managers[c.name]; known == nil || known.streamed { // one of this machine stays
		here.managers[c.name] = c
	}
	here.mu.Unlock()
	life := &managerLife{managerEnd{client: c, conn: conn}}
	runtime.AddCleanup(life, managerEnd.end, life.managerEnd)
	return &Manager{remote{client: c, life: life}}, nil
}

// Shutdown ends the manager and its objects, or the connection if it is another
// process's. A second Shutdown is no error.
func (m *Manager) Shutdown() error {
	if err := m.Err(); err != nil {
		return err
	}
	if m.life == nil {
		return errors.New("mp: a manager is shut down by the process that has made it")
	}
	m.life.end()
	return nil
}

// String says whether the manager runs and, of one of this process, its process id.
func (m *Manager) String() string {
	switch err := m.Err(); {
	case errors.Is(err, errNoProxy):
		return "<Manager not made>"
	case err != nil:
		return fmt.Sprintf("<Manager failed: %s>", strings.TrimPrefix(err.Error(), "mp: "))
	}
	text := "<Manager state="
	m.client.mu.Lock()
	if m.client.err == nil {
		text += "running"
	} else {
		text += "ended"
	}
	m.client.mu.Unlock()
	if m.life != nil && m.life.process != nil {
		text += fmt.Sprintf(" pid=%d", m.life.process.PID())
	}
	return text + ">"
}

// PID returns the process id of the manager, 0 if another process has made it.
func (m *Manager) PID() int {
	if m.life == nil || m.life.process == nil {
		return 0
	}
	return m.life.process.PID()
}

// Listen has the manager take clients from the network too: on "tcp" at an address
// like "127.0.0.1:0", or on "unix" at the name of a file that does not exist yet.
// It returns the address that [DialManager] takes.
func (m *Manager) Listen(network, address string, key []byte) (string, error) {
	results, err := m.call(context.Background(), "Listen", network, address, key)
	if err != nil {
		return "", err
	}
	return results[0].(string), nil
}

// Share gives an object a name by which every client of the manager finds it, with
// [Manager.Shared].
func (m *Manager) Share(name string, object ManagedObject) error {
	r := object.proxied()
	if err := r.Err(); err != nil {
		return err
	}
	if err := m.Err(); err != nil {
		return err
	}
	if r.client.name != m.client.name {
		return errors.New("mp: sharing an object of another manager")
	}
	_, err := m.call(context.Background(), "Share", name, r.number)
	return err
}

// Shared returns the proxy of an object that was given a name: a *ListProxy, a
// *DictProxy and so on.
func (m *Manager) Shared(name string) (any, error) {
	results, err := m.call(context.Background(), "Shared", name)
	if err != nil {
		return nil, err
	}
	kind, number := results[0].(string), results[1].(uint64)
	return newProxy(kind, remote{client: m.client, life: m.life, number: number, kind: kind}), nil
}

// Register tells the manager of a type of the user (CPython:
// BaseManager.register): construct is a function that returns the object, and may
// return an error. [Manager.New] has it called in the manager's process, which the
// object does not leave.
func (m *Manager) Register(name string, construct any) error {
	if _, _, err := constructor(name, construct); err != nil {
		return err
	}
	packed, err := pack(construct, "the constructor")
	if err != nil {
		return err
	}
	defer packed.Close()
	if len(packed.Files) > 0 {
		return fmt.Errorf("mp: the constructor of %s refers to a pipe, a lock or shared memory: pass it to New instead", name)
	}
	_, err = m.call(context.Background(), "Register", name, packed.Bytes)
	return err
}

// New makes an object of a registered type.
func (m *Manager) New(name string, args ...any) *Proxy { return &Proxy{m.make(name, args...)} }

// make makes an object.
func (m *Manager) make(kind string, args ...any) remote {
	if err := m.Err(); err != nil {
		return remote{err: err, kind: kind}
	}
	if args == nil {
		args = []any{}
	}
	results, err := m.call(context.Background(), "Create", kind, args)
	if err != nil {
		return remote{err: note(err), kind: kind}
	}
	return remote{client: m.client, life: m.life, number: results[0].(uint64), kind: kind}
}
