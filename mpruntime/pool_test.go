//go:build unix

package mpruntime_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func square(n int) int { return n * n }

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// newPool makes a pool that ends with the test, and leaves nothing.
func newPool(t *testing.T, o mp.PoolOptions) *mp.Pool {
	t.Helper()
	p := mp.NewPoolWith(o)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		testHost.cell.Store(nil) // that of the test has ended
		endPool(t, p)
	})
	return p
}

func endPool(t *testing.T, p *mp.Pool) {
	t.Helper()
	if err := p.Terminate(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), generous)
	defer cancel()
	if err := p.JoinContext(ctx); err != nil {
		t.Errorf("joining the pool: %v", err)
	}
}

func TestPoolMap(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	for _, n := range []int{0, 1, 2, 7, 1000} {
		got, err := mp.Map(p, square, upTo(n))
		if err != nil || len(got) != n {
			t.Fatalf("%d items: %d results, %v", n, len(got), err)
		}
		for i, r := range got {
			if r != i*i {
				t.Fatalf("%d items: result %d is %d", n, i, r)
			}
		}
	}
	words, err := mp.Map(p, strings.ToUpper, []string{"uno", "dos"})
	if err != nil || !slices.Equal(words, []string{"UNO", "DOS"}) {
		t.Errorf("%q, %v", words, err)
	}
	anys, err := p.Map(square, []any{1, 2.0, int8(3)})
	if err != nil || fmt.Sprint(anys) != "[1 4 9]" {
		t.Errorf("%v, %v", anys, err)
	}
	if _, err := p.Map(square, []any{1, "dos"}); err == nil || !strings.Contains(err.Error(), "item 1") {
		t.Errorf("an item of another type: %v", err)
	}
	lists, err := p.StarMap(func(a int, b string) string { return strings.Repeat(b, a) }, [][]any{{2, "a"}, {3, "b"}})
	if err != nil || fmt.Sprint(lists) != "[aa bbb]" {
		t.Errorf("%v, %v", lists, err)
	}
	one, err := p.Apply(func(a, b int) (int, int) { return b, a }, 1, 2)
	if err != nil || fmt.Sprint(one) != "[2 1]" {
		t.Errorf("%v, %v", one, err)
	}
	none, err := p.Apply(func() {})
	if err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
	if _, err := p.Apply(square, 1, 2); err == nil {
		t.Error("two arguments for one parameter are accepted")
	}
	if _, err := p.Apply(7); err == nil {
		t.Error("a number is accepted as a function")
	}
}

func TestPoolImap(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	var got []int
	for r, err := range mp.Imap(p, square, upTo(20)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	for i, r := range got {
		if r != i*i {
			t.Fatalf("in order: %v", got)
		}
	}
	got = nil
	for r, err := range mp.ImapUnordered(p, square, upTo(20)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	slices.Sort(got)
	if len(got) != 20 || got[19] != 19*19 {
		t.Errorf("unordered: %v", got)
	}
	// A task that fails does not end the others.
	var texts []string
	for r, err := range p.Imap(failOdd, upTo(4)) {
		texts = append(texts, fmt.Sprint(r, err != nil))
	}
	if fmt.Sprint(texts) != "[0 false <nil> true 2 false <nil> true]" {
		t.Errorf("%q", texts)
	}
}

func failOdd(n int) (int, error) {
	if n%2 == 1 {
		return 0, fmt.Errorf("%d is odd: %w", n, io.EOF)
	}
	return n, nil
}

func TestPoolErrors(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	_, err := mp.MapErr(p, failOdd, upTo(10))
	var task *mp.TaskError
	if !errors.As(err, &task) || task.Index != 1 || !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "1 is odd") {
		t.Errorf("%v", err)
	}
	if !strings.HasPrefix(task.Process, "PoolWorker-") || task.PID == os.Getpid() || task.PID == 0 {
		t.Errorf("%q, pid %d", task.Process, task.PID)
	}
	_, err = mp.Map(p, func(n int) int { return []int{1, 2}[n] }, upTo(4))
	if !errors.As(err, &task) || task.Index != 2 || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(task.Traceback, "pool_test.go") {
		t.Errorf("%v", err)
	}
	if _, err = p.Apply(func() any { return make(chan int) }); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("a result that cannot be copied: %v", err)
	}
	if _, err = p.Apply(func(any) {}, make(chan int)); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("an argument that cannot be copied: %v", err)
	}
	if r, err := mp.Apply(p, square, 5); r != 25 || err != nil {
		t.Errorf("afterwards: %v, %v", r, err)
	}
}

func TestPoolCloseAndJoin(t *testing.T) {
	inCell(t, t.Context())
	p := mp.NewPool(2)
	if err := p.Join(); err == nil {
		t.Error("a pool that runs can be joined")
	}
	f := mp.MapAsync(p, func(n int) int { time.Sleep(time.Millisecond); return n }, upTo(20))
	workers := p.Workers()
	if len(workers) != 2 || !workers[0].Daemon {
		t.Errorf("workers: %v", workers)
	}
	p.Close()
	if _, err := mp.Map(p, square, upTo(3)); !errors.Is(err, mp.ErrClosed) {
		t.Errorf("a task after Close: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), generous)
	defer cancel()
	if err := p.JoinContext(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := f.Get(); err != nil || len(got) != 20 || !f.Ready() || !f.Successful() {
		t.Errorf("%v, %v", got, err)
	}
	for _, w := range workers {
		if code, ended := w.ExitCode(); !ended || code != 0 {
			t.Errorf("%s: code %d, ended %v", w.Name, code, ended)
		}
	}
}

func TestPoolTerminate(t *testing.T) {
	inCell(t, t.Context())
	p := mp.NewPool(2)
	f := mp.MapAsync(p, func(n int) int { time.Sleep(time.Hour); return n }, upTo(20))
	endPool(t, p)
	if _, err := f.Get(); !errors.Is(err, mp.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestPoolResults(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 1})
	r, w := mp.NewOneWayPipe()
	defer r.Close()
	defer w.Close()
	a := p.ApplyAsync(func(c *mp.Conn) (any, error) { return c.Recv() }, r)
	if a.Ready() || a.Successful() || a.Wait(time.Millisecond) {
		t.Error("it is ready before it can be")
	}
	if _, err := a.GetTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Errorf("%v", err)
	}
	got := make(chan any, 1)
	a.Then(func(v any, err error) { got <- fmt.Sprint(v, " ", err) })
	if err := w.Send("ya"); err != nil {
		t.Fatal(err)
	}
	if !a.Wait(generous) || !a.Ready() || !a.Successful() {
		t.Error("it does not become ready")
	}
	if v, err := a.Get(); v != "ya" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if v := <-got; v != "ya <nil>" {
		t.Errorf("Then: %v", v)
	}
}

func TestPoolOutput(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2})
	if _, err := mp.Map(p, func(n int) int { fmt.Println("task", n); return n }, upTo(10)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "task"); n != 10 {
		t.Errorf("%d lines are there when Map returns: %q", n, out)
	}
	_, second, _ := inCell(t, t.Context())
	if _, err := mp.Apply(p, func(n int) int { fmt.Print("later"); return n }, 1); err != nil {
		t.Fatal(err)
	}
	if second.String() != "later" || strings.Contains(out.String(), "later") {
		t.Errorf("the second cell got %q", second)
	}
}

func initialize(greeting string) { fmt.Println(greeting, mp.CurrentProcess().Name) }

func TestPoolInitializer(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2, Initializer: initialize, InitArgs: []any{"hola"}})
	out.line(t, 1)
	if n := strings.Count(out.String(), "hola PoolWorker-"); n != 2 {
		t.Errorf("%q", out)
	}
	if _, err := mp.Apply(p, square, 1); err != nil {
		t.Error(err)
	}
	if err := mp.NewPoolWith(mp.PoolOptions{Initializer: initialize}).Err(); err == nil {
		t.Error("an initializer without its argument is accepted")
	}
}

func TestPoolInitializerFails(t *testing.T) {
	inCell(t, t.Context())
	p := mp.NewPoolWith(mp.PoolOptions{Workers: 2, Initializer: func() error { return io.ErrUnexpectedEOF }})
	_, err := mp.Map(p, square, upTo(10))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "initializer") {
		t.Errorf("%v", err)
	}
	endPool(t, p)
	if n := len(mp.ActiveChildren()); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

func TestPoolMaxTasks(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2, MaxTasksPerChild: 2, ChunkSize: 1})
	pids, err := mp.Map(p, func(int) int { return os.Getpid() }, upTo(10))
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for _, pid := range pids {
		count[pid]++
	}
	for pid, n := range count {
		if n > 2 {
			t.Errorf("process %d ran %d tasks", pid, n)
		}
	}
}

func TestPoolWorkerKilled(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2, ChunkSize: 1})
	_, err := mp.Map(p, func(n int) int {
		if n == 3 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		return n
	}, upTo(6))
	var died *mp.WorkerDiedError
	if !errors.Is(err, mp.ErrWorkerDied) || !errors.As(err, &died) || died.ExitCode != -9 || died.First != 3 || died.Last != 3 || died.PID == 0 {
		t.Errorf("%v", err)
	}
	if _, err := p.Apply(func() { os.Exit(7) }); !errors.As(err, &died) || died.ExitCode != 7 {
		t.Errorf("%v", err)
	}
	for range 3 {
		if got, err := mp.Map(p, square, upTo(100)); err != nil || got[99] != 99*99 {
			t.Fatalf("afterwards: %v", err)
		}
	}
}

// Whenever a worker is killed, the Map ends with its results or with the error
// that says so, and the pool goes on.
func TestPoolWorkersKilledAtAnyMoment(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 3, ChunkSize: 2})
	for i := range 20 {
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			workers := p.Workers()
			if len(workers) > 0 {
				time.Sleep(time.Duration(i*i) * 50 * time.Microsecond) // at another moment each time
				workers[i%len(workers)].Kill()
			}
		}()
		f := mp.MapAsync(p, square, upTo(2000))
		if !f.Wait(generous) {
			t.Fatal("the Map hangs")
		}
		got, err := f.Get()
		if err != nil && !errors.Is(err, mp.ErrWorkerDied) || err == nil && got[1999] != 1999*1999 {
			t.Fatalf("round %d: %v", i, err)
		}
		<-killed
	}
	if got, err := mp.Map(p, square, upTo(100)); err != nil || got[99] != 99*99 {
		// The worker that was killed last may have been given a chunk of it.
		if got, err = mp.Map(p, square, upTo(100)); err != nil || got[99] != 99*99 {
			t.Errorf("afterwards: %v", err)
		}
	}
}

// Workers end with the process that made the pool.
func TestPoolOfAKilledProcess(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := mp.NewProcess(func() {
		pool := mp.NewPool(2)
		pids, _ := mp.Map(pool, func(int) int { time.Sleep(10 * time.Millisecond); return os.Getpid() }, upTo(8))
		slices.Sort(pids)
		fmt.Println(pids[0], pids[7])
		mp.Map(pool, func(int) int { time.Sleep(time.Hour); return 0 }, upTo(8))
	})
	must(t, p.Start())
	var a, b int
	fmt.Sscan(out.line(t, 0), &a, &b)
	must(t, p.Kill())
	join(t, p)
	awaitGone(t, a)
	awaitGone(t, b)
}

// Tasks that wait for each other run although a worker has been given both.
func TestPoolTasksThatWait(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 2, ChunkSize: 1})
	r, w := mp.NewOneWayPipe()
	defer r.Close()
	defer w.Close()
	first := p.ApplyAsync(func(c *mp.Conn) (any, error) { return c.Recv() }, r)
	f := mp.MapAsync(p, square, upTo(200))
	last := p.ApplyAsync(func(c *mp.Conn) error { return c.Send(1) }, w)
	for _, a := range []*mp.AsyncResult{first, last} {
		if _, err := a.GetTimeout(generous); err != nil {
			t.Error(err)
		}
	}
	if _, err := f.Get(); err != nil {
		t.Error(err)
	}
}

func TestPoolInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	_, out, _ := inCell(t, ctx)
	p := newPool(t, mp.PoolOptions{Workers: 2})
	why := errors.New("interrupted")
	go func() {
		out.line(t, 1) // both workers
		cancel(why)
	}()
	_, err := mp.Map(p, func(n int) int { fmt.Println("begun"); time.Sleep(time.Hour); return n }, upTo(4))
	if !errors.Is(err, why) {
		t.Errorf("%v", err)
	}
	inCell(t, t.Context())
	if got, err := mp.Map(p, square, upTo(10)); err != nil || got[9] != 81 {
		t.Errorf("the next cell: %v", err)
	}
}

func TestPoolOfNoHelp(t *testing.T) {
	inCell(t, t.Context())
	for _, p := range []*mp.Pool{mp.NewPool(0), mp.NewPool(1, 2), {}, nil} {
		if _, err := mp.Map(p, square, upTo(3)); err == nil {
			t.Error("a pool that was not made works")
		}
		if err := p.Close(); p == nil && err == nil {
			t.Error("nil can be closed")
		}
	}
	p := newPool(t, mp.PoolOptions{Workers: 1})
	if _, err := mp.Map(p, func(*mp.Pool) int { return 1 }, []*mp.Pool{p}); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("a pool as an item: %v", err)
	}
	var f func(int) int
	if _, err := mp.Map(p, f, upTo(3)); err == nil {
		t.Error("a nil function works")
	}
}

func BenchmarkPoolMap(b *testing.B) {
	p := mp.NewPool(2)
	defer p.Terminate()
	items := upTo(100_000)
	for b.Loop() {
		if _, err := mp.Map(p, square, items); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoolMapChunksOfOne(b *testing.B) {
	p := mp.NewPoolWith(mp.PoolOptions{Workers: 2, ChunkSize: 1})
	defer p.Terminate()
	items := upTo(2000)
	for b.Loop() {
		if _, err := mp.Map(p, square, items); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoolApply(b *testing.B) {
	p := mp.NewPool(2)
	defer p.Terminate()
	for b.Loop() {
		if _, err := mp.Apply(p, square, 3); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoolStart(b *testing.B) {
	for b.Loop() {
		p := mp.NewPool(2)
		if _, err := mp.Apply(p, square, 3); err != nil {
			b.Fatal(err)
		}
		p.Close()
		p.Join()
	}
}

// Pools, managers and listeners leave no descriptor and no process.
func TestServicesLeaveNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the descriptors of a process are counted in /proc")
	}
	inCell(t, t.Context())
	once := func() {
		p := mp.NewPool(2)
		_, err := mp.Map(p, square, upTo(10))
		must(t, err, p.Close(), p.Join())
		m := mp.NewManager()
		must(t, m.List().Append(1))
		q := mp.NewProcess(func(l *mp.ListProxy) { l.Append(1) }, m.List())
		must(t, q.Start())
		join(t, q)
		must(t, q.Close(), m.Shutdown())
		l := listen(t, "tcp", "127.0.0.1:0", nil)
		a, b := connect(t, l, "tcp", nil)
		must(t, a.Send(1), b.Close(), a.Close(), l.Close())
	}
	once()
	before := descriptors(t)
	for range 5 {
		once()
	}
	for limit := time.Now().Add(generous); descriptors(t) > before+4; time.Sleep(time.Millisecond) { // the stock of helpers varies
		runtime.GC()
		if time.Now().After(limit) {
			t.Fatalf("%d descriptors were open, %d are", before, descriptors(t))
		}
	}
	if left := mp.ActiveChildren(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(list)
}

func TestPoolOfADaemon(t *testing.T) {
	_, out, _ := inCell(t, t.Context())
	p := mp.NewProcess(func() {
		fmt.Println(errors.Is(mp.NewPool(1).Err(), mp.ErrDaemonChild), errors.Is(mp.NewManager().Err(), mp.ErrDaemonChild))
	})
	p.Daemon = true
	must(t, p.Start())
	join(t, p)
	if out.line(t, 0) != "true true" {
		t.Errorf("%q", out)
	}
}

// closeDescriptors leaves a task nothing but its own output.
func closeDescriptors(int) int {
	for fd := 3; fd < 200; fd++ {
		syscall.Close(fd)
	}
	return 1
}

func TestPoolTaskThatClosesDescriptors(t *testing.T) {
	inCell(t, t.Context())
	p := newPool(t, mp.PoolOptions{Workers: 1})
	_, err := mp.Map(p, closeDescriptors, []int{1})
	if !errors.Is(err, mp.ErrWorkerDied) || !strings.Contains(err.Error(), "closed its connection and ended with exit code 0") {
		t.Error(err)
	}
	if got, err := mp.Map(p, square, upTo(3)); fmt.Sprint(got, err) != "[0 1 4] <nil>" {
		t.Errorf("then: %v, %v", got, err)
	}
}
