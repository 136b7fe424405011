//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func twice(n int) int {
	for end := time.Now().Add(time.Millisecond); time.Now().Before(end); {
	}
	return 2 * n
}

func TestFaultWorkerKilled(t *testing.T) {
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

func TestFaultParentOfAPoolKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 200*time.Millisecond, func(t *testing.T, m moment) {
		p, hears := startTelling(t, haveWorkers)
		defer hears.Close()
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

// TestFaultManagerKilled kills a manager and the process that has made one.
func TestFaultManagerKilled(t *testing.T) {
	for name, parent := range map[string]bool{"manager": false, "its parent": true} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 20*time.Millisecond, func(t *testing.T, m moment) {
				p, hears := startTelling(t, haveManager)
				defer hears.Close()
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
