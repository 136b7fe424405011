//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
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

func TestFaultPutterKilled(t *testing.T) {
	for name, max := range map[string]int{"bounded": 3, "one": 1} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			moments(t, 60*time.Millisecond, func(t *testing.T, m moment) {
				q := mp.NewQueue(max)
				defer q.Close()
				p, hears := startTelling(t, putSlabs, q)
				defer hears.Close()
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
				// Nor does what it has put and not yet noted as put: one item.
				put := max
				if q.TryPut(put) == nil {
					put++
				}
				is(t, "one item too many", q.TryPut(put), mp.ErrFull)
				for i := range put {
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

func TestFaultSenderKilled(t *testing.T) {
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

// TestFaultGetterKilled checks that others get what a killed process has not got.
func TestFaultGetterKilled(t *testing.T) {
	leavesNothing(t)
	moments(t, 40*time.Millisecond, func(t *testing.T, m moment) {
		q := mp.NewQueue(4)
		defer q.Close()
		p, hears := startTelling(t, getSlabs, q)
		defer hears.Close()
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
		put := make(chan error, 1)
		go func() { put <- q.PutTimeout("last", limit) }() // waits if the queue is full
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
		ok(t, <-put)
	})
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

func TestFaultCallerKilled(t *testing.T) {
	leavesNothing(t)
	l, err := mp.Listen("tcp", "127.0.0.1:0", []byte("key"))
	ok(t, err)
	defer l.Close()
	moments(t, 40*time.Millisecond, func(t *testing.T, m moment) {
		p, hears := startTelling(t, dialAndSend, l.Addr())
		defer hears.Close()
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
