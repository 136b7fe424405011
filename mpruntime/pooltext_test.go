//go:build unix

package mpruntime_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// A pool is forgotten while its results are waited for.
func TestPoolIsHeldByItsResults(t *testing.T) {
	for name, begin := range map[string]func(p *mp.Pool, c *mp.Conn) (get func() (any, error)){
		"AsyncResult": func(p *mp.Pool, c *mp.Conn) func() (any, error) {
			return p.ApplyAsync(func(c *mp.Conn) (any, error) { return c.Recv() }, c).Get
		},
		"AsyncResult of a task that waits": func(p *mp.Pool, c *mp.Conn) func() (any, error) {
			first, last := p.ApplyAsync((*mp.Conn).Recv, c), p.ApplyAsync(square, 3)
			_ = first
			return func() (any, error) {
				_, err := last.Get()
				return "ya", err
			}
		},
		"Future": func(p *mp.Pool, c *mp.Conn) func() (any, error) {
			f := mp.MapErrAsync(p, (*mp.Conn).Recv, []*mp.Conn{c})
			return func() (any, error) {
				list, err := f.Get()
				return append(list, nil)[0], err
			}
		},
		"Imap": func(p *mp.Pool, c *mp.Conn) func() (any, error) {
			each := p.Imap((*mp.Conn).Recv, []*mp.Conn{c})
			return func() (v any, err error) {
				for v, err = range each {
				}
				return v, err
			}
		},
		"typed Imap": func(p *mp.Pool, c *mp.Conn) func() (any, error) {
			each := mp.Imap(p, receive, []*mp.Conn{c})
			return func() (v any, err error) {
				for v, err = range each {
				}
				return v, err
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCell(t, t.Context())
			r, w := mp.NewOneWayPipe()
			defer r.Close()
			defer w.Close()
			get, worker := func() (func() (any, error), *mp.Process) {
				p := mp.NewPool(1)
				return begin(p, r), p.Workers()[0]
			}()
			for range 5 {
				runtime.GC()
				time.Sleep(time.Millisecond) // for a cleanup to run that should not
			}
			must(t, w.Send("ya"))
			if v, err := get(); v != "ya" || err != nil {
				t.Errorf("%v, %v", v, err)
			}
			runtime.KeepAlive(get)
			for limit := time.Now().Add(generous); worker.IsAlive(); time.Sleep(time.Millisecond) {
				runtime.GC()
				if time.Now().After(limit) {
					t.Fatal("nobody refers to the pool, and the worker is still there")
				}
			}
		})
	}
}

func receive(c *mp.Conn) any {
	v, _ := c.Recv()
	return v
}

func killOne(n int) (int, error) {
	if n == 1 {
		return 0, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return n, fmt.Errorf("it is %d", n)
}

// Of what has failed by the end of a Map the first in the order of the items
// counts, and it ends when a worker dies.
func TestPoolFirstFailure(t *testing.T) {
	inCell(t, t.Context())
	one := newPool(t, mp.PoolOptions{Workers: 1, ChunkSize: 1})
	_, err := mp.MapErr(one, killOne, []int{0, 1, 2})
	var task *mp.TaskError
	if !errors.As(err, &task) || task.Index != 0 || task.Text != "it is 0" {
		t.Errorf("%v", err)
	}
	var died *mp.WorkerDiedError
	if _, err = mp.MapErr(one, killOne, []int{1, 0}); !errors.As(err, &died) || died.First != 0 {
		t.Errorf("%v", err)
	}
	p := newPool(t, mp.PoolOptions{Workers: 2, ChunkSize: 1})
	r, w := mp.NewOneWayPipe()
	defer r.Close()
	defer w.Close()
	_, err = p.StarMapAsync(func(c *mp.Conn, n int) (any, error) {
		if n == 0 {
			return c.Recv() // from who dies
		}
		return killOne(n)
	}, [][]any{{r, 0}, {r, 1}}).GetTimeout(generous)
	if !errors.As(err, &died) || died.First != 1 {
		t.Errorf("%v", err)
	}
	must(t, w.Send(1))
	var results []string
	for v, err := range mp.Imap(p, func(n int) int {
		if n == 1 {
			os.Exit(3)
		}
		return n
	}, upTo(3)) {
		results = append(results, fmt.Sprint(v, " ", errors.Is(err, mp.ErrWorkerDied)))
	}
	if fmt.Sprint(results) != "[0 false 0 true 2 false]" {
		t.Errorf("%q", results)
	}
}

func TestPoolCounts(t *testing.T) {
	inCell(t, t.Context())
	for _, test := range []struct {
		err  error
		want string
	}{
		{mp.NewPool(0).Err(), "the number of workers must be at least 1, not 0"},
		{mp.NewPoolWith(mp.PoolOptions{Workers: -2}).Err(), "the number of workers must be at least 1, not -2"},
		{mp.NewPoolWith(mp.PoolOptions{ChunkSize: -1}).Err(), "ChunkSize must be at least 1, or 0 for the default, not -1"},
		{mp.NewSemaphore(-1).Err(), "the number of permits must be 0 or more, and at most 2147483647, not -1"},
		{mp.NewSemaphore(1).Release(-1), "the number of permits to release must be at least 1, not -1"},
		{mp.NewBarrier(0).Err(), "the number of parties must be at least 1, and at most 1048576, not 0"},
	} {
		if test.err == nil || !strings.HasSuffix(test.err.Error(), ": "+test.want) {
			t.Errorf("%v, want %q", test.err, test.want)
		}
	}
}

func TestPoolTexts(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	r, w := mp.NewOneWayPipe()
	defer r.Close()
	defer w.Close()
	result := p.ApplyAsync(func(c *mp.Conn) (any, error) { return c.Recv() }, r)
	future := mp.MapErrAsync(p, failOdd, upTo(2))
	for _, test := range []struct {
		text fmt.Stringer
		want string
	}{
		{p, "<Pool state=running workers=2>"},
		{result, "<AsyncResult ready=false>"},
		{mp.NewPool(0), "<Pool failed: making the pool: the number of workers must be at least 1, not 0>"},
		{&mp.Pool{}, "<Pool not made>"},
	} {
		if got := test.text.String(); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	must(t, w.Send(1))
	future.Wait(generous)
	result.Wait(generous)
	if got := fmt.Sprint(result, future); got != "<AsyncResult ready=true successful=true> <Future ready=true successful=false>" {
		t.Error(got)
	}
	must(t, p.Terminate())
	if got := p.String(); !strings.HasPrefix(got, "<Pool state=terminated workers=") {
		t.Error(got)
	}
}

// An object of a manager may hold itself, as it is or in something else.
func TestProxyTexts(t *testing.T) {
	c, _, _ := inCell(t, t.Context())
	m := newManager(t)
	l, d, ns := m.List(1), m.Dict(), m.Namespace()
	must(t, l.Append(l), l.Append([]any{d}), d.Set("l", l), d.Set("d", d), ns.Set("uno", 1), ns.Set("l", l))
	v := m.Value(nil)
	must(t, v.Set(v))
	must(t, m.Register("Cuenta", func() *purse { return &purse{} }))
	for _, test := range []struct {
		text fmt.Stringer
		want string
	}{
		{l, "[1 <ListProxy object=1> [<DictProxy object=2>]]"},
		{d, "map[l:<ListProxy object=1> d:<DictProxy object=2>]"},
		{ns, "Namespace(uno=1, l=<ListProxy object=1>)"},
		{v, "<ValueProxy object=4>"},
		{l.At(1).(*mp.ListProxy), "[1 <ListProxy object=1> [<DictProxy object=2>]]"},
		{m.New("Cuenta"), "<Proxy Cuenta object=5>"},
		{m.Queue(), "<QueueProxy object=6>"},
		{m.Condition(), "<ConditionProxy object=7>"},
		{m.New("Otra"), `<Proxy Otra failed: the manager knows no type "Otra": register it first>`},
		{&mp.ListProxy{}, "<Proxy not made>"},
		{&mp.Manager{}, "<Manager not made>"},
		{m, fmt.Sprintf("<Manager state=running pid=%d>", m.PID())},
	} {
		if got := test.text.String(); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
	pid := m.PID()
	must(t, m.Shutdown())
	if got := fmt.Sprint(l, d, m); got != fmt.Sprintf("<ListProxy object=1 failed: the manager has ended> <DictProxy object=2 failed: the manager has ended> <Manager state=ended pid=%d>", pid) {
		t.Error(got)
	}
	if c.failed.Load() != nil {
		t.Errorf("a text fails the cell: %v", *c.failed.Load())
	}
}

type purse struct{ n int }

func (c *purse) Next() int         { c.n++; return c.n }
func (c *purse) Panics()           { panic("no more") }
func newNilPurse() *purse          { return nil }
func newBuilder() *strings.Builder { return &strings.Builder{} }

func TestManagerConstructors(t *testing.T) {
	inCell(t, t.Context())
	m := newManager(t)
	must(t, m.Register("builder", newBuilder), m.Register("nil", newNilPurse), m.Register("purse", func() *purse { return &purse{} }))
	b := m.New("builder")
	must(t, b.Err())
	if _, err := b.Call("WriteString", "hola"); err != nil {
		t.Error(err)
	}
	if v, err := b.Call("String"); v != "hola" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := m.New("nil").Err(); err == nil || !strings.Contains(err.Error(), "the constructor of nil has returned nil") {
		t.Errorf("%v", err)
	}
	if _, err := m.New("purse").Call("Panics"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("the manager (pid %d): panic: no more", m.PID())) {
		t.Errorf("%v", err)
	}
	for f, want := range map[any]string{
		7:             "the constructor of x must be a function, not int",
		purse{}:       `the constructor of x must be a function, not \S*purse`,
		(*purse)(nil): `the constructor of x must be a function, not \S*purse`,
		"list":        "the constructor of x must be a function, not string",
	} {
		if err := m.Register("x", f); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, f := range []any{nil, (func() int)(nil), func() {}} {
		if err := m.Register("x", f); err == nil || !strings.Contains(err.Error(), "the constructor of x ") {
			t.Errorf("%v", err)
		}
	}
}
