//go:build unix

package conformance_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func square(x int) int { return x * x }

func product(x, y int) int { return x * y }

// squareLater needs time for its answer.
func squareLater(x int, d time.Duration) int {
	time.Sleep(d)
	return x * x
}

func numbers(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func squares(n int) []int {
	list := numbers(n)
	for i := range list {
		list[i] *= i
	}
	return list
}

// ints are the ints of a []any.
func ints(t *testing.T, list []any) []int {
	t.Helper()
	all := make([]int, len(list))
	for i, v := range list {
		n, is := v.(int)
		if !is {
			t.Fatalf("result %d is a %T", i, v)
		}
		all[i] = n
	}
	return all
}

func same(t *testing.T, what string, got, want []int) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// newPool makes a pool that ends with the test.
func newPool(t *testing.T, o mp.PoolOptions) *mp.Pool {
	t.Helper()
	p := mp.NewPoolWith(o)
	ok(t, p.Err())
	t.Cleanup(func() {
		ok(t, p.Terminate())
		ok(t, p.Join())
	})
	return p
}

// finish closes a pool and waits for its end.
func finish(t *testing.T, p *mp.Pool) {
	t.Helper()
	ok(t, p.Close())
	ok(t, p.Join())
}

// pairs are the arguments of product: i and n − 1 − i.
func pairs(n int) (lists [][]any, products []int) {
	for i := range n {
		lists = append(lists, []any{i, n - 1 - i})
		products = append(products, i*(n-1-i))
	}
	return lists, products
}

var errKey = errors.New("key")

func TestPool(t *testing.T) {
	pool := newPool(t, mp.PoolOptions{Workers: 4})
	conform := func(t *testing.T, method string, test func(t *testing.T)) {
		t.Helper()
		t.Run(method, test) // the pool outlives it
	}
	conform(t, "_TestPool.test_apply", func(t *testing.T) {
		v, err := pool.Apply(square, 5)
		ok(t, err)
		equal(t, "result", v, any(25))
		n, err := mp.Apply(pool, square, 6)
		ok(t, err)
		equal(t, "result", n, 36)
	})
	conform(t, "_TestPool.test_map", func(t *testing.T) {
		list, err := pool.Map(square, numbers(10))
		ok(t, err)
		same(t, "results", ints(t, list), squares(10))
		typed, err := mp.Map(pool, square, numbers(100))
		ok(t, err)
		same(t, "results", typed, squares(100))
		typed, err = mp.Map(newPool(t, mp.PoolOptions{Workers: 2, ChunkSize: 20}), square, numbers(100))
		ok(t, err)
		same(t, "results in chunks", typed, squares(100))
	})
	conform(t, "_TestPool.test_starmap", func(t *testing.T) {
		for _, n := range []int{10, 100} {
			lists, want := pairs(n)
			list, err := pool.StarMap(product, lists)
			ok(t, err)
			same(t, "results", ints(t, list), want)
		}
	})
	conform(t, "_TestPool.test_starmap_async", func(t *testing.T) {
		lists, want := pairs(100)
		v, err := pool.StarMapAsync(product, lists).Get()
		ok(t, err)
		same(t, "results", ints(t, v.([]any)), want)
	})
	conform(t, "_TestPool.test_map_async", func(t *testing.T) {
		v, err := pool.MapAsync(square, numbers(10)).Get()
		ok(t, err)
		same(t, "results", ints(t, v.([]any)), squares(10))
		typed, err := mp.MapAsync(pool, square, numbers(10)).Get()
		ok(t, err)
		same(t, "results", typed, squares(10))
	})
	conform(t, "_TestPool.test_map_async_callbacks", func(t *testing.T) {
		type call struct {
			value any
			err   error
		}
		calls := make(chan call, 1)
		for text, works := range map[string]bool{"1": true, "a": false} {
			pool.MapAsync(strconv.Atoi, []string{text}).Then(func(v any, err error) { calls <- call{v, err} })
			select {
			case c := <-calls:
				if works && (c.err != nil || c.value.([]any)[0] != 1) || !works && !strings.Contains(fmt.Sprint(c.err), "invalid syntax") {
					t.Errorf("%q: called with %v, %v", text, c.value, c.err)
				}
			case <-time.After(generous):
				t.Fatal("the callback was not called")
			}
		}
	})
	conform(t, "_TestPool.test_map_unplicklable", func(t *testing.T) {
		_, err := mp.Map(pool, func(failsToEncode) int { return 1 }, make([]failsToEncode, 10))
		is(t, err, errNotEncoded)
		_, err = mp.Map(pool, func(chan int) int { return 1 }, []chan int{make(chan int)})
		is(t, err, mp.ErrNotCopyable)
	})
	conform(t, "_TestPool.test_map_chunksize", func(t *testing.T) {
		one := newPool(t, mp.PoolOptions{Workers: 1, ChunkSize: 1})
		v, err := one.MapAsync(square, []int{}).GetTimeout(generous)
		ok(t, err)
		equal(t, "results", len(v.([]any)), 0)
	})
	conform(t, "_TestPool.test_async", func(t *testing.T) {
		v, err := pool.ApplyAsync(squareLater, 7, short).Get()
		ok(t, err)
		equal(t, "result", v, any(49))
	})
	conform(t, "_TestPool.test_async_timeout", func(t *testing.T) {
		p := newPool(t, mp.PoolOptions{Workers: 3})
		r := p.ApplyAsync(squareLater, 6, time.Hour)
		_, err := r.GetTimeout(short)
		is(t, err, mp.ErrTimeout)
		equal(t, "ready", r.Ready(), false)
		equal(t, "waited for", r.Wait(short), false)
	})
	conform(t, "_TestPool.test_imap", func(t *testing.T) {
		for _, n := range []int{10, 1000} {
			var got []int
			for v, err := range mp.Imap(pool, square, numbers(n)) {
				ok(t, err)
				got = append(got, v)
			}
			same(t, "results", got, squares(n))
		}
		var some []any
		for v, err := range pool.Imap(square, numbers(10)) {
			ok(t, err)
			if some = append(some, v); len(some) == 3 {
				break
			}
		}
		same(t, "the first results", ints(t, some), squares(3))
	})
	conform(t, "_TestPool.test_imap_unordered", func(t *testing.T) {
		for _, n := range []int{10, 1000} {
			var got []int
			for v, err := range mp.ImapUnordered(pool, square, numbers(n)) {
				ok(t, err)
				got = append(got, v)
			}
			slices.Sort(got)
			same(t, "results", got, squares(n))
		}
	})
	conform(t, "_TestPool.test_make_pool", func(t *testing.T) {
		refused(t, "a pool of −1", mp.NewPool(-1).Err())
		refused(t, "a pool of 0", mp.NewPool(0).Err())
		p := mp.NewPool(3)
		equal(t, "workers", len(p.Workers()), 3)
		finish(t, p)
	})
	conform(t, "_TestPool.test_terminate", func(t *testing.T) {
		p := mp.NewPoolWith(mp.PoolOptions{Workers: 3, ChunkSize: 1})
		r := p.MapAsync(time.Sleep, slices.Repeat([]time.Duration{time.Hour}, 10_000))
		ok(t, p.Terminate())
		ok(t, p.Join())
		_, err := r.GetTimeout(generous)
		is(t, err, mp.ErrClosed)
	})
	conform(t, "_TestPool.test_empty_iterable", func(t *testing.T) {
		p := newPool(t, mp.PoolOptions{Workers: 1})
		list, err := p.Map(square, []int{})
		ok(t, err)
		equal(t, "results", len(list), 0)
		for v := range p.Imap(square, []int{}) {
			t.Errorf("a result: %v", v)
		}
		for v := range p.ImapUnordered(square, []int{}) {
			t.Errorf("a result: %v", v)
		}
		typed, err := mp.MapAsync(p, square, nil).Get()
		ok(t, err)
		equal(t, "results", len(typed), 0)
	})
	conform(t, "_TestPool.test_context", func(t *testing.T) {
		p := mp.NewPool(2)
		func() {
			defer p.Terminate()
			list, err := mp.Map(p, square, numbers(10))
			ok(t, err)
			same(t, "results", list, squares(10))
		}()
		ok(t, p.Join())
		_, err := p.Map(square, numbers(10))
		is(t, err, mp.ErrClosed)
	})
	conform(t, "_TestPool.test_traceback", func(t *testing.T) {
		_, err := pool.Apply(fails, 123)
		var task *mp.TaskError
		if !errors.As(err, &task) || !strings.Contains(task.Text, "123") || !strings.Contains(task.Traceback, "conformance_test.fails") ||
			!strings.Contains(err.Error(), "pool_test.go:") {
			t.Errorf("error %v", err)
		}
	})
	conform(t, "_TestPool.test_wrapped_exception", func(t *testing.T) {
		_, err := pool.Apply(func() error { return mp.ErrBrokenBarrier })
		is(t, err, mp.ErrBrokenBarrier)
		_, err = pool.Apply(func() error { return fmt.Errorf("reading: %w", os.ErrNotExist) })
		var task *mp.TaskError
		if !errors.As(err, &task) || !strings.Contains(task.Text, "reading: ") {
			t.Errorf("error %v", err)
		}
	})
	conform(t, "_TestPool.test_map_no_failfast", func(t *testing.T) {
		p := mp.NewPool(2)
		done := mp.NewSemaphore(0)
		_, err := p.StarMap(func(i int, done *mp.Semaphore) error {
			defer done.Release()
			if i == 1 {
				time.Sleep(2 * short)
			}
			return errors.New(strings.Repeat("x", 1<<20))
		}, [][]any{{0, done}, {1, done}})
		if err == nil || !strings.Contains(err.Error(), "xxx") {
			t.Error("no error")
		}
		equal(t, "tasks that have been done", done.Value(), 2)
		finish(t, p)
	})
	conform(t, "_TestPool.test_release_task_refs", func(t *testing.T) {
		var freed atomic.Int32
		func() {
			type counted struct{ _ [8]*int }
			items := make([]*counted, 10)
			for i := range items {
				items[i] = &counted{}
				runtime.AddCleanup(items[i], func(int) { freed.Add(1) }, 0)
			}
			_, err := mp.Map(pool, func(c *counted) *counted { return c }, items)
			ok(t, err)
		}()
		eventually(t, "the items are freed", func() bool {
			runtime.GC()
			return freed.Load() == 10
		})
	})
	conform(t, "_TestPool.test_enter", func(t *testing.T) {
		p := mp.NewPool(1)
		ok(t, p.Terminate())
		_, err := p.Apply(square, 1)
		is(t, err, mp.ErrClosed)
		ok(t, p.Join())
	})
}

func fails(n int) { panic(fmt.Errorf("failed with %d", n)) }

func TestPoolWorker(t *testing.T) {
	conform(t, "_TestPoolWorkerErrors.test_async_error_callback", func(t *testing.T) {
		p := mp.NewPool(2)
		got := make(chan error, 1)
		r := p.ApplyAsync(func() error { return errKey })
		r.Then(func(_ any, err error) { got <- err })
		_, err := r.Get()
		if err == nil || !strings.Contains(err.Error(), "key") {
			t.Errorf("error %v", err)
		}
		select {
		case called := <-got:
			equal(t, "the callback's error", fmt.Sprint(called), fmt.Sprint(err))
		case <-time.After(generous):
			t.Error("the callback was not called")
		}
		finish(t, p)
	})
	conform(t, "_TestPoolWorkerErrors.test_unpickleable_result", func(t *testing.T) {
		p := mp.NewPool(2)
		pids := pidsOf(p)
		for range 20 {
			_, err := p.Apply(func() chan int { return make(chan int) })
			is(t, err, mp.ErrNotCopyable)
		}
		if after := pidsOf(p); !slices.Equal(after, pids) {
			t.Errorf("the workers were %v and are %v", pids, after)
		}
		finish(t, p)
	})
	conform(t, "_TestPoolWorkerLifetime.test_pool_worker_lifetime", func(t *testing.T) {
		p := mp.NewPoolWith(mp.PoolOptions{Workers: 3, MaxTasksPerChild: 10})
		before := pidsOf(p)
		equal(t, "workers", len(before), 3)
		var results []*mp.AsyncResult
		for i := range 100 {
			results = append(results, p.ApplyAsync(square, i))
		}
		for i, r := range results {
			v, err := r.Get()
			ok(t, err)
			equal(t, "result", v, any(i*i))
		}
		eventually(t, "there are three workers, and others", func() bool {
			after := pidsOf(p)
			return len(after) == 3 && !slices.Equal(before, after) && !slices.Contains(after, 0)
		})
		finish(t, p)
	})
	conform(t, "_TestPoolWorkerLifetime.test_pool_worker_lifetime_early_close", func(t *testing.T) {
		p := mp.NewPoolWith(mp.PoolOptions{Workers: 3, MaxTasksPerChild: 1})
		var results []*mp.AsyncResult
		for i := range 6 {
			results = append(results, p.ApplyAsync(squareLater, i, short))
		}
		finish(t, p)
		for i, r := range results {
			v, err := r.Get()
			ok(t, err)
			equal(t, "result", v, any(i*i))
		}
	})
	conform(t, "_TestPoolWorkerLifetime.test_pool_maxtasksperchild_invalid", func(t *testing.T) {
		refused(t, "−1 tasks", mp.NewPoolWith(mp.PoolOptions{Workers: 3, MaxTasksPerChild: -1}).Err())
	})
	conform(t, "_TestPoolWorkerLifetime.test_worker_finalization_via_atexit_handler_of_multiprocessing", func(t *testing.T) {
		out, err := program(t, "forgets a pool")
		ok(t, err)
		equal(t, "output", out, "[0 1 4]\n")
	})
	conform(t, "TestInitializers.test_pool_initializer", func(t *testing.T) {
		refused(t, "an initializer that is no function", mp.NewPoolWith(mp.PoolOptions{Initializer: 1}).Err())
		n := mp.NewValue(0)
		p := mp.NewPoolWith(mp.PoolOptions{Workers: 1, Initializer: func(n *mp.Value[int]) { n.Add(1) }, InitArgs: []any{n}})
		ok(t, p.Err())
		finish(t, p)
		equal(t, "calls of the initializer", n.Get(), 1)
	})
	conform(t, "TestPoolNotLeakOnFailure.test_release_unused_processes", func(t *testing.T) {
		// A pool that cannot be made leaves no worker behind.
		var limit syscall.Rlimit
		ok(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
		onLinux(t)
		few := limit
		few.Cur = uint64(openFiles() + 25)
		ok(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few))
		p := mp.NewPool(30)
		err := p.Err()
		ok(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
		if err == nil {
			t.Error("a pool of 30 was made with descriptors for a few")
		}
		ok(t, p.Terminate())
		eventually(t, "no worker is left", func() bool { return len(mp.ActiveChildren()) == 0 })
	})
}

func pidsOf(p *mp.Pool) (pids []int) {
	for _, w := range p.Workers() {
		pids = append(pids, w.PID())
	}
	slices.Sort(pids)
	return pids
}
