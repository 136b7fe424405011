//go:build unix

package conformance_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// seen is a package variable: each process has its own.
var seen []int

type shape interface{ Area() float64 }

type rectangle struct{ width, height float64 }

func (r rectangle) Area() float64 { return r.width * r.height }

type circle struct{ radius float64 }

func (c *circle) Area() float64 { return 3 * c.radius * c.radius }

// A node is part of a ring.
type node struct {
	value int
	next  *node
}

// A parcel holds what can travel only as what it is.
type parcel struct {
	label  string
	shapes []shape
	apply  func(int) int
	answer *mp.Queue
	any    map[string]any
}

// sent sends a value through a pipe.
func sent[T any](t *testing.T, v T) T {
	t.Helper()
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	ok(t, a.Send(v))
	return receive[T](t, b)
}

// TestOwn is what CPython has no tests for.
func TestOwn(t *testing.T) {
	own(t, "the memory of a child is its own", func(t *testing.T) {
		seen = []int{-1}
		out, _ := captured(t)
		ends(t, run(t, func() {
			seen = append(seen, 1, 2)
			fmt.Println(seen)
		}))
		equal(t, "in the child", out(), "[1 2]\n")
		same(t, "in the parent", seen, []int{-1})
	})
	own(t, "additions under the lock are never lost, those without it may be", func(t *testing.T) {
		const n = 20000
		with, without := mp.NewValue(0), mp.NewValue(0)
		add := func(with, without *mp.Value[int], n int) {
			for range n {
				without.Set(without.Get() + 1)
			}
			for range n / 10 {
				panicOn(with.Lock())
				with.Set(with.Get() + 1)
				panicOn(with.Unlock())
			}
		}
		ends(t, run(t, add, with, without, n), run(t, add, with, without, n))
		equal(t, "with the lock", with.Get(), 2*n/10)
		if got := without.Get(); got < 1 || got > 2*n {
			t.Errorf("without the lock: %d", got)
		}
	})
	own(t, "output is whole, in order, and there when Join returns", func(t *testing.T) {
		out, _ := captured(t)
		ends(t, run(t, func() {
			for i := range 2000 {
				fmt.Print("line ")
				fmt.Println(i)
			}
		}))
		lines := strings.Split(out(), "\n")
		if len(lines) != 2001 {
			t.Fatalf("%d lines", len(lines)-1)
		}
		for i, line := range lines[:2000] {
			if line != "line "+strconv.Itoa(i) {
				t.Fatalf("line %d is %q", i, line)
			}
		}
	})
	own(t, "terminating a process leaves its children running", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := run(t, func(w *mp.Conn) {
			panicOn(mp.NewProcess(func(w *mp.Conn) {
				panicOn(w.Send(os.Getpid()))
				panicOn(mp.ParentProcess().Join())
				panicOn(w.Send("an orphan"))
			}, w).Start())
			forever()
		}, w)
		pid := receive[int](t, r)
		ok(t, p.Terminate())
		join(t, p)
		equal(t, "received", receive[string](t, r), "an orphan")
		eventually(t, "the orphan ends", func() bool { return gone(pid) })
	})
	own(t, "a daemon may have no children", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := daemon(t, func(w *mp.Conn) { panicOn(w.Send(mp.NewProcess(forever).Start())) }, w)
		err, _ := receive[any](t, r).(error)
		is(t, err, mp.ErrDaemonChild)
		ends(t, p)
	})
	own(t, "values keep their types, unexported fields and methods", func(t *testing.T) {
		for _, v := range []any{
			nil, 1, int8(1), int16(1), int32(1), int64(1 << 60), uint(1), uint8(1), uint16(1), uint32(1), uint64(1 << 63), float32(1.5), 1.5, 1 + 2i, true, "ñ",
			[]any{1, int64(1), nil, "x", []byte("x")}, map[string]any{"a": []int{1}}, [3]int{1, 2, 3}, struct{ A, B int }{1, 2},
			rectangle{2, 3}, &circle{1}, []shape{rectangle{1, 2}, &circle{2}}, map[rectangle]string{{1, 2}: "a"},
			time.Second, time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), []rectangle(nil), map[string]int(nil),
		} {
			if got := sent[any](t, v); !reflect.DeepEqual(got, v) {
				t.Errorf("%#v arrives as %#v", v, got)
			}
		}
		equal(t, "area", sent[shape](t, &circle{2}).Area(), 12.0)
	})
	own(t, "sharing and cycles arrive as they were", func(t *testing.T) {
		ring := &node{value: 1}
		ring.next = &node{value: 2, next: ring}
		got := sent(t, ring)
		if got.next.next != got || got.next.value != 2 {
			t.Error("the ring is none any more")
		}
		list := []*node{ring, ring}
		if got := sent(t, list); got[0] != got[1] {
			t.Error("what was one became two")
		}
	})
	own(t, "functions and objects of mp travel inside values", func(t *testing.T) {
		q := mp.NewQueue()
		p := run(t, func(c *mp.Conn) {
			got := try(mp.Recv[parcel](c))
			area := 0.0
			for _, s := range got.shapes {
				area += s.Area()
			}
			panicOn(got.answer.Put([]any{got.label, area, got.apply(7), got.any["shape"].(shape).Area()}))
		}, func() *mp.Conn {
			a, b := mp.NewPipe()
			ok(t, a.Send(parcel{"label", []shape{rectangle{2, 3}, &circle{1}}, square, q, map[string]any{"shape": rectangle{1, 1}}}))
			return b
		}())
		v, err := q.GetTimeout(generous)
		ok(t, err)
		if !reflect.DeepEqual(v, []any{"label", 9.0, 49, 1.0}) {
			t.Errorf("answer %v", v)
		}
		ends(t, p)
	})
	own(t, "well-known errors stay themselves", func(t *testing.T) {
		for _, err := range []error{io.EOF, os.ErrNotExist, mp.ErrClosed, mp.ErrEmpty, mp.ErrTimeout} {
			if got := sent[error](t, err); got != err {
				t.Errorf("%v arrives as another %v", err, got)
			}
		}
		equal(t, "text", sent[error](t, fmt.Errorf("reading %q: broken", "x")).Error(), `reading "x": broken`)
	})
	own(t, "what cannot be copied is refused with the path to it", func(t *testing.T) {
		a, _ := mp.NewPipe()
		err := a.Send(map[string]any{"a": []any{1, make(chan int)}})
		is(t, err, mp.ErrNotCopyable)
		if !strings.Contains(fmt.Sprint(err), "[a][1] (chan int)") {
			t.Error(err)
		}
		n := 3
		refused(t, "a target that has captured a variable", mp.NewProcess(func() { fmt.Println(n) }).Err())
		refused(t, "too few arguments", mp.NewProcess(square).Err())
		refused(t, "an argument of another type", mp.NewProcess(square, "x").Err())
		refused(t, "a target that is none", mp.NewProcess(3).Err())
		refused(t, "no target", mp.NewProcess(nil).Err())
	})
	own(t, "a sender killed in the middle of a put leaves the queue whole", func(t *testing.T) {
		q := mp.NewQueue()
		for range 10 {
			p := daemon(t, func(q *mp.Queue) {
				for i := byte(0); ; i++ {
					panicOn(q.Put(bytes.Repeat([]byte{i}, 300<<10)))
				}
			}, q)
			for range 3 { // it is at it
				item(t, q)
			}
			ok(t, p.Kill())
			join(t, p)
			for {
				v, err := q.TryGet()
				if errors.Is(err, mp.ErrEmpty) {
					break
				}
				ok(t, err)
				whole(t, v)
			}
		}
		ok(t, q.Put("after it"))
		v, err := q.GetTimeout(generous)
		ok(t, err)
		equal(t, "item", v, any("after it"))
		closeQueue(t, q)
	})
	own(t, "a lock whose holder was killed is taken by the next", func(t *testing.T) {
		l, ready := mp.NewLock(), mp.NewEvent()
		p := daemon(t, func(l *mp.Lock, ready *mp.Event) {
			panicOn(l.Lock())
			ready.Set()
			forever()
		}, l, ready)
		ok(t, ready.WaitTimeout(generous))
		is(t, l.LockTimeout(short), mp.ErrTimeout)
		ok(t, p.Kill())
		join(t, p)
		is(t, l.LockTimeout(generous), mp.ErrOwnerDied)
		ok(t, l.Unlock())
	})
	own(t, "a worker killed in a task fails the map, and the pool goes on", func(t *testing.T) {
		p := newPool(t, mp.PoolOptions{Workers: 2})
		_, err := mp.Map(p, func(n int) int {
			if n == 3 {
				panicOn(syscall.Kill(os.Getpid(), syscall.SIGKILL))
			}
			return n
		}, numbers(5))
		is(t, err, mp.ErrWorkerDied)
		list, err := mp.Map(p, square, numbers(5))
		ok(t, err)
		same(t, "results", list, squares(5))
	})
	own(t, "an interrupt ends every call that blocks", func(t *testing.T) {
		for name, block := range map[string]func() error{
			"Conn.Recv":    func() error { a, _ := mp.NewPipe(); _, err := a.Recv(); return err },
			"Queue.Get":    func() error { _, err := mp.NewQueue().Get(); return err },
			"Queue.Put":    func() error { q := mp.NewQueue(1); panicOn(q.Put(1)); return q.Put(2) },
			"Event.Wait":   func() error { return mp.NewEvent().Wait() },
			"Acquire":      func() error { return mp.NewSemaphore(0).Acquire() },
			"Barrier.Wait": func() error { _, err := mp.NewBarrier(2).Wait(); return err },
			"Lock":         func() error { l := mp.NewLock(); panicOn(l.Lock()); return l.Lock() },
			"Join":         func() error { p := mp.NewProcess(forever); panicOn(p.Start()); return p.Join() },
			"Accept":       func() error { _, err := try(mp.Listen("tcp", "127.0.0.1:0", nil)).Accept(); return err },
		} {
			out, _ := captured(t)
			p := run(t, func(block func() error) {
				fmt.Println("ready")
				fmt.Println(errors.Is(block(), mp.ErrInterrupted))
			}, block)
			eventually(t, name+" begins", func() bool { return out() != "" })
			ok(t, syscall.Kill(p.PID(), syscall.SIGINT))
			equal(t, name+": exit code", join(t, p), 1)
			equal(t, name+": interrupted", out(), "ready\ntrue\n")
		}
	})
	own(t, "an interrupt of MainProcess ends its Join and reaches its children", func(t *testing.T) {
		cmd := command(t, "joins for ever")
		stdout, err := cmd.StdoutPipe()
		ok(t, err)
		ok(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		next := func() string { lines.Scan(); return lines.Text() }
		equal(t, "the child", next(), "child")
		ok(t, cmd.Process.Signal(os.Interrupt))
		got := []string{next(), next()}
		slices.Sort(got)
		if want := []string{"Join: mp: interrupted", "child: mp: interrupted"}; !slices.Equal(got, want) {
			t.Errorf("it says %q", got)
		}
		equal(t, "the child's exit code", next(), "1")
		ok(t, cmd.Wait())
	})
	own(t, "a program that is started by hand as a child says what it misses", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), os.Args[0], "mpruntime-child", os.Args[0]).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "no control connection") {
			t.Errorf("%v, %q", err, out)
		}
	})
	own(t, "processes leave no descriptor and no zombie", func(t *testing.T) {
		onLinux(t)
		once := func() {
			p := run(t, func(q *mp.Queue) { panicOn(q.Put(1)) }, mp.NewQueue())
			ends(t, p)
			ok(t, p.Close())
		}
		once()
		before := openFiles()
		for range 30 {
			once()
		}
		eventually(t, "as many descriptors as before", func() bool {
			runtime.GC()
			return openFiles() < before+20
		})
		var status syscall.WaitStatus
		if pid, _ := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); pid > 0 {
			t.Errorf("process %d was left a zombie", pid)
		}
	})
	own(t, "ten thousand items wait until somebody reads them", func(t *testing.T) {
		q := mp.NewQueue()
		p := daemon(t, func(q *mp.Queue) {
			for i := range 10_000 {
				panicOn(q.Put(i))
			}
		}, q)
		eventually(t, "all are in the queue", func() bool { return q.Len() == 10_000 })
		for i := range 10_000 {
			if got := getInt(t, q); got != i {
				t.Fatalf("item %d is %d", i, got)
			}
		}
		ends(t, p)
		closeQueue(t, q)
	})
	own(t, "a message of 64 MiB arrives", func(t *testing.T) {
		a, b := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn) {
			list := try(mp.Recv[[]float64](c))
			panicOn(c.Send(list[len(list)-1]))
		}, b)
		list := make([]float64, 8<<20)
		list[len(list)-1] = 2.5
		ok(t, a.Send(list))
		equal(t, "its end", receive[float64](t, a), 2.5)
		ends(t, p)
	})
}

// item takes an item of a sender that is to be killed.
func item(t *testing.T, q *mp.Queue) {
	t.Helper()
	v, err := q.GetTimeout(generous)
	ok(t, err)
	whole(t, v)
}

// whole checks that such an item is not torn.
func whole(t *testing.T, v any) {
	t.Helper()
	b, is := v.([]byte)
	if !is || len(b) != 300<<10 || bytes.Count(b, b[:1]) != len(b) {
		t.Fatalf("a torn item: %T of %d bytes", v, len(b))
	}
}
