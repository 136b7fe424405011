//go:build unix

package mpruntime_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func TestQueueOrder(t *testing.T) {
	q := mp.NewQueue()
	defer q.Close()
	const n = 2000 // more than the kernel takes
	for i := range n {
		noError(t, q.Put(i))
	}
	if q.Len() != n || q.Empty() || q.Full() {
		t.Error(q.Len(), q.Empty(), q.Full())
	}
	for i := range n {
		if v, err := mp.Get[int](q); v != i || err != nil {
			t.Fatalf("item %d is %v, %v", i, v, err)
		}
	}
	if q.Len() != 0 || !q.Empty() {
		t.Error(q.Len(), q.Empty())
	}
	if _, err := q.TryGet(); !errors.Is(err, mp.ErrEmpty) {
		t.Error(err)
	}
	if _, err := q.GetTimeout(time.Millisecond); !errors.Is(err, mp.ErrEmpty) {
		t.Error(err)
	}
}

func TestBoundedQueue(t *testing.T) {
	q := mp.NewQueue(3)
	defer q.Close()
	for i := range 3 {
		noError(t, q.TryPut(i))
	}
	if !q.Full() || q.Len() != 3 {
		t.Error(q.Full(), q.Len())
	}
	if err := q.TryPut(3); !errors.Is(err, mp.ErrFull) {
		t.Error(err)
	}
	if err := q.PutTimeout(3, time.Millisecond); !errors.Is(err, mp.ErrFull) {
		t.Error(err)
	}
	put := make(chan error, 1)
	go func() { put <- q.Put(3) }()
	for i := range 4 {
		if v, err := q.Get(); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
	noError(t, <-put)
}

func TestQueueBetweenProcesses(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	in, out := mp.NewQueue(), mp.NewQueue(10)
	var workers []*mp.Process
	for range 3 {
		workers = append(workers, startProcess(t, func(in, out *mp.Queue) {
			for {
				v, err := in.Get()
				if err != nil {
					panic(err)
				}
				n, isNumber := v.(int)
				if !isNumber {
					return
				}
				if err := out.Put(n * n); err != nil {
					panic(err)
				}
			}
		}, in, out))
	}
	const n = 1000
	for i := range n {
		noError(t, in.Put(i))
	}
	for range workers {
		noError(t, in.Put("the end"))
	}
	sum := 0
	for range n {
		v, err := mp.Get[int](out)
		noError(t, err)
		sum += v
	}
	if sum != n*(n-1)*(2*n-1)/6 {
		t.Errorf("the sum is %d", sum)
	}
	for _, p := range workers {
		if code := join(t, p); code != 0 {
			t.Errorf("code %d: %s", code, errs)
		}
	}
	if out.Len() != 0 {
		t.Errorf("%d items are left", out.Len())
	}
}

// A child may be joined before its items are got, however many they are.
func TestJoinBeforeGet(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	q := mp.NewQueue()
	r, w := mp.NewOneWayPipe()
	const n = 10_000
	p := startProcess(t, func(q *mp.Queue, w *mp.Conn) {
		for i := range n {
			var v any = i
			if i%5000 == 4999 {
				v = w
			}
			if err := q.Put(v); err != nil {
				panic(err)
			}
		}
	}, q, w)
	if code := join(t, p); code != 0 {
		t.Fatalf("code %d: %s", code, errs)
	}
	noError(t, w.Close())
	if q.Len() != n {
		t.Errorf("Len is %d", q.Len())
	}
	for i := range n {
		v, err := q.Get()
		if err != nil {
			t.Fatal(err)
		}
		if c, isConn := v.(*mp.Conn); isConn && i%5000 == 4999 {
			noError(t, c.Send(i))
			noError(t, c.Close())
			if v, err := r.Recv(); v != i || err != nil {
				t.Fatal(v, err)
			}
		} else if v != i {
			t.Fatalf("item %d is %v", i, v)
		}
	}
	if _, err := q.TryGet(); !errors.Is(err, mp.ErrEmpty) || q.Len() != 0 || !q.Empty() {
		t.Error(err, q.Len(), q.Empty())
	}
}

// Those who wait already get what a process leaves at its end.
func TestSpillWakesWaiting(t *testing.T) {
	inCell(t, t.Context())
	q := mp.NewQueue()
	const getters, each = 4, 1000
	got := make(chan int, getters*each)
	var group sync.WaitGroup
	for range getters {
		group.Go(func() {
			for range each {
				v, err := mp.Get[int](q)
				if err != nil {
					t.Error(err)
					return
				}
				got <- v
			}
		})
	}
	p := startProcess(t, func(q *mp.Queue) {
		for i := range getters * each {
			q.Put(i)
		}
	}, q)
	join(t, p)
	group.Wait()
	close(got)
	var all []int
	for v := range got {
		all = append(all, v)
	}
	slices.Sort(all)
	for i, v := range all {
		if i != v {
			t.Fatalf("item %d is missing, there is %d", i, v)
		}
	}
}

func TestNobodyReads(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	p := startProcess(t, func() {
		q := mp.NewQueue()
		for i := range 10_000 {
			if err := q.Put(i); err != nil {
				panic(err)
			}
		}
	})
	if code := join(t, p); code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
}

func TestQueueClose(t *testing.T) {
	q := mp.NewQueue()
	for i := range 5000 {
		noError(t, q.Put(i))
	}
	if err := q.JoinThread(); err == nil {
		t.Error("JoinThread of an open queue works")
	}
	waiting := make(chan error, 1)
	other := mp.NewQueue()
	go func() { _, err := other.Get(); waiting <- err }()
	noError(t, other.Close())
	if err := <-waiting; !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	noError(t, q.Close())
	noError(t, q.Close())
	noError(t, q.JoinThread())
	if err := q.Put(1); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	if _, err := q.Get(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

// What a process has put stays when it closes its queue.
func TestCloseKeepsItems(t *testing.T) {
	inCell(t, t.Context())
	q, answer := mp.NewQueue(), mp.NewQueue()
	p := startProcess(t, func(q, answer *mp.Queue) {
		sum := 0
		for range 3000 {
			v, err := mp.Get[int](q)
			if err != nil {
				panic(err)
			}
			sum += v
		}
		answer.Put(sum)
	}, q, answer)
	for i := range 3000 {
		noError(t, q.Put(i))
	}
	noError(t, q.Close())
	if v, err := mp.Get[int](answer); v != 3000*2999/2 || err != nil {
		t.Error(v, err)
	}
	join(t, p)
}

func TestPutErrorReachesTheCaller(t *testing.T) {
	q := mp.NewQueue(1)
	defer q.Close()
	err := q.Put(map[string]any{"a": []any{0, make(chan int)}})
	if !errors.Is(err, mp.ErrNotCopyable) || !strings.Contains(err.Error(), "the item[a][1] (chan int)") {
		t.Error(err)
	}
	if q.Len() != 0 || !q.Empty() {
		t.Error("the item is counted all the same")
	}
	noError(t, q.TryPut(1))
}

func TestJoinableQueue(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	q := mp.NewJoinableQueue()
	if err := q.TaskDone(); err == nil {
		t.Error("TaskDone without an item works")
	}
	noError(t, q.Join())
	p := startProcess(t, func(q *mp.JoinableQueue) {
		for {
			v, err := q.Get()
			if err != nil {
				panic(err)
			}
			if err := q.TaskDone(); err != nil {
				panic(err)
			}
			if v == nil {
				return
			}
		}
	}, q)
	for i := range 100 {
		noError(t, q.Put(i))
	}
	noError(t, q.Put(nil))
	noError(t, q.Join())
	if code := join(t, p); code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
	noError(t, q.Put(1))
	if err := q.JoinTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Error(err)
	}
	if _, err := q.Get(); err != nil {
		t.Error(err)
	}
	noError(t, q.TaskDone())
	noError(t, q.JoinTimeout(time.Hour))
	if err := q.TaskDone(); err == nil {
		t.Error("TaskDone may be called too often")
	}
}

func TestSimpleQueue(t *testing.T) {
	inCell(t, t.Context())
	q := mp.NewSimpleQueue()
	if !q.Empty() {
		t.Error("a new queue is not empty")
	}
	p := startProcess(t, func(q *mp.SimpleQueue) {
		for i := range 1000 {
			q.Put(i)
		}
	}, q)
	for i := range 1000 {
		if v, err := mp.Get[int](q); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
	join(t, p)
	if _, err := q.GetTimeout(time.Millisecond); !errors.Is(err, mp.ErrEmpty) {
		t.Error(err)
	}
	noError(t, q.Close())
	if err := q.Put(1); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

// A putter that is killed at any moment leaves whole items and a queue that works.
func TestKilledPutters(t *testing.T) {
	inCell(t, t.Context())
	q := mp.NewQueue(8)
	items := 0
	for i := range 20 {
		p := startProcess(t, func(q *mp.Queue) {
			for size := 1; ; size = size*3%(8<<20) + 1 {
				q.Put(bytes.Repeat([]byte{byte(size)}, size))
			}
		}, q)
		get := func() {
			v, err := mp.Get[[]byte](q)
			noError(t, err)
			if len(bytes.Trim(v, string(v[:1]))) > 0 || v[0] != byte(len(v)) {
				t.Fatalf("an item of %d bytes is torn", len(v))
			}
			items++
		}
		for range i % 7 {
			get()
		}
		time.Sleep(time.Duration(i*977%5000) * time.Microsecond) // any moment will do
		noError(t, p.Kill())
		join(t, p)
		for {
			v, err := q.GetTimeout(10 * time.Millisecond)
			if errors.Is(err, mp.ErrEmpty) {
				break
			}
			noError(t, err)
			b := v.([]byte)
			if len(bytes.Trim(b, string(b[:1]))) > 0 || b[0] != byte(len(b)) {
				t.Fatalf("an item of %d bytes is torn", len(b))
			}
			items++
		}
		// The killed putter's places are free again.
		for i := range 8 {
			if err := q.PutTimeout(i, generous); err != nil {
				t.Fatalf("after a kill, place %d: %v", i, err)
			}
		}
		for i := range 8 {
			if v, err := q.Get(); v != i || err != nil {
				t.Fatal(v, err)
			}
		}
	}
	t.Log(items, "whole items")
}

// The items in the buffer of a killed process are lost, and counted no more.
func TestKilledWithABuffer(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	q := mp.NewJoinableQueue(5000)
	p := startProcess(t, func(q *mp.JoinableQueue) {
		for i := range 5000 {
			q.Put(i)
		}
		fmt.Println("full")
		select {}
	}, q)
	out.line(t, 0)
	if n := q.Len(); n != 5000 || !q.Full() {
		t.Errorf("Len is %d before", n)
	}
	noError(t, p.Kill())
	join(t, p)
	n := q.Len()
	if n >= 5000 || n == 0 {
		t.Errorf("Len is %d after", n)
	}
	for i := range n {
		if v, err := q.TryGet(); v != i || err != nil {
			t.Fatal(v, err)
		}
		noError(t, q.TaskDone())
	}
	if !q.Empty() || q.Len() != 0 {
		t.Error(q.Empty(), q.Len())
	}
	noError(t, q.JoinTimeout(generous))
	noError(t, q.TryPut("again"))
}

// A process that is killed in Get does not keep the others from getting.
func TestKilledGetter(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	q := mp.NewQueue(2)
	p := startProcess(t, func(q *mp.Queue) {
		go func() {
			for !q.Empty() {
			}
			fmt.Println("getting")
		}()
		q.Get()
	}, q)
	out.line(t, 0)
	noError(t, p.Kill())
	join(t, p)
	for i := range 100 {
		noError(t, q.PutTimeout(i, generous))
		if v, err := q.GetTimeout(generous); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
}

func TestThousandDescriptorsThroughAQueue(t *testing.T) {
	_, _, errs := inCell(t, t.Context())
	q := mp.NewQueue()
	r, w := mp.NewOneWayPipe()
	const n = 1000
	p := startProcess(t, func(q *mp.Queue) {
		for i := range n {
			c, err := mp.Get[*mp.Conn](q)
			if err != nil {
				panic(err)
			}
			if err := c.Send(i); err != nil {
				panic(err)
			}
			c.Close()
		}
	}, q)
	for range n {
		noError(t, q.Put(w))
	}
	for i := range n {
		if v, err := r.Recv(); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
	if code := join(t, p); code != 0 {
		t.Errorf("code %d: %s", code, errs)
	}
}

func TestLargeItem(t *testing.T) {
	if testing.Short() {
		t.Skip("256 MiB: left out of short tests")
	}
	inCell(t, t.Context())
	q, answer := mp.NewQueue(), mp.NewQueue()
	p := startProcess(t, func(q, answer *mp.Queue) {
		v, err := mp.Get[[]byte](q)
		if err != nil {
			panic(err)
		}
		answer.Put([]int{len(v), int(v[0]), int(v[len(v)-1])})
	}, q, answer)
	large := make([]byte, 256<<20)
	large[0], large[len(large)-1] = 1, 2
	noError(t, q.Put(large))
	if v, err := mp.Get[[]int](answer); err != nil || !slices.Equal(v, []int{256 << 20, 1, 2}) {
		t.Error(v, err)
	}
	join(t, p)
}

func TestQueueThroughAQueue(t *testing.T) {
	inCell(t, t.Context())
	q, inner := mp.NewQueue(), mp.NewQueue(7)
	noError(t, q.Put(map[string]any{"queue": inner, "pid": os.Getpid()}))
	p := startProcess(t, func(q *mp.Queue) {
		v, err := mp.Get[map[string]any](q)
		if err != nil {
			panic(err)
		}
		v["queue"].(*mp.Queue).Put(v["pid"])
	}, q)
	if v, err := inner.Get(); v != os.Getpid() || err != nil {
		t.Error(v, err)
	}
	join(t, p)
}

func TestQueueLimits(t *testing.T) {
	if q := mp.NewQueue(1, 2); q.Err() == nil || q.Put(1) == nil {
		t.Error("two limits are taken")
	}
	if q := mp.NewQueue(-1); q.Err() != nil || q.Full() {
		t.Error("a negative limit is one")
	}
}
