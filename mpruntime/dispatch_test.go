//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func lengthOf(b []byte) int { return len(b) }

func lockAndAdd(l *mp.Lock) int {
	_ = l.Lock()
	defer func() { _ = l.Unlock() }()
	return 1
}

// stopWorker stops a worker of the pool until the test, or the function that it
// returns, lets it go on.
func stopWorker(t *testing.T, p *mp.Pool, i int) (goOn func()) {
	t.Helper()
	ready := p.Apply
	for range len(p.Workers()) { // all are ready then
		if _, err := ready(square, 1); err != nil {
			t.Fatal(err)
		}
	}
	pid := p.Workers()[i].PID()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goOn = func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
	t.Cleanup(goOn)
	return goOn
}

func TestStoppedWorkerHoldsUpNobody(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	both, err := mp.Map(p, func(int) int { time.Sleep(time.Millisecond); return 1 }, upTo(8))
	if err != nil || len(both) != 8 {
		t.Fatal(both, err)
	}
	goOn := stopWorker(t, p, 0)
	got := make(chan int, 4)
	go func() {
		big := make([]byte, 4<<20)
		for n, err := range mp.ImapUnordered(p, lengthOf, [][]byte{big, big[:3<<20]}) {
			if err != nil {
				n = -1
			}
			got <- n
		}
	}()
	var sizes []int
	for i := range 2 {
		select {
		case n := <-got:
			sizes = append(sizes, n)
		case <-time.After(generous):
			t.Fatalf("result %d did not come", i)
		}
		goOn()
	}
	if slices.Sort(sizes); !slices.Equal(sizes, []int{3 << 20, 4 << 20}) {
		t.Error(sizes)
	}
}

func TestEndedJobIsNotSentHalf(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 1})
	goOn := stopWorker(t, p, 0)
	first := p.ApplyAsync(lengthOf, make([]byte, 4<<20)) // fills the connection
	ended := errors.New("the cell has ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	inCell(t, ctx)
	lock := mp.NewLock()
	second := mp.MapAsync(p, lockAndAdd, slices.Repeat([]*mp.Lock{lock}, 16))
	cancel(ended)
	if _, err := second.Get(); !errors.Is(err, ended) {
		t.Errorf("the job of the cell that has ended: %v", err)
	}
	inCell(t, t.Context())
	goOn()
	if n, err := first.GetTimeout(generous); n != 4<<20 {
		t.Errorf("the job before: %v, %v", n, err)
	}
	if n, err := p.ApplyAsync(square, 3).GetTimeout(generous); n != 9 {
		t.Errorf("the job after: %v, %v", n, err)
	}
}

func TestImapRangedOverAgain(t *testing.T) {
	inCell(t, t.Context())
	for _, size := range []int{1, 3} {
		p := newPool(t, mp.PoolOptions{Workers: 2, ChunkSize: size})
		for name, imap := range map[string]func() func(func(any, error) bool){
			"Imap":          func() func(func(any, error) bool) { return p.Imap(square, upTo(7)) },
			"ImapUnordered": func() func(func(any, error) bool) { return p.ImapUnordered(square, upTo(7)) },
			"generic": func() func(func(any, error) bool) {
				all := mp.Imap(p, square, upTo(7))
				return func(yield func(any, error) bool) {
					all(func(n int, err error) bool { return yield(n, err) })
				}
			},
		} {
			results := imap()
			var got []int
			take := func(most int) {
				for v, err := range results {
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					got = append(got, v.(int))
					if most--; most == 0 {
						return
					}
				}
			}
			take(2)
			take(-1)
			take(-1)
			if slices.Sort(got); fmt.Sprint(got) != "[0 1 4 9 16 25 36]" {
				t.Errorf("%s, chunks of %d: %v", name, size, got)
			}
		}
	}
}

func unsigned(n uint64) uint64 { return n }

func TestArgumentsLoseNoSign(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 1})
	if v, err := p.Apply(unsigned, -1); err == nil {
		t.Errorf("-1 has become %v", v)
	}
	if v, err := p.Apply(unsigned, 1); err != nil || v != uint64(1) {
		t.Errorf("%v, %v", v, err)
	}
}
