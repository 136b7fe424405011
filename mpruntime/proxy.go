package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"

	"cuaderno/internal/codec"
	"cuaderno/internal/spawn"
)

// A ManagedObject is a proxy of an object of a [Manager].
type ManagedObject interface {
	proxied() *remote
	// Err returns why the object could not be made, nil if it was.
	Err() error
}

// A remote is what all proxies are made of.
type remote struct {
	client *managerClient
	life   *managerLife // nil in processes that have not made the manager
	number uint64
	kind   string
	err    error // of the making
	brief  bool  // it is part of a text
}

var errNoProxy = errors.New("mp: the object was not made by a Manager")

func (r *remote) proxied() *remote { return r }

// Err returns why the object could not be made, nil if it was.
func (r *remote) Err() error {
	if r == nil || r.err == nil && r.client == nil {
		return errNoProxy
	}
	return r.err
}

func (r *remote) call(ctx context.Context, method string, args ...any) ([]any, error) {
	if err := r.Err(); err != nil {
		return nil, err
	}
	return r.client.call(ctx, r.number, method, args...)
}

// do calls a method without results.
func (r *remote) do(method string, args ...any) error {
	_, err := r.call(context.Background(), method, args...)
	return err
}

// get calls a method with one result.
func (r *remote) get(method string, args ...any) (any, error) {
	results, err := r.call(context.Background(), method, args...)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0], nil
}

// see calls a method with one result and fails the cell if that goes wrong.
func (r *remote) see(method string, args ...any) any {
	v, err := r.get(method, args...)
	if err != nil {
		fail(err)
	}
	return v
}

func (r *remote) seeInt(method string, args ...any) int {
	n, _ := r.see(method, args...).(int)
	return n
}

func (r *remote) seeBool(method string, args ...any) bool {
	b, _ := r.see(method, args...).(bool)
	return b
}

func (r *remote) seeList(method string, args ...any) []any {
	list, _ := r.see(method, args...).([]any)
	return list
}

// into calls a method with one result and assigns that.
func (r *remote) into(to any, method string, args ...any) error {
	v, err := r.get(method, args...)
	if err != nil {
		return err
	}
	return assign(to, v)
}

func (r *remote) encodeHandle(e *codec.Encoder) error {
	if err := r.Err(); err != nil {
		return err
	}
	e.Text(r.client.name)
	e.Uvarint(r.number)
	e.Text(r.kind)
	r.client.mu.Lock()
	door := r.client.door
	r.client.mu.Unlock()
	if door == nil { // a client of the manager knows it by name
		e.Uvarint(0)
		return nil
	}
	e.Uvarint(1)
	if err := e.Descriptor(door); err != nil {
		return errorf("mp: passing on an object of a manager: %w", ErrManagerGone)
	}
	return nil
}

func (r *remote) decodeHandle(d *codec.Decoder) (err error) {
	name, err := d.Text()
	if err != nil {
		return err
	}
	if r.number, err = d.Uvarint(); err != nil {
		return err
	}
	if r.kind, err = d.Text(); err != nil {
		return err
	}
	doors, err := d.Uvarint()
	if err != nil {
		return err
	}
	if doors == 0 {
		r.client = here.knows(name)
		return nil
	}
	f, err := d.Descriptor()
	if err != nil {
		return err
	}
	r.client = here.know(name)
	r.client.mu.Lock()
	defer r.client.mu.Unlock()
	if r.client.server != nil || r.client.door != nil {
		f.Close()
		return nil
	}
	var door *net.UnixConn
	if door, err = spawn.Socket(f); err != nil {
		f.Close()
		return errorf("mp: decoding an object of a manager: %w", err)
	}
	r.client.door = door
	return nil
}

// discardHandle leaves the connection to the other proxies of the manager.
func (r *remote) discardHandle() {}

// A Proxy stands for an object of a type that was registered with [Manager.Register].
type Proxy struct{ remote }

// Call calls a method of the object in the manager's process and returns its
// result: nil if it has none, a []any if it has several. An error as its last
// result is the error of Call.
func (p *Proxy) Call(method string, args ...any) (any, error) {
	return p.CallContext(context.Background(), method, args...)
}

// CallContext is Call that also returns, with the context's cause, when ctx ends.
func (p *Proxy) CallContext(ctx context.Context, method string, args ...any) (any, error) {
	results, err := p.call(ctx, method, args...)
	switch {
	case err != nil || len(results) == 0:
		return nil, err
	case len(results) == 1:
		return results[0], nil
	}
	return results, nil
}

// newProxy returns a proxy of the type for a kind of object.
func newProxy(kind string, r remote) any {
	switch kind {
	case "list":
		return &ListProxy{r}
	case "dict":
		return &DictProxy{r}
	case "namespace":
		return &NamespaceProxy{r}
	case "queue", "joinable queue":
		return &QueueProxy{r}
	case "lock", "rlock":
		return &LockProxy{r}
	case "semaphore", "bounded semaphore":
		return &SemaphoreProxy{r}
	case "condition":
		return &ConditionProxy{LockProxy{r}}
	case "event":
		return &EventProxy{r}
	case "barrier":
		return &BarrierProxy{r}
	case "value":
		return &ValueProxy{r}
	case "array":
		return &ArrayProxy{r}
	}
	return &Proxy{r}
}

// newManaged makes an object in a server.
func newManaged(kind string, args []any) (any, error) {
	n := 0
	if len(args) > 0 {
		n, _ = args[0].(int)
	}
	// What is wrong with the numbers is told to the client only.
	var wrong error
	switch kind {
	case "semaphore", "bounded semaphore":
		wrong = checkPermits([]int{n})
	case "barrier":
		wrong = checkParties(n)
	}
	if wrong != nil {
		return nil, errorf("mp: making the %s: %w", kind, wrong)
	}
	var object interface{ Err() error }
	switch kind {
	case "list", "array":
		return &managedList{items: args}, nil
	case "dict":
		return newManagedDict(), nil
	case "namespace":
		return newManagedDict(), nil
	case "value":
		return &managedList{items: args}, nil
	case "lock", "rlock":
		return newManagedLock(kind == "rlock"), nil
	case "condition":
		return &managedCondition{managedLock: newManagedLock(true)}, nil
	case "queue":
		object = NewQueue(n)
	case "joinable queue":
		object = NewJoinableQueue(n)
	case "semaphore":
		object = NewSemaphore(n)
	case "bounded semaphore":
		object = NewBoundedSemaphore(n)
	case "event":
		object = NewEvent()
	case "barrier":
		object = NewBarrier(n)
	default:
		return nil, fmt.Errorf("mp: the manager knows no type %q: register it first", kind)
	}
	return object, object.Err()
}

// equal compares what lists and dicts hold, as == does where that is defined.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
