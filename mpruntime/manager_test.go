//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func newManager(t *testing.T) *mp.Manager {
	t.Helper()
	m := mp.NewManager()
	if err := m.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		testHost.cell.Store(nil)
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// must fails the test with any of the errors.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestManagedList(t *testing.T) {
	c, _, _ := inCell(t, t.Context())
	m := newManager(t)
	l := m.List(3, 1)
	must(t, l.Append(2), l.Extend(5, 4), l.Insert(0, 9))
	if l.String() != "[9 3 1 2 5 4]" || l.Len() != 6 || l.At(1) != 3 || l.Index(5) != 4 || l.Index(7) != -1 || l.Count(3) != 1 {
		t.Errorf("%v", l)
	}
	must(t, l.Set(0, 1), l.Sort(), l.Reverse(), l.Remove(3))
	if l.String() != "[5 4 2 1 1]" {
		t.Errorf("%v", l)
	}
	last, err := l.Pop()
	first, err2 := l.Pop(0)
	must(t, err, err2)
	if last != 1 || first != 5 || l.String() != "[4 2 1]" {
		t.Errorf("%v, %v, %v", last, first, l)
	}
	if l.At(7); c.failed.Load() == nil || !strings.Contains((*c.failed.Load()).Error(), "index out of range [7] with length 3") {
		t.Error("an index out of range does not fail the cell")
	}
	if err := l.Set(-1, 0); err == nil {
		t.Error("an index out of range can be set")
	}
	must(t, l.Append("x"))
	if err := l.Sort(); err == nil {
		t.Error("numbers and strings are sorted together")
	}
	// What is got out is a copy.
	must(t, l.Set(0, []int{1, 2}))
	l.At(0).([]int)[0] = 100
	if fmt.Sprint(l.At(0)) != "[1 2]" {
		t.Errorf("%v", l)
	}
	if err := l.Append(make(chan int)); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("a channel: %v", err)
	}
}

func TestManagedDictAndNamespace(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	d := m.Dict()
	must(t, d.Set("b", 1), d.Set(2, []string{"x"}), d.Update(map[string]float64{"z": 2.5}))
	if v, ok := d.Get("b"); v != 1 || !ok || !d.Has(2) || d.Has("q") || d.Len() != 3 {
		t.Errorf("%v", d)
	}
	if fmt.Sprint(d.Keys(), d.Values(), d.Items()) != "[b 2 z] [1 [x] 2.5] [[b 1] [2 [x]] [z 2.5]]" || d.String() != "map[b:1 2:[x] z:2.5]" {
		t.Errorf("%v %v %v %v", d.Keys(), d.Values(), d.Items(), d)
	}
	a, err := d.SetDefault("b", 7)
	b, err2 := d.SetDefault("n", 7)
	p, err3 := d.Pop("n")
	must(t, err, err2, err3, d.Delete("z"))
	if a != 1 || b != 7 || p != 7 || d.Len() != 2 {
		t.Errorf("%v %v %v %v", a, b, p, d)
	}
	if d.Delete("z") == nil || d.Set([]int{1}, 2) == nil {
		t.Error("a missing key is deleted, or a slice is a key")
	}
	must(t, d.Clear())
	if d.Len() != 0 {
		t.Errorf("%v", d)
	}
	n := m.Namespace()
	must(t, n.Set("x", 10), n.Set("y", "hola"), n.Delete("x"))
	if n.Get("y") != "hola" || fmt.Sprint(n.Names()) != "[y]" {
		t.Errorf("%v", n.Names())
	}
	v, arr := m.Value(5), m.Array(1, 2, 3)
	must(t, v.Set(6), arr.Set(1, 20))
	if v.Get() != 6 || arr.String() != "[1 20 3]" || arr.Len() != 3 || arr.At(2) != 3 {
		t.Errorf("%v %v", v, arr)
	}
}

// Proxies are the same object in every process, also inside another.
func TestProxiesTravel(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	l, d := m.List(), m.Dict()
	must(t, d.Set("lista", l))
	var children []*mp.Process
	for i := range 3 {
		p := mp.NewProcess(func(d *mp.DictProxy, m *mp.Manager, i int) {
			v, _ := d.Get("lista")
			v.(*mp.ListProxy).Append(i)
			own := m.List("del hijo")
			d.Set(i, own)
		}, d, m, i)
		must(t, p.Start())
		children = append(children, p)
	}
	for _, p := range children {
		if code := join(t, p); code != 0 {
			t.Errorf("code %d", code)
		}
	}
	must(t, l.Sort())
	if l.String() != "[0 1 2]" {
		t.Errorf("%v", l)
	}
	if v, _ := d.Get(1); fmt.Sprint(v) != "[del hijo]" {
		t.Errorf("%v", v)
	}
	if err := m.Shutdown(); err != nil {
		t.Error(err)
	}
	if err := l.Append(1); !errors.Is(err, mp.ErrManagerGone) {
		t.Errorf("after Shutdown: %v", err)
	}
	if len(mp.ActiveChildren()) != 0 {
		t.Error("the manager's process is left")
	}
}

func TestManagedQueues(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	inCell(t, ctx)
	m := newManager(t)
	q := m.JoinableQueue(2)
	must(t, q.Put(1), q.Put("dos"))
	if err := q.TryPut(3); !errors.Is(err, mp.ErrFull) || !q.Full() {
		t.Errorf("full: %v", err)
	}
	var n int
	must(t, q.GetInto(&n), q.TaskDone())
	v, err := q.Get()
	must(t, err, q.TaskDone(), q.Join())
	if n != 1 || v != "dos" || !q.Empty() || q.Len() != 0 {
		t.Errorf("%v %v", n, v)
	}
	if _, err := q.TryGet(); !errors.Is(err, mp.ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	if _, err := q.GetTimeout(time.Millisecond); !errors.Is(err, mp.ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	why := errors.New("interrupted")
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := q.Get(); !errors.Is(err, why) {
		t.Errorf("interrupt: %v", err)
	}
	inCell(t, context.Background())
	must(t, q.Put(7))
	if v, err := q.Get(); v != 7 || err != nil {
		t.Errorf("the item went to the call that was interrupted: %v, %v", v, err)
	}
}

func TestManagedLocks(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	m := newManager(t)
	l, v := m.Lock(), m.Value(0)
	var children []*mp.Process
	for range 3 {
		p := mp.NewProcess(func(l *mp.LockProxy, v *mp.ValueProxy) {
			for range 20 {
				l.Lock()
				v.Set(v.Get().(int) + 1)
				l.Unlock()
			}
		}, l, v)
		must(t, p.Start())
		children = append(children, p)
	}
	for _, p := range children {
		join(t, p)
	}
	if v.Get() != 60 {
		t.Errorf("%v", v)
	}
	must(t, l.Lock())
	if l.TryLock() || !errors.Is(l.LockTimeout(time.Millisecond), mp.ErrTimeout) {
		t.Error("a lock that is taken can be taken")
	}
	must(t, l.Unlock())
	if l.Unlock() == nil {
		t.Error("a lock that nobody has can be unlocked")
	}
	r := m.RLock()
	must(t, r.Lock(), r.Lock(), r.Unlock())
	other := make(chan bool)
	go func() { other <- r.TryLock() }()
	if <-other {
		t.Error("another goroutine takes an RLock")
	}
	must(t, r.Unlock())

	// Who dies with a lock loses it.
	ready := m.Event()
	p := mp.NewProcess(func(l *mp.LockProxy, e *mp.EventProxy) {
		l.Lock()
		e.Set()
		select {}
	}, l, ready)
	must(t, p.Start(), ready.WaitTimeout(generous), p.Kill(), l.LockTimeout(generous))
	if line := errs.line(t, 0); !strings.Contains(line, "released") {
		t.Errorf("%q", line)
	}
	join(t, p)
}

func TestManagedSynchronization(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	s := m.BoundedSemaphore(2)
	must(t, s.Acquire(), s.AcquireTimeout(generous))
	if s.TryAcquire() || s.Value() != 0 || !errors.Is(s.AcquireTimeout(time.Millisecond), mp.ErrTimeout) {
		t.Error("three permits of two")
	}
	must(t, s.Release(2))
	if s.Release() == nil || !s.TryAcquire() {
		t.Error("a bounded semaphore has no bound")
	}
	b, c, list := m.Barrier(3), m.Condition(), m.List()
	var children []*mp.Process
	for range 2 {
		p := mp.NewProcess(func(b *mp.BarrierProxy, c *mp.ConditionProxy, list *mp.ListProxy) {
			place, _ := b.Wait()
			c.Lock()
			list.Append(place)
			for list.Len() < 3 {
				c.Wait()
			}
			c.Unlock()
		}, b, c, list)
		must(t, p.Start())
		children = append(children, p)
	}
	place, err := b.Wait()
	must(t, err)
	for list.Len() < 2 {
		runtime.Gosched()
	}
	if c.Notify() == nil {
		t.Error("a condition is notified without its lock")
	}
	must(t, c.Lock(), list.Append(place), c.NotifyAll(), c.Unlock())
	for _, p := range children {
		join(t, p)
	}
	must(t, list.Sort())
	if list.String() != "[0 1 2]" || b.Parties() != 3 {
		t.Errorf("%v", list)
	}
	must(t, c.Lock())
	if err := c.WaitTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Errorf("%v", err)
	}
	must(t, c.Unlock())
}

type counter struct{ n int }

func (c *counter) Add(n int) int       { c.n += n; return c.n }
func (c *counter) PID() int            { return os.Getpid() }
func (c *counter) Fail() error         { return fmt.Errorf("no: %w", mp.ErrFull) }
func (c *counter) Break() (int, error) { return []int{}[c.n], nil }

func TestManagedTypesOfTheUser(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	must(t, m.Register("counter", func(n int) *counter { return &counter{n} }))
	c := m.New("counter", 10)
	must(t, c.Err())
	if v, err := c.Call("Add", 5); v != 15 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if pid, err := c.Call("PID"); pid != m.PID() || err != nil || pid == os.Getpid() {
		t.Errorf("%v, %v", pid, err)
	}
	if _, err := c.Call("Fail"); !errors.Is(err, mp.ErrFull) {
		t.Errorf("%v", err)
	}
	if _, err := c.Call("Break"); err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("%v", err)
	}
	if _, err := c.Call("Nothing"); err == nil {
		t.Error("a method that is not there can be called")
	}
	if _, err := c.Call("Add", "x"); err == nil {
		t.Error("an argument of another type is accepted")
	}
	if m.New("nothing").Err() == nil {
		t.Error("a type that is not registered can be made")
	}
	p := mp.NewProcess(func(c *mp.Proxy) { c.Call("Add", 100) }, c)
	must(t, p.Start())
	join(t, p)
	if v, err := c.Call("Add", 0); v != 115 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func TestManagerKilled(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	q := m.Queue()
	got := make(chan error)
	go func() {
		_, err := q.Get()
		got <- err
	}()
	must(t, q.Put(1))
	if err := <-got; err != nil {
		t.Error(err)
	}
	go func() {
		_, err := q.Get()
		got <- err
	}()
	must(t, syscall.Kill(m.PID(), syscall.SIGKILL))
	if err := <-got; !errors.Is(err, mp.ErrManagerGone) {
		t.Errorf("a call that waits: %v", err)
	}
	if err := q.Put(1); !errors.Is(err, mp.ErrManagerGone) {
		t.Errorf("a later call: %v", err)
	}
	if l := m.List(); !errors.Is(l.Err(), mp.ErrManagerGone) {
		t.Errorf("a new object: %v", l.Err())
	}
}

func TestRemoteManager(t *testing.T) {
	inCell(t, t.Context())
	key := []byte("clave")
	m := newManager(t)
	q, l := m.Queue(), m.List(1)
	address, err := m.Listen("tcp", "127.0.0.1:0", key)
	must(t, err, m.Share("cola", q), m.Share("lista", l))
	if _, err := mp.DialManager("tcp", address, []byte("otra")); !errors.Is(err, mp.ErrAuth) {
		t.Errorf("another key: %v", err)
	}
	p := mp.NewProcess(func(address string) {
		m, err := mp.DialManager("tcp", address, []byte("clave"))
		if err != nil {
			panic(err)
		}
		v, err := m.Shared("cola")
		if err != nil {
			panic(err)
		}
		q := v.(*mp.QueueProxy)
		inner := m.List("dentro")
		r, _ := mp.NewPipe()
		fmt.Println(q.Put(inner), q.Put(r) != nil)
		lista, _ := m.Shared("lista")
		lista.(*mp.ListProxy).Append(2)
		m.Shutdown()
	}, address)
	_, out, _ := inCell(t, t.Context())
	must(t, p.Start())
	if code := join(t, p); code != 0 || out.line(t, 0) != "<nil> true" {
		t.Errorf("code %d, %q", code, out)
	}
	v, err := q.Get()
	must(t, err)
	if fmt.Sprint(v) != "[dentro]" || l.String() != "[1 2]" {
		t.Errorf("%v, %v", v, l)
	}
	if _, err := m.Shared("nada"); err == nil {
		t.Error("what is not shared is found")
	}
}

func TestServeManager(t *testing.T) {
	inCell(t, t.Context())
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	address := t.TempDir() + "/s"
	go func() { served <- mp.ServeManager(ctx, "unix", address, nil) }()
	var m *mp.Manager
	var err error
	for limit := time.Now().Add(generous); ; runtime.Gosched() {
		if m, err = mp.DialManager("unix", address, nil); err == nil || time.Now().After(limit) {
			break
		}
	}
	must(t, err)
	l := m.List(1, 2)
	if !slices.Equal(l.Slice(), []any{1, 2}) {
		t.Errorf("%v", l)
	}
	cancel()
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := l.Append(3); !errors.Is(err, mp.ErrManagerGone) {
		t.Errorf("a change after the end: %v", err)
	}
	if _, err := mp.DialManager("unix", address, nil); err == nil {
		t.Error("the manager can be reached after its end")
	}
	m.Shutdown()
}

func TestForgottenManagerEnds(t *testing.T) {
	inCell(t, t.Context())
	pid := mp.NewManager().PID()
	for limit := time.Now().Add(generous); !gone(pid); time.Sleep(time.Millisecond) {
		runtime.GC()
		if time.Now().After(limit) {
			t.Fatal("it is still there")
		}
	}
}
