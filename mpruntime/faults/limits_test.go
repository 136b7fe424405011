//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func putMany(q *mp.Queue, n int) {
	for i := range n {
		must(q.Put(fmt.Sprintf("item %d %080d", i, i)))
	}
}

// putUnread is a program that ends with items that nobody has read.
func putUnread() error {
	q := mp.NewQueue()
	for i := range 10_000 {
		if err := q.Put(fmt.Sprintf("item %d %080d", i, i)); err != nil {
			return err
		}
	}
	p := mp.NewProcess(putMany, q, 10_000)
	return errors.Join(p.Start(), p.Join())
}

func TestFaultNobodyReads(t *testing.T) {
	leavesNothing(t)
	runProgram(t, program(t, "unread"))

	q := mp.NewQueue()
	p := start(t, putMany, q, 10_000)
	if code := join(t, p); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := q.Len(); n != 10_000 {
		t.Errorf("%d items", n)
	}
	for i := range 10_000 {
		want := fmt.Sprintf("item %d %080d", i, i)
		if v, err := q.GetTimeout(limit); v != want {
			t.Fatalf("item %d is %v, %v", i, v, err)
		}
	}
	ok(t, q.Close())
}

// putIntoFull tells what it gets from a queue that is full.
func putIntoFull(q *mp.Queue, tells *mp.Conn) {
	must(tells.Send(errors.Is(q.TryPut(1), mp.ErrFull)))
	must(tells.Send(errors.Is(q.PutTimeout(1, 20*time.Millisecond), mp.ErrFull)))
	must(q.Put("from the child")) // waits for room
	must(tells.Send(true))
}

func TestFaultFullQueue(t *testing.T) {
	for name, q := range map[string]*mp.Queue{"Queue": mp.NewQueue(2), "large": mp.NewQueue(2000)} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			n := 0
			for ; q.TryPut(n) == nil; n++ {
			}
			is(t, "TryPut", q.TryPut(n), mp.ErrFull)
			is(t, "PutTimeout", q.PutTimeout(n, time.Millisecond), mp.ErrFull)
			if !q.Full() || q.Len() != n {
				t.Errorf("full %v, %d items of %d", q.Full(), q.Len(), n)
			}
			p, hears := startTelling(t, putIntoFull, q)
			defer hears.Close()
			for range 2 {
				if receive(t, hears) != true {
					t.Error("the child finds room")
				}
			}
			for i := range n {
				if v, err := q.GetTimeout(limit); v != i {
					t.Fatalf("got %v, %v, want %d", v, err, i)
				}
			}
			if v, err := q.GetTimeout(limit); v != "from the child" {
				t.Errorf("got %v, %v", v, err)
			}
			if code := join(t, p); code != 0 {
				t.Errorf("exit code %d", code)
			}
			_, err := q.TryGet()
			is(t, "TryGet", err, mp.ErrEmpty)
		})
	}
}
