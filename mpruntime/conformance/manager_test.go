//go:build unix

package conformance_test

import (
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	mp "cuaderno/mpruntime"
)

// newManager makes a manager that ends with the test.
func newManager(t *testing.T) *mp.Manager {
	t.Helper()
	m := mp.NewManager()
	ok(t, m.Err())
	t.Cleanup(func() { ok(t, m.Shutdown()) })
	return m
}

// holds checks what a list holds.
func holds(t *testing.T, what string, list []any, want ...any) {
	t.Helper()
	if len(list) != len(want) || len(want) > 0 && !reflect.DeepEqual(list, want) {
		t.Errorf("%s: %v, want %v", what, list, want)
	}
}

// anys is the numbers from 0 to n − 1.
func anys(n int) (list []any) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// that panics in a child if something does not hold.
func that(what string, holds bool) {
	if !holds {
		panic(what)
	}
}

func TestContainers(t *testing.T) {
	conform(t, "_TestContainers.test_list", func(t *testing.T) {
		m := newManager(t)
		a := m.List(anys(10)...)
		holds(t, "a", a.Slice(), anys(10)...)
		b := m.List()
		holds(t, "b", b.Slice())
		ok(t, b.Extend(anys(5)...))
		holds(t, "b", b.Slice(), anys(5)...)
		equal(t, "an item", b.At(2), any(2))
		ok(t, b.Extend(b.Slice()...))
		holds(t, "b", b.Slice(), append(anys(5), anys(5)...)...)
		holds(t, "a", a.Slice(), anys(10)...)
		e := m.List(a, b)
		var got []any
		for _, inner := range e.Slice() {
			got = append(got, inner.(*mp.ListProxy).Len())
		}
		holds(t, "the lengths of lists in a list", got, 10, 10)
		f := m.List(a)
		ok(t, a.Append("hello"))
		holds(t, "a list in a list", f.At(0).(*mp.ListProxy).Slice(), append(anys(10), "hello")...)
	})
	conform(t, "_TestContainers.test_list_iter", func(t *testing.T) {
		m := newManager(t)
		a := m.List(anys(10)...)
		before := a.Slice()
		ok(t, a.Set(0, 100))
		holds(t, "what was got before", before, anys(10)...)
		equal(t, "the first", a.Slice()[0], any(100))
	})
	conform(t, "_TestContainers.test_list_proxy_in_list", func(t *testing.T) {
		m := newManager(t)
		a := m.List(m.List(anys(3)...), m.List(anys(3)...), m.List(anys(3)...))
		inner := func(i int) *mp.ListProxy { return a.At(i).(*mp.ListProxy) }
		ok(t, inner(0).Set(2, 55))
		holds(t, "the first", inner(0).Slice(), 0, 1, 55)
		holds(t, "the second", inner(1).Slice(), anys(3)...)
		v, err := inner(1).Pop()
		ok(t, err)
		equal(t, "popped", v, any(2))
		equal(t, "length", inner(1).Len(), 2)
		equal(t, "length", inner(2).Len(), 3)
		b := m.List()
		ok(t, b.Append(b)) // a list in itself
		equal(t, "length", b.At(0).(*mp.ListProxy).Len(), 1)
	})
	conform(t, "_TestContainers.test_dict", func(t *testing.T) {
		d := newManager(t).Dict()
		for i := 65; i < 70; i++ {
			ok(t, d.Set(i, string(rune(i))))
		}
		var keys []int
		values := map[any]any{}
		for _, entry := range d.Items() {
			keys = append(keys, entry[0].(int))
			values[entry[0]] = entry[1]
		}
		slices.Sort(keys)
		same(t, "keys", keys, []int{65, 66, 67, 68, 69})
		equal(t, "length", d.Len(), 5)
		equal(t, "keys", len(d.Keys()), 5)
		equal(t, "values", len(d.Values()), 5)
		for i := 65; i < 70; i++ {
			v, found := d.Get(i)
			if !found || v != string(rune(i)) || values[i] != v || !d.Has(i) {
				t.Errorf("%d: %v, %v", i, v, values[i])
			}
		}
		_, found := d.Get(1)
		equal(t, "found", found, false)
	})
	conform(t, "_TestContainers.test_dict_iter", func(t *testing.T) {
		d := newManager(t).Dict()
		for i := range 5 {
			ok(t, d.Set(i, i))
		}
		before := d.Keys()
		ok(t, d.Clear())
		equal(t, "keys that were got before", len(before), 5)
		equal(t, "length", d.Len(), 0)
	})
	conform(t, "_TestContainers.test_dict_proxy_nested", func(t *testing.T) {
		m := newManager(t)
		pets, supplies, d := m.Dict(), m.Dict(), m.Dict()
		ok(t, pets.Update(map[string]any{"ferrets": 2, "hamsters": 4}))
		ok(t, supplies.Update(map[string]any{"water": 10, "feed": 3}))
		ok(t, d.Update(map[string]any{"pets": pets, "supplies": supplies}))
		at := func(d *mp.DictProxy, path ...string) any {
			var v any = d
			for _, key := range path {
				v, _ = v.(*mp.DictProxy).Get(key)
			}
			return v
		}
		equal(t, "water", at(d, "supplies", "water"), any(10))
		ok(t, at(d, "supplies").(*mp.DictProxy).Set("blankets", 5))
		equal(t, "blankets", at(supplies, "blankets"), any(5))
		ok(t, supplies.Set("water", 7))
		equal(t, "water", at(d, "supplies", "water"), any(7))
		ok(t, d.Clear())
		equal(t, "length", d.Len(), 0)
		equal(t, "water", at(supplies, "water"), any(7))
		l := m.List(pets, supplies)
		ok(t, l.At(0).(*mp.DictProxy).Set("marmots", 1))
		equal(t, "marmots", at(pets, "marmots"), any(1))
		outer := m.List([]any{88, 99}, l)
		if _, plain := outer.At(0).([]any); !plain {
			t.Errorf("a list that is none of the manager's became a %T", outer.At(0))
		}
		equal(t, "feed", at(outer.At(1).(*mp.ListProxy).At(1).(*mp.DictProxy), "feed"), any(3))
	})
	conform(t, "_TestContainers.test_nested_queue", func(t *testing.T) {
		m := newManager(t)
		a := m.List()
		ok(t, a.Append(m.Queue()))
		ok(t, a.At(0).(*mp.QueueProxy).Put(123))
		equal(t, "item", getInt(t, a.At(0).(*mp.QueueProxy)), 123)
		d := m.Dict()
		ok(t, d.Set(0, m.Queue()))
		v, _ := d.Get(0)
		ok(t, v.(*mp.QueueProxy).Put(456))
		equal(t, "item", getInt(t, v.(*mp.QueueProxy)), 456)
	})
	conform(t, "_TestContainers.test_namespace", func(t *testing.T) {
		n := newManager(t).Namespace()
		ok(t, n.Set("name", "Bob"))
		ok(t, n.Set("job", "Builder"))
		equal(t, "name", n.Get("name"), any("Bob"))
		equal(t, "job", n.Get("job"), any("Builder"))
		ok(t, n.Delete("job"))
		if names := n.Names(); !slices.Equal(names, []string{"name"}) {
			t.Errorf("names %v", names)
		}
	})
}

// A fooBar is an object that the manager does not know beforehand.
type fooBar struct{ calls int }

func newFooBar() *fooBar { return &fooBar{} }

func (f *fooBar) F() string { f.calls++; return "f()" }

func (f *fooBar) G() error { return errors.New("g has failed") }

func (f *fooBar) Calls() int { return f.calls }

func (f *fooBar) h() string { return "_h()" }

// squaresTo is an iterator in a manager.
type squaresTo struct{ next, end int }

func (s *squaresTo) Next() (int, bool) {
	s.next++
	return (s.next - 1) * (s.next - 1), s.next <= s.end
}

// useOwnTypes registers types and calls their methods.
func useOwnTypes(t *testing.T, m *mp.Manager) {
	t.Helper()
	ok(t, m.Register("Foo", newFooBar))
	ok(t, m.Register("baz", func(n int) *squaresTo { return &squaresTo{end: n} }))
	foo := m.New("Foo")
	ok(t, foo.Err())
	v, err := foo.Call("F")
	ok(t, err)
	equal(t, "f", v, any((&fooBar{}).F()))
	_, err = foo.Call("G")
	if err == nil || !strings.Contains(err.Error(), "g has failed") {
		t.Errorf("g: %v", err)
	}
	_, err = foo.Call("h")
	refused(t, (&fooBar{}).h(), err)
	ends(t, run(t, func(foo *mp.Proxy) { try(foo.Call("F")) }, foo))
	v, err = foo.Call("Calls")
	ok(t, err)
	equal(t, "calls of all processes", v, any(2))
	baz := m.New("baz", 10)
	for i := range 10 {
		v, err := baz.Call("Next")
		ok(t, err)
		holds(t, "the next", v.([]any), i*i, true)
	}
	v, err = baz.Call("Next")
	ok(t, err)
	equal(t, "there is another", v.([]any)[1], any(false))
	refused(t, "an object of a type that was not registered", m.New("Qux").Err())
}

func TestManager(t *testing.T) {
	conform(t, "_TestMyManager.test_mymanager", func(t *testing.T) {
		m := mp.NewManager()
		ok(t, m.Err())
		useOwnTypes(t, m)
		pid := m.PID()
		ok(t, m.Shutdown())
		eventually(t, "the manager's process ends", func() bool { return gone(pid) })
	})
	conform(t, "_TestMyManager.test_mymanager_context", func(t *testing.T) {
		var list *mp.ListProxy
		func() {
			m := mp.NewManager()
			defer m.Shutdown()
			useOwnTypes(t, m)
			list = m.List(1)
		}()
		is(t, list.Append(2), mp.ErrManagerGone)
	})
	conform(t, "_TestRemoteManager.test_remote", func(t *testing.T) {
		values := []any{"hello world", nil, true, 2.25, "hallå världen", "привіт світ", []byte("hall\xe5 v\xe4rlden")}
		m := newManager(t)
		key := []byte("a key of the test")
		address, err := m.Listen("tcp", "127.0.0.1:0", key)
		ok(t, err)
		ok(t, m.Share("queue", m.Queue()))
		p := daemon(t, func(address string, key []byte, values []any) {
			m := try(mp.DialManager("tcp", address, key))
			panicOn(try(m.Shared("queue")).(*mp.QueueProxy).Put(values))
		}, address, key, values)
		other, err := mp.DialManager("tcp", address, key)
		ok(t, err)
		shared, err := other.Shared("queue")
		ok(t, err)
		q := shared.(*mp.QueueProxy)
		got, err := q.GetTimeout(generous)
		ok(t, err)
		holds(t, "values", got.([]any), values...)
		refused(t, "putting what cannot be copied", q.Put(make(chan int)))
		ends(t, p)
		_, err = mp.DialManager("tcp", address, []byte("another key"))
		is(t, err, mp.ErrAuth)
	})
	conform(t, "_TestManagerRestart.test_rapid_restart", func(t *testing.T) {
		address, key := "127.0.0.1:0", []byte("key")
		for range 3 {
			m := mp.NewManager()
			ok(t, m.Err())
			at, err := m.Listen("tcp", address, key)
			ok(t, err)
			address = at // the next one is to have the same
			ok(t, m.Share("queue", m.Queue()))
			ends(t, run(t, func(address string, key []byte) {
				m := try(mp.DialManager("tcp", address, key))
				panicOn(try(m.Shared("queue")).(*mp.QueueProxy).Put("hello world"))
			}, address, key))
			q, err := m.Shared("queue")
			ok(t, err)
			v, err := q.(*mp.QueueProxy).GetTimeout(generous)
			ok(t, err)
			equal(t, "item", v, any("hello world"))
			ok(t, m.Shutdown())
		}
	})
}

func TestManagerTypes(t *testing.T) {
	conform(t, "TestSyncManagerTypes.test_event", func(t *testing.T) {
		e := newManager(t).Event()
		ok(t, e.Set())
		ends(t, daemon(t, func(e *mp.EventProxy) {
			that("the event is set", e.IsSet())
			panicOn(e.Wait())
			panicOn(e.Clear())
			that("a wait for it gives up", errors.Is(e.WaitTimeout(short), mp.ErrTimeout))
		}, e))
		equal(t, "set", e.IsSet(), false)
		is(t, e.WaitTimeout(short), mp.ErrTimeout)
	})
	conform(t, "TestSyncManagerTypes.test_lock", func(t *testing.T) {
		m := newManager(t)
		l, locked, end := m.Lock(), m.Event(), m.Event()
		p := daemon(t, func(l *mp.LockProxy, locked, end *mp.EventProxy) {
			panicOn(l.Lock())
			panicOn(locked.Set())
			panicOn(end.Wait())
		}, l, locked, end)
		ok(t, locked.WaitTimeout(generous))
		equal(t, "taken by another process too", l.TryLock(), false)
		ok(t, l.Unlock()) // anybody may
		refused(t, "unlocking what is not locked", l.Unlock())
		ok(t, end.Set())
		ends(t, p)
	})
	conform(t, "TestSyncManagerTypes.test_rlock", func(t *testing.T) {
		l := newManager(t).RLock()
		ends(t, daemon(t, func(l *mp.LockProxy) {
			panicOn(l.Lock())
			panicOn(l.Lock())
			panicOn(l.Unlock())
			panicOn(l.Unlock())
			that("unlocking what is not locked is an error", l.Unlock() != nil)
		}, l))
		equal(t, "free", l.TryLock(), true)
		ok(t, l.Unlock())
	})
	semaphore := func(t *testing.T, s *mp.SemaphoreProxy) {
		ends(t, daemon(t, func(s *mp.SemaphoreProxy) { panicOn(s.Acquire()) }, s))
		equal(t, "value", s.Value(), 0)
		equal(t, "another", s.TryAcquire(), false)
		ok(t, s.Release())
		equal(t, "value", s.Value(), 1)
	}
	conform(t, "TestSyncManagerTypes.test_semaphore", func(t *testing.T) { semaphore(t, newManager(t).Semaphore(1)) })
	conform(t, "TestSyncManagerTypes.test_bounded_semaphore", func(t *testing.T) {
		s := newManager(t).BoundedSemaphore(1)
		semaphore(t, s)
		refused(t, "one release too many", s.Release())
	})
	conform(t, "TestSyncManagerTypes.test_condition", func(t *testing.T) {
		m := newManager(t)
		c, ready := m.Condition(), m.Event()
		p := daemon(t, func(c *mp.ConditionProxy, ready *mp.EventProxy) {
			panicOn(c.Lock())
			panicOn(ready.Set())
			panicOn(c.Wait())
			panicOn(c.Unlock())
		}, c, ready)
		ok(t, ready.WaitTimeout(generous))
		ok(t, c.Lock())
		ok(t, c.Notify())
		ok(t, c.Unlock())
		ends(t, p)
	})
	conform(t, "TestSyncManagerTypes.test_barrier", func(t *testing.T) {
		m := newManager(t)
		b := m.Barrier(5)
		ends(t, daemon(t, func(b *mp.BarrierProxy) {
			that("it has five parties", b.Parties() == 5)
			panicOn(b.Reset())
		}, b))
		two := m.Barrier(2)
		p := daemon(t, func(b *mp.BarrierProxy) { try(b.Wait()) }, two)
		_, err := two.WaitTimeout(generous)
		ok(t, err)
		ends(t, p)
	})
	queue := func(t *testing.T, q *mp.QueueProxy) {
		ok(t, q.Put(5))
		ok(t, q.Put(6))
		ends(t, daemon(t, func(q *mp.QueueProxy) {
			that("it is full", q.Len() == 2 && q.Full() && !q.Empty())
			that("5 comes first", try(q.Get()) == 5)
			that("it is not empty", !q.Empty())
			that("then 6", try(q.Get()) == 6)
			that("it is empty", q.Empty())
		}, q))
		equal(t, "empty", q.Empty(), true)
		equal(t, "full", q.Full(), false)
	}
	conform(t, "TestSyncManagerTypes.test_queue", func(t *testing.T) { queue(t, newManager(t).Queue(2)) })
	conform(t, "TestSyncManagerTypes.test_joinable_queue", func(t *testing.T) {
		q := newManager(t).JoinableQueue(2)
		queue(t, q)
		ok(t, q.TaskDone())
		ok(t, q.TaskDone())
		ok(t, q.Join())
		refused(t, "one TaskDone too many", q.TaskDone())
	})
	conform(t, "TestSyncManagerTypes.test_list", func(t *testing.T) {
		l := newManager(t).List()
		ok(t, l.Append(5))
		ends(t, daemon(t, func(l *mp.ListProxy) {
			that("it holds 5", l.At(0) == 5 && l.Count(5) == 1 && l.Index(5) == 0)
			panicOn(l.Append(3))
			panicOn(l.Sort())
			that("3 is less", l.At(0) == 3)
			panicOn(l.Reverse())
			that("reversed", l.At(1) == 3)
			panicOn(l.Remove(3))
			that("it has one", l.Len() == 1)
			that("which is 5", try(l.Pop(0)) == 5)
		}, l))
		equal(t, "length", l.Len(), 0)
	})
	conform(t, "TestSyncManagerTypes.test_dict", func(t *testing.T) {
		d := newManager(t).Dict()
		ok(t, d.Set("foo", 5))
		ends(t, daemon(t, func(d *mp.DictProxy) {
			v, found := d.Get("foo")
			that("it holds 5", d.Len() == 1 && found && v == 5)
			that("and nothing else", reflect.DeepEqual(d.Items(), [][2]any{{"foo", 5}}))
			that("its key", reflect.DeepEqual(d.Keys(), []any{"foo"}))
			that("its value", reflect.DeepEqual(d.Values(), []any{5}))
			that("it is popped", try(d.Pop("foo")) == 5)
		}, d))
		equal(t, "length", d.Len(), 0)
	})
	conform(t, "TestSyncManagerTypes.test_value", func(t *testing.T) {
		v := newManager(t).Value(1)
		ends(t, daemon(t, func(v *mp.ValueProxy) {
			that("it is 1", v.Get() == 1)
			panicOn(v.Set(2))
		}, v))
		equal(t, "value", v.Get(), any(2))
	})
	conform(t, "TestSyncManagerTypes.test_array", func(t *testing.T) {
		a := newManager(t).Array(0, 1)
		ends(t, daemon(t, func(a *mp.ArrayProxy) {
			that("it holds 0 and 1", a.At(0) == 0 && a.At(1) == 1 && a.Len() == 2 && reflect.DeepEqual(a.Slice(), []any{0, 1}))
			panicOn(a.Set(1, os.Getpid()))
		}, a))
		if a.At(1) == 1 {
			t.Error("what the child has set is not seen")
		}
	})
	conform(t, "TestSyncManagerTypes.test_namespace", func(t *testing.T) {
		n := newManager(t).Namespace()
		ok(t, n.Set("x", 0))
		ok(t, n.Set("y", 1))
		ends(t, daemon(t, func(n *mp.NamespaceProxy) { that("x and y", n.Get("x") == 0 && n.Get("y") == 1) }, n))
	})
}
