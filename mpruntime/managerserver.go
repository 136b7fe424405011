package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/rights"
	"cuaderno/internal/spawn"
)

// The messages between a manager's server and its clients. Each ends with two
// numbers as those of a pool do: the request, and the object that it is for or, in
// a refusal, the server's process id.
const (
	kindOpen   byte = 1 + iota // to a new server: its name and its door
	kindInvoke                 // a method's name and its arguments
	kindAbort                  // a request: its result is wanted no more
	kindReply                  // results
	kindRefusal
	kindHello // of a server to who has dialled: its name
)

// A managerServer holds the objects of a manager. Each client has a session with
// it; each request runs on a goroutine of its own, so that one that waits holds up
// nobody.
type managerServer struct {
	name string // by which processes know that they speak of the same manager

	mu      sync.Mutex
	objects map[uint64]*managed // 0 is the manager itself
	last    uint64
	types   map[string]reflect.Value // constructors that the user has registered
	shared  map[string]*managed
	group   sync.WaitGroup // sessions and listeners
	over    context.Context
	end     context.CancelFunc
}

// managed is an object of a manager.
type managed struct {
	number uint64
	kind   string
	value  reflect.Value
	users  bool // it is of a type of the user
}

// sessionEnder is an object that wants to know when a client is gone.
type sessionEnder interface {
	sessionEnded(s *managerSession)
}

func newManagerServer(name string) *managerServer {
	m := &managerServer{
		name: name, objects: map[uint64]*managed{}, types: map[string]reflect.Value{}, shared: map[string]*managed{},
	}
	m.over, m.end = context.WithCancel(context.Background())
	m.objects[0] = &managed{value: reflect.ValueOf(&managerObject{m})}
	c := here.know(name)
	c.mu.Lock()
	c.server = m
	c.mu.Unlock()
	return m
}

// serveManager is the server of a manager in its own process, until the
// connection with the manager ends.
func serveManager(conn *frame.Conn) (exitCode int) {
	kind, m, _, _, err := receiveFrom(conn)
	if err != nil || kind != kindOpen || len(m.Files) != 1 {
		fmt.Fprintln(here.stderr(), "mp: starting a manager: the first message did not arrive:", err)
		return 1
	}
	door, err := spawn.Socket(m.Files[0])
	if err != nil {
		fmt.Fprintln(here.stderr(), "mp: starting a manager:", err)
		return 1
	}
	server := newManagerServer(string(m.Bytes))
	server.start(func() { server.keepDoor(door) })
	server.serve(conn, here.domain())
	server.end()
	door.Close()
	return 0 // whatever the other clients still do
}

// start runs f, a session or a listener, until the server ends, which it looks for.
// It is false if the server has ended.
func (m *managerServer) start(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over.Err() != nil {
		return false
	}
	m.group.Go(f)
	return true
}

// close ends the sessions and waits for them. Nobody reaches the server any more.
func (m *managerServer) close() {
	m.mu.Lock()
	m.end()
	m.mu.Unlock()
	m.group.Wait()
	here.mu.Lock()
	c := here.managers[m.name]
	here.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	ours := c.server == m
	if ours {
		c.server = nil
		c.fail()
	}
	c.mu.Unlock()
	if ours {
		c.forget()
	}
}

// keepDoor has a session with everybody who sends the end of a connection, until
// the door is closed. An end that does not arrive, as with too many open files, is
// lost to its sender alone.
func (m *managerServer) keepDoor(door *net.UnixConn) {
	b := make([]byte, 1) // one caller at a time
	for {
		_, files, err := rights.Read(door, b)
		for _, f := range files {
			socket, socketErr := spawn.Socket(f)
			if socketErr != nil {
				continue
			}
			if !m.start(func() { m.serve(frame.New(socket), here.domain()) }) {
				socket.Close()
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET):
			return
		case err != nil:
			select {
			case <-m.over.Done():
				return
			case <-time.After(retryEvery):
			}
		}
	}
}

// A managerSession is a client of a server.
type managerSession struct {
	server *managerServer
	conn   *frame.Conn
	domain *codec.Domain

	mu      sync.Mutex
	running map[uint64]context.CancelCauseFunc
	group   sync.WaitGroup
	over    context.Context // ends with the client
}

var (
	errAborted     = errors.New("mp: the call was given up")
	errSessionOver = errors.New("mp: the manager's client has ended")
)

// serve answers the requests of one client until that ends.
func (m *managerServer) serve(conn *frame.Conn, domain *codec.Domain) {
	s := &managerSession{server: m, conn: conn, domain: domain, running: map[uint64]context.CancelCauseFunc{}}
	over, end := context.WithCancelCause(context.Background())
	s.over = over
	defer context.AfterFunc(m.over, func() { conn.Close() })()
	for {
		kind, message, request, object, err := receiveFrom(conn)
		if err != nil {
			break
		}
		switch kind {
		case kindInvoke:
			ctx, cancel := context.WithCancelCause(over)
			s.mu.Lock()
			s.running[request] = cancel
			s.mu.Unlock()
			s.group.Go(func() {
				s.answer(ctx, message, request, object)
				s.mu.Lock()
				delete(s.running, request)
				s.mu.Unlock()
				cancel(nil)
			})
		case kindAbort:
			s.mu.Lock()
			if cancel := s.running[request]; cancel != nil {
				cancel(errAborted)
			}
			s.mu.Unlock()
			message.Close()
		default:
			message.Close()
		}
	}
	conn.Close()
	end(errSessionOver)
	m.forget(s)
	s.group.Wait()
	m.forget(s) // what a request has taken meanwhile
}

// forget takes from a client what it holds.
func (m *managerServer) forget(s *managerSession) {
	m.mu.Lock()
	var enders []sessionEnder
	for _, o := range m.objects {
		if e, ok := o.value.Interface().(sessionEnder); ok {
			enders = append(enders, e)
		}
	}
	m.mu.Unlock()
	for _, e := range enders {
		e.sessionEnded(s)
	}
}

// answer runs a request and sends what comes of it. A client that is gone is
// noticed by reading.
func (s *managerSession) answer(ctx context.Context, m codec.Message, request, object uint64) {
	results, err := s.invoke(ctx, m, object)
	kind, number := kindReply, object
	var reply codec.Message
	if err == nil {
		reply, err = encodeWith(s.domain, results, "the result")
	}
	if err != nil {
		kind, number = kindRefusal, uint64(os.Getpid())
		if reply, err = encodeFailure(err, 0); err != nil {
			return
		}
	}
	defer reply.Close()
	if err := sendTo(s.conn, kind, reply, request, number); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		if m, err := encodeFailure(err, 0); err == nil { // it may have been too long, or its files too many
			_ = sendTo(s.conn, kindRefusal, m, request, uint64(os.Getpid()))
		}
	}
}

// invoke calls a method of an object.
func (s *managerSession) invoke(ctx context.Context, m codec.Message, number uint64) ([]any, error) {
	s.server.mu.Lock()
	o := s.server.objects[number]
	s.server.mu.Unlock()
	if o == nil {
		m.Close()
		return nil, fmt.Errorf("mp: the manager has no object %d", number)
	}
	v, err := decodeWith(s.domain, m)
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	if len(list) == 0 {
		return nil, errCutShort
	}
	name, _ := list[0].(string)
	method := o.value.MethodByName(name)
	if !method.IsValid() {
		return nil, fmt.Errorf("mp: a %s of a manager has no method %s", o.kind, name)
	}
	return s.call(ctx, method, name, list[1:], o.users)
}

// call calls a method or a constructor. Parameters that are a context or a session
// are no arguments of the client.
func (s *managerSession) call(ctx context.Context, f reflect.Value, name string, args []any, users bool) (results []any, err error) {
	sig := signatureOf(f.Type())
	var in []reflect.Value
	for len(in) < f.Type().NumIn() && !users {
		switch f.Type().In(len(in)) {
		case reflect.TypeFor[context.Context]():
			in = append(in, reflect.ValueOf(ctx))
			continue
		case reflect.TypeFor[*managerSession]():
			in = append(in, reflect.ValueOf(s))
			continue
		}
		break
	}
	if err := sig.takes(len(in) + len(args)); err != nil {
		return nil, errorf("mp: %s of a manager: %w", name, err)
	}
	for i, arg := range args {
		v, err := argument(reflect.ValueOf(arg), sig.parameter(len(in)))
		if err != nil {
			return nil, errorf("mp: argument %d of %s: %w", i+1, name, err)
		}
		in = append(in, v)
	}
	if !users {
		defer func() {
			if v := recover(); v != nil {
				err = newPanicError(v, ownFrames(debug.Stack()))
			}
		}()
		return sig.split(f.Call(in))
	}
	type outcome struct {
		results []any
		err     error
	}
	done := make(chan outcome, 1) // a call that does not stop may run on
	if ended := callUser(ctx, func() {
		results, err := sig.split(f.Call(in))
		done <- outcome{results, err}
	}); ended != nil {
		return nil, ended
	}
	o := <-done
	return o.results, o.err
}

// split parts the results of a function from its error.
func (s signature) split(out []reflect.Value) (results []any, err error) {
	if s.fails {
		err, _ = out[s.values].Interface().(error)
	}
	for _, v := range out[:s.values] {
		results = append(results, v.Interface())
	}
	return results, err
}

// add gives an object a number.
func (m *managerServer) add(kind string, value reflect.Value, users bool) *managed {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	o := &managed{number: m.last, kind: kind, value: value, users: users}
	m.objects[o.number] = o
	return o
}
