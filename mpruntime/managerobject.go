package mpruntime

import (
	"context"
	"fmt"
	"net"
	"reflect"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// A managerObject is the manager as its clients call it.
type managerObject struct{ m *managerServer }

// Create makes an object and returns its number.
func (o *managerObject) Create(ctx context.Context, s *managerSession, kind string, args []any) (uint64, error) {
	o.m.mu.Lock()
	construct, users := o.m.types[kind]
	o.m.mu.Unlock()
	if !users {
		v, err := newManaged(kind, args)
		if err != nil {
			return 0, err
		}
		return o.m.add(kind, reflect.ValueOf(v), false).number, nil
	}
	results, err := s.call(ctx, construct, kind, args, true)
	if err != nil {
		return 0, err
	}
	object := reflect.ValueOf(results[0])
	if !object.IsValid() || object.Kind() == reflect.Pointer && object.IsNil() {
		return 0, fmt.Errorf("mp: the constructor of %s has returned nil and no object", kind)
	}
	return o.m.add(kind, object, true).number, nil
}

// constructor checks the constructor of a type of the user.
func constructor(kind string, f any) (reflect.Value, signature, error) {
	v, sig, err := taskFunction(f)
	switch {
	case v.Kind() != reflect.Func:
		err = errorf("mp: the constructor of %s must be a function, not %s", kind, typeName(f))
	case err != nil:
		err = fmt.Errorf("mp: the constructor of %s is nil", kind)
	case sig.values != 1:
		err = fmt.Errorf("mp: the constructor of %s must return one object, or one and an error", kind)
	}
	return v, sig, err
}

// Register takes the constructor of a type of the user.
func (o *managerObject) Register(ctx context.Context, s *managerSession, kind string, packed []byte) error {
	if s.domain != here.domain() {
		return errorf("mp: the constructor of %s comes from another machine: %w", kind, errStreamFunction)
	}
	var f any
	var failed error
	if err := callUser(ctx, func() { f, failed = unpack(codec.Message{Bytes: packed}) }); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	v, _, err := constructor(kind, f)
	if err != nil {
		return err
	}
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	o.m.types[kind] = v
	return nil
}

// Share gives an object a name.
func (o *managerObject) Share(name string, number uint64) error {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	if o.m.objects[number] == nil {
		return fmt.Errorf("mp: the manager has no object %d", number)
	}
	o.m.shared[name] = o.m.objects[number]
	return nil
}

// Shared returns the object with a name.
func (o *managerObject) Shared(name string) (kind string, number uint64, err error) {
	o.m.mu.Lock()
	defer o.m.mu.Unlock()
	shared := o.m.shared[name]
	if shared == nil {
		return "", 0, fmt.Errorf("mp: the manager shares nothing by the name %q", name)
	}
	return shared.kind, shared.number, nil
}

// Listen has the server take clients from the network too, until it ends.
func (o *managerObject) Listen(network, address string, key []byte) (string, error) {
	l, err := o.m.listen(network, address, key)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), nil
}

// listen serves whoever knows the key until the server ends.
func (m *managerServer) listen(network, address string, key []byte) (net.Listener, error) {
	l, err := here.listen(network, address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(m.over, func() { l.Close() })
	started := m.start(func() {
		defer stop()
		callers(m.over, l, key, func(raw net.Conn, err error) {
			if err != nil {
				return // the caller sees it
			}
			conn := frame.New(plainConn{raw})
			if !m.start(func() {
				if sendTo(conn, kindHello, codec.Message{Bytes: []byte(m.name)}, 0, 0) == nil {
					m.serve(conn, here.streamDomain())
				}
				conn.Close()
			}) {
				conn.Close()
			}
		})
	})
	if !started {
		l.Close()
		return nil, ErrManagerGone
	}
	return l, nil
}

// ServeManager serves a manager in the calling process, for clients that know the
// key and connect with [DialManager], until ctx or the calling cell ends.
func ServeManager(ctx context.Context, network, address string, key []byte) error {
	ctx, done := waitContext(ctx)
	defer done()
	m := newManagerServer(newManagerName())
	defer m.close()
	if _, err := m.listen(network, address, key); err != nil {
		return err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}
