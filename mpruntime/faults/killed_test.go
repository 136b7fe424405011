//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// slab makes an item that does not fit into a pipe and that shows when it is torn.
func slab(i int) []int { return slices.Repeat([]int{i}, 1<<19) }

// whole checks that v is a slab and returns its number.
func whole(v any) (int, error) {
	numbers, ok := v.([]int)
	if !ok || len(numbers) != 1<<19 {
		return 0, fmt.Errorf("an item is a %T of length %d", v, len(numbers))
	}
	for _, n := range numbers {
		if n != numbers[0] {
			return 0, fmt.Errorf("an item is torn: %d and %d", numbers[0], n)
		}
	}
	return numbers[0], nil
}

func putSlabs(q *mp.Queue, ready *mp.Conn) {
	must(ready.Send("ready"))
	for i := 0; ; i++ {
		must(q.Put(slab(i)))
	}
}

func TestPutterKilled(t *testing.T) {
	for name, max := range map[string]int{"bounded": 3, "one": 1} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 60*time.Millisecond, func(t *testing.T, m moment) {
				q := mp.NewQueue(max)
				defer q.Close()
				hears, tells := mp.NewOneWayPipe()
				defer hears.Close()
				p := start(t, putSlabs, q, tells)
				ok(t, tells.Close())
				receive(t, hears)
				read := make(chan error, 1)
				go func() {
					for next := 0; ; next++ {
						v, err := q.GetTimeout(limit)
						if err != nil || v == "last" {
							read <- err
							return
						}
						if i, err := whole(v); err != nil || i != next {
							read <- fmt.Errorf("item %d instead of %d: %w", i, next, err)
							return
						}
					}
				}()
				m.pass()
				ok(t, p.Kill())
				join(t, p)
				ok(t, q.PutTimeout("last", limit))
				ok(t, <-read)
				// What the killed process had half put does not count.
				for i := range max {
					ok(t, q.PutTimeout(i, limit))
				}
				is(t, "one item too many", q.TryPut(max), mp.ErrFull)
				for i := range max {
					if v, err := q.GetTimeout(limit); v != i {
						t.Errorf("got %v, %v, want %d", v, err, i)
					}
				}
				if n := q.Len(); n != 0 {
					t.Errorf("%d items are left", n)
				}
			})
		})
	}
}

func sendSlabs(c *mp.Conn) {
	must(c.Send("ready"))
	for i := 0; ; i++ {
		must(c.Send(slab(i)))
	}
}

func TestSenderKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 40*time.Millisecond, func(t *testing.T, m moment) {
		r, w := mp.NewOneWayPipe()
		defer r.Close()
		p := start(t, sendSlabs, w)
		ok(t, w.Close())
		receive(t, r)
		go func() {
			m.pass()
			_ = p.Kill()
		}()
		for next := 0; ; next++ {
			v, err := r.RecvTimeout(limit)
			if errors.Is(err, io.EOF) {
				break
			}
			ok(t, err)
			if i, err := whole(v); err != nil || i != next {
				t.Fatalf("message %d instead of %d: %v", i, next, err)
			}
		}
		join(t, p)
	})
}

func getSlabs(q *mp.Queue, ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		_, err := q.Get()
		must(err)
	}
}

// TestGetterKilled checks that others get what a killed process has not got.
func TestGetterKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 40*time.Millisecond, func(t *testing.T, m moment) {
		q := mp.NewQueue(4)
		defer q.Close()
		hears, tells := mp.NewOneWayPipe()
		defer hears.Close()
		p := start(t, getSlabs, q, tells)
		ok(t, tells.Close())
		receive(t, hears)
		stop, stopped := make(chan struct{}), make(chan int)
		go func() {
			defer close(stopped)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if q.PutTimeout(slab(i), 50*time.Millisecond) != nil {
					i--
				}
			}
		}()
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		close(stop)
		<-stopped
		ok(t, q.PutTimeout("last", limit))
		for last := -1; ; {
			v, err := q.GetTimeout(limit)
			ok(t, err)
			if v == "last" {
				break
			}
			i, err := whole(v)
			ok(t, err)
			if i <= last {
				t.Fatalf("item %d comes after item %d", i, last)
			}
			last = i
		}
	})
}

// A guard is something that one process at a time can hold.
type guard interface {
	Err() error
	LockTimeout(d time.Duration) error
	Unlock() error
}

// permit is a semaphore as a guard.
type permit struct{ *mp.BoundedSemaphore }

func (p permit) LockTimeout(d time.Duration) error { return p.AcquireTimeout(d) }
func (p permit) Unlock() error                     { return p.Release() }

// count makes equal numbers unequal for as long as it holds the guard.
func count(g guard, pair *mp.RawArray[int], ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		if err := g.LockTimeout(limit); err != nil && !errors.Is(err, mp.ErrOwnerDied) {
			panic(err)
		}
		pair.Set(0, pair.At(0)+1)
		pair.Set(1, pair.At(0))
		must(g.Unlock())
	}
}

// countValue is count with Update, which holds the lock of the value.
func countValue(v *mp.Value[int], ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		v.Update(func(n int) int { return n + 1 })
	}
}

func TestHolderKilled(t *testing.T) {
	for name, makeGuard := range map[string]func() guard{
		"Lock":             func() guard { return mp.NewLock() },
		"RLock":            func() guard { return mp.NewRLock() },
		"BoundedSemaphore": func() guard { return permit{mp.NewBoundedSemaphore()} },
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
				g, pair := makeGuard(), mp.NewRawArray[int](2)
				hears, tells := mp.NewOneWayPipe()
				defer hears.Close()
				killed := start(t, count, g, pair, tells)
				other := start(t, count, g, pair, tells)
				ok(t, tells.Close())
				receive(t, hears)
				receive(t, hears)
				m.pass()
				ok(t, killed.Kill())
				join(t, killed)
				before := pair.At(0)
				eventually(t, "the other process goes on", func() bool { return pair.At(0) > before+10 })
				ok(t, other.Kill())
				join(t, other)
				if err := g.LockTimeout(limit); err != nil && !errors.Is(err, mp.ErrOwnerDied) {
					t.Fatal(err)
				}
				if d := pair.At(0) - pair.At(1); d != 0 && d != 1 {
					t.Errorf("two were in there at once: %v", pair)
				}
				ok(t, g.Unlock())
				ok(t, g.LockTimeout(limit))
				ok(t, g.Unlock())
			})
		})
	}
}

func TestOwnerOfAValueKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
		v := mp.NewValue(0)
		hears, tells := mp.NewOneWayPipe()
		defer hears.Close()
		p := start(t, countValue, v, tells)
		ok(t, tells.Close())
		receive(t, hears)
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		before := v.Get()
		within(t, "Add", func() {
			if got := v.Add(1); got != before+1 {
				t.Errorf("%d after %d", got, before)
			}
		})
	})
}

// waitAndNotify waits for its turn and gives it to another.
func waitAndNotify(c *mp.Condition, ready *mp.Conn) {
	must(ready.Send("ready"))
	for {
		must(c.Lock())
		must(c.Notify())
		if err := c.WaitTimeout(time.Millisecond); err != nil && !errors.Is(err, mp.ErrTimeout) {
			panic(err)
		}
		must(c.Unlock())
	}
}

func TestUserOfAConditionKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 10*time.Millisecond, func(t *testing.T, m moment) {
		c := mp.NewCondition()
		hears, tells := mp.NewOneWayPipe()
		defer hears.Close()
		p := start(t, waitAndNotify, c, tells)
		ok(t, tells.Close())
		receive(t, hears)
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		within(t, "the condition", func() {
			// Twice: the one that waits is woken by the one that comes.
			waiting, woken := make(chan error, 1), make(chan error, 1)
			go func() {
				if err := c.Lock(); err != nil {
					waiting <- err
					return
				}
				waiting <- nil
				woken <- errors.Join(c.WaitTimeout(limit), c.Unlock())
			}()
			if err := <-waiting; err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(c.Lock(), c.NotifyAll(), c.Unlock(), <-woken); err != nil {
				t.Error(err)
			}
		})
	})
}

func twice(n int) int {
	for end := time.Now().Add(time.Millisecond); time.Now().Before(end); {
	}
	return 2 * n
}

func TestWorkerKilled(t *testing.T) {
	leavesNothing(t)
	pool := mp.NewPool(3)
	numbers := make([]int, 100)
	for i := range numbers {
		numbers[i] = i
	}
	check := func(t *testing.T) (err error) {
		t.Helper()
		within(t, "Map", func() {
			var got []int
			if got, err = mp.Map(pool, twice, numbers); err != nil {
				return
			}
			for i, n := range got {
				if n != 2*i {
					t.Errorf("the result of %d is %d", i, n)
				}
			}
		})
		return err
	}
	ok(t, check(t))
	failed := 0
	moments(t, 60*time.Millisecond, func(t *testing.T, m moment) {
		workers := pool.Workers()
		victim := workers[m.random.IntN(len(workers))]
		killed := make(chan error, 1)
		go func() {
			m.pass()
			killed <- victim.Kill()
		}()
		err := check(t)
		ok(t, <-killed)
		var died *mp.WorkerDiedError
		switch {
		case err == nil:
		case errors.As(err, &died) && errors.Is(err, mp.ErrWorkerDied):
			failed++
		default:
			t.Fatalf("Map: %v", err)
		}
		if err := check(t); err != nil && !errors.Is(err, mp.ErrWorkerDied) {
			t.Fatalf("Map afterwards: %v", err)
		}
		ok(t, check(t))
	})
	t.Logf("%d Maps failed", failed)
	if n := len(pool.Workers()); n != 3 {
		t.Errorf("%d workers are left", n)
	}
	within(t, "Join", func() {
		if err := errors.Join(pool.Close(), pool.Join()); err != nil {
			t.Error(err)
		}
	})
}

// haveWorkers has a pool work, and tells of its workers.
func haveWorkers(ready *mp.Conn) {
	pool := mp.NewPool(2)
	must(pool.Err())
	var pids []int
	for _, w := range pool.Workers() {
		pids = append(pids, w.PID())
	}
	must(ready.Send(pids))
	for {
		_, err := mp.Map(pool, twice, make([]int, 50))
		must(err)
	}
}

func TestParentOfAPoolKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 200*time.Millisecond, func(t *testing.T, m moment) {
		hears, tells := mp.NewOneWayPipe()
		defer hears.Close()
		p := start(t, haveWorkers, tells)
		ok(t, tells.Close())
		var workers []relative
		for _, pid := range receive(t, hears).([]int) {
			w, _, found := look(pid)
			if !found {
				t.Fatalf("there is no worker %d", pid)
			}
			workers = append(workers, w)
		}
		m.pass()
		ok(t, p.Kill())
		join(t, p)
		for _, w := range workers {
			eventually(t, fmt.Sprintf("the worker %d ends", w.pid), w.over)
		}
	})
}

// haveManager serves objects of a manager of its own and tells of its process.
func haveManager(ready *mp.Conn) {
	m := mp.NewManager()
	list := m.List()
	must(m.Err())
	must(ready.Send(list))
	must(ready.Send(m.PID()))
	for i := 0; list.Append(i) == nil; i++ {
	}
	os.Exit(3)
}

// TestManagerKilled kills a manager and the process that has made one.
func TestManagerKilled(t *testing.T) {
	for name, parent := range map[string]bool{"manager": false, "its parent": true} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 20*time.Millisecond, func(t *testing.T, m moment) {
				hears, tells := mp.NewOneWayPipe()
				defer hears.Close()
				p := start(t, haveManager, tells)
				ok(t, tells.Close())
				list := receive(t, hears).(*mp.ListProxy)
				manager, _, found := look(receive(t, hears).(int))
				if !found {
					t.Fatal("there is no manager")
				}
				m.pass()
				if parent {
					ok(t, p.Kill())
				} else {
					ok(t, syscall.Kill(manager.pid, syscall.SIGKILL))
				}
				within(t, "a call", func() {
					var err error
					for err == nil {
						err = list.Append(-1)
					}
					is(t, "a call", err, mp.ErrManagerGone)
				})
				eventually(t, "the manager ends", manager.over)
				if code := join(t, p); code == 0 {
					t.Error("the process does not notice")
				}
			})
		})
	}
}

// dialAndSend sends large messages over a connection.
func dialAndSend(address string, ready *mp.Conn) {
	c, err := mp.Dial("tcp", address, []byte("key"))
	must(err)
	must(ready.Send("ready"))
	for i := 0; ; i++ {
		must(c.Send(slab(i)))
	}
}

func TestCallerKilled(t *testing.T) {
	leavesNothing(t)
	l, err := mp.Listen("tcp", "127.0.0.1:0", []byte("key"))
	ok(t, err)
	defer l.Close()
	moments(t, 40*time.Millisecond, func(t *testing.T, m moment) {
		hears, tells := mp.NewOneWayPipe()
		defer hears.Close()
		p := start(t, dialAndSend, l.Addr(), tells)
		ok(t, tells.Close())
		c, err := l.Accept()
		ok(t, err)
		defer c.Close()
		receive(t, hears)
		go func() {
			m.pass()
			_ = p.Kill()
		}()
		for next := 0; ; next++ {
			v, err := c.RecvTimeout(limit)
			if err != nil {
				if errors.Is(err, mp.ErrTimeout) {
					t.Error("the end of the caller is not noticed")
				}
				break
			}
			if i, err := whole(v); err != nil || i != next {
				t.Fatalf("message %d instead of %d: %v", i, next, err)
			}
		}
		join(t, p)
	})
}
