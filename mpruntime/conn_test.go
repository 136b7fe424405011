//go:build unix

package mpruntime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

type pixel struct{ x, y int }

// startProcess starts a function without captures in another process.
func startProcess(t testing.TB, target any, args ...any) *mp.Process {
	t.Helper()
	p := mp.NewProcess(target, args...)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPipeValues(t *testing.T) {
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	for _, v := range []any{
		42, int64(1) << 60, "hola", nil, 2.5, true, []byte("bytes"), []int{1, 2, 3}, []any{42, nil, "hello"},
		map[string]int{"a": 1}, pixel{1, 2}, &pixel{3, 4}, time.Second, io.EOF,
		strings.Repeat("x", 1<<20), bytes.Repeat([]byte("y"), 3<<20), make([]float64, 1000),
	} {
		noError(t, a.Send(v))
		got, err := b.Recv()
		noError(t, err)
		if !reflect.DeepEqual(got, v) {
			t.Errorf("%T %.40v arrived as %T %.40v", v, v, got, got)
		}
	}
}

func TestPipeEcho(t *testing.T) {
	inCell(t, t.Context())
	a, b := mp.NewPipe()
	p := startProcess(t, func(c *mp.Conn) {
		for {
			v, err := c.Recv()
			if err == io.EOF {
				return
			}
			if err != nil || c.Send(v) != nil {
				os.Exit(3)
			}
		}
	}, b)
	noError(t, b.Close())
	for _, v := range []any{1, "dos", pixel{3, 4}, make([]byte, 500_000)} {
		noError(t, a.Send(v))
		got, err := a.Recv()
		noError(t, err)
		if !reflect.DeepEqual(got, v) {
			t.Errorf("%.40v came back as %.40v", v, got)
		}
	}
	noError(t, a.Close())
	if code := join(t, p); code != 0 {
		t.Errorf("code %d", code)
	}
}

func TestOneWayPipe(t *testing.T) {
	r, w := mp.NewOneWayPipe()
	if err := r.Send(1); err == nil || !strings.Contains(err.Error(), "only receives") {
		t.Error(err)
	}
	if _, err := w.Recv(); err == nil || !strings.Contains(err.Error(), "only sends") {
		t.Error(err)
	}
	noError(t, w.Send("uno"))
	noError(t, w.Close())
	if v, err := mp.Recv[string](r); v != "uno" || err != nil {
		t.Error(v, err)
	}
	if _, err := r.Recv(); err != io.EOF {
		t.Error(err)
	}
	if !r.Poll(0) || !r.Poll(-1) {
		t.Error("Poll is false at the end")
	}
	if err := w.Send(2); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
	noError(t, w.Close())
	noError(t, r.Close())
	if _, err := r.Recv(); !errors.Is(err, mp.ErrClosed) {
		t.Error(err)
	}
}

func TestBrokenPipe(t *testing.T) {
	inCell(t, t.Context())
	r, w := mp.NewOneWayPipe()
	noError(t, r.Close())
	if err := w.Send(1); !errors.Is(err, mp.ErrBrokenPipe) {
		t.Error(err)
	}
	// A child that ends closes its copy.
	a, b := mp.NewPipe()
	p := startProcess(t, func(c *mp.Conn) {}, b)
	noError(t, b.Close())
	join(t, p)
	if _, err := a.Recv(); err != io.EOF {
		t.Error(err)
	}
	if err := a.Send(1); !errors.Is(err, mp.ErrBrokenPipe) {
		t.Error(err)
	}
}

func TestRecvInto(t *testing.T) {
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	var (
		i   int
		f   float64
		u8  uint8
		s   string
		box any
		p   pixel
		err error
		fn  func()
	)
	good := []struct {
		send any
		into any
		want any
	}{
		{7, &i, 7}, {7, &f, 7.0}, {2.0, &i, 2}, {255, &u8, uint8(255)}, {"x", &s, "x"}, {pixel{1, 2}, &p, pixel{1, 2}},
		{[]int{1}, &box, []int{1}}, {nil, &box, nil}, {io.EOF, &err, io.EOF},
	}
	for _, test := range good {
		noError(t, a.Send(test.send))
		if err := b.RecvInto(test.into); err != nil {
			t.Errorf("%v into %T: %v", test.send, test.into, err)
		} else if got := reflect.ValueOf(test.into).Elem().Interface(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%v into %T is %v", test.send, test.into, got)
		}
	}
	bad := []struct {
		send any
		into any
		says []string
	}{
		{256, &u8, []string{"int", "256", "uint8"}}, {-1, &u8, []string{"int", "-1", "uint8"}}, {2.5, &i, []string{"float64", "2.5", "int"}},
		{1e300, &i, []string{"float64", "int"}}, {1<<53 + 1, &f, []string{"int", "float64"}}, {"x", &i, []string{"string", "int"}},
		{65, &s, []string{"int", "string"}}, {nil, &i, []string{"nil", "int"}}, {pixel{}, &s, []string{"pixel", "string"}},
		{1, i, []string{"pointer"}}, {1, nil, []string{"pointer"}}, {1, &fn, []string{"int", "func()"}},
	}
	for _, test := range bad {
		noError(t, a.Send(test.send))
		err := b.RecvInto(test.into)
		for _, word := range test.says {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%v into %T: %v does not say %q", test.send, test.into, err, word)
			}
		}
	}
	if b.Poll(0) {
		t.Error("something is left over")
	}
}

func TestBytes(t *testing.T) {
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	for _, size := range []int{0, 1, 1000, 128 << 10, 5 << 20} {
		data := bytes.Repeat([]byte{7}, size)
		noError(t, a.SendBytes(data))
		got, err := b.RecvBytes()
		noError(t, err)
		if !bytes.Equal(got, data) {
			t.Errorf("%d bytes arrived as %d", size, len(got))
		}
	}
	buf := make([]byte, 4)
	noError(t, a.SendBytes([]byte("abc")))
	if n, err := b.RecvBytesInto(buf); n != 3 || err != nil || string(buf[:n]) != "abc" {
		t.Error(n, err)
	}
	noError(t, a.SendBytes([]byte("abcde")))
	var short *mp.BufferTooShortError
	if _, err := b.RecvBytesInto(buf); !errors.As(err, &short) || string(short.Data) != "abcde" {
		t.Error(err)
	}
	noError(t, a.SendBytes([]byte("bytes")))
	if v, err := b.Recv(); err != nil || string(v.([]byte)) != "bytes" {
		t.Error(v, err)
	}
	noError(t, a.Send("text"))
	if v, err := b.RecvBytes(); err != nil || string(v) != "text" {
		t.Error(v, err)
	}
	noError(t, a.Send(1))
	if _, err := b.RecvBytes(); err == nil || !strings.Contains(err.Error(), "int") {
		t.Error(err)
	}
}

func TestConnThroughConn(t *testing.T) {
	inCell(t, t.Context())
	a, b := mp.NewPipe()
	p := startProcess(t, func(c *mp.Conn) {
		other, err := mp.Recv[*mp.Conn](c)
		if err != nil {
			panic(err)
		}
		if err := other.Send("through the second"); err != nil {
			panic(err)
		}
	}, b)
	r, w := mp.NewOneWayPipe()
	noError(t, a.Send(w))
	noError(t, w.Close())
	if v, err := mp.Recv[string](r); v != "through the second" || err != nil {
		t.Error(v, err)
	}
	join(t, p)
	if _, err := r.Recv(); err != io.EOF {
		t.Errorf("after the end of the only sender: %v", err)
	}
}

func TestManyDescriptorsInOneMessage(t *testing.T) {
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	// CPython's test_large_fd_transfer: descriptors above 256, and here as many.
	var ends []*mp.Conn
	r, w := mp.NewOneWayPipe()
	for range 300 {
		ends = append(ends, w)
	}
	other := make([]*mp.Conn, 300)
	for i := range other {
		x, y := mp.NewOneWayPipe()
		defer x.Close()
		other[i] = y
	}
	noError(t, a.Send(append(ends, other...)))
	got, err := mp.Recv[[]*mp.Conn](b)
	noError(t, err)
	if len(got) != 600 || got[0] != got[299] || got[300] == got[301] {
		t.Fatalf("%d ends arrived, or sharing is lost", len(got))
	}
	noError(t, got[0].Send(1))
	if v, err := mp.Recv[int](r); v != 1 || err != nil {
		t.Error(v, err)
	}
	for i := range other {
		other[i].Close()
		got[300+i].Close()
	}
}

func TestOSPipe(t *testing.T) {
	inCell(t, t.Context())
	r, w, err := mp.OSPipe()
	noError(t, err)
	defer r.Close()
	p := startProcess(t, func(w *os.File) {
		fmt.Fprintln(w, "from the child")
		w.Close()
	}, w)
	noError(t, w.Close())
	text, err := io.ReadAll(r)
	if string(text) != "from the child\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	join(t, p)
}

func TestSendRefuses(t *testing.T) {
	a, b := mp.NewPipe()
	defer a.Close()
	defer b.Close()
	var refusal *mp.NotCopyableError
	err := a.Send([]any{1, make(chan int)})
	if !errors.As(err, &refusal) || !errors.Is(err, mp.ErrNotCopyable) || !strings.Contains(err.Error(), "the value sent[1] (chan int)") {
		t.Error(err)
	}
	if b.Poll(0) {
		t.Error("something was sent")
	}
}

func TestZeroConn(t *testing.T) {
	for _, c := range []*mp.Conn{nil, {}} {
		if c.Send(1) == nil || c.Close() == nil || c.Err() == nil {
			t.Error("a Conn that nobody made works")
		}
		if _, err := c.Recv(); err == nil {
			t.Error("a Conn that nobody made receives")
		}
	}
}

// TestInterruptedCalls interrupts the cell in each blocking call.
func TestInterruptedCalls(t *testing.T) {
	cause := errors.New("the interrupt")
	a, b := mp.NewPipe()
	full := mp.NewQueue(1)
	noError(t, full.Put(1))
	empty := mp.NewQueue()
	joinable := mp.NewJoinableQueue()
	noError(t, joinable.Put(1))
	simple := mp.NewSimpleQueue()
	var into int
	calls := map[string]func() error{
		"Recv":     func() error { _, err := b.Recv(); return err },
		"RecvInto": func() error { return b.RecvInto(&into) },
		"RecvContext": func() error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			_, err := b.RecvContext(ctx)
			return err
		},
		"RecvTimeout": func() error { _, err := b.RecvTimeout(time.Hour); return err },
		"RecvBytes":   func() error { _, err := b.RecvBytes(); return err },
		"Send": func() error {
			for {
				if err := a.Send("x"); err != nil {
					return err
				}
			}
		},
		"Put":            func() error { return full.Put(2) },
		"PutTimeout":     func() error { return full.PutTimeout(2, time.Hour) },
		"PutContext":     func() error { return full.PutContext(context.Background(), 2) },
		"Get":            func() error { _, err := empty.Get(); return err },
		"GetInto":        func() error { return empty.GetInto(&into) },
		"GetTimeout":     func() error { _, err := empty.GetTimeout(time.Hour); return err },
		"GetContext":     func() error { _, err := empty.GetContext(context.Background()); return err },
		"SimpleQueueGet": func() error { _, err := simple.Get(); return err },
		"Join":           joinable.Join,
		"JoinTimeout":    func() error { return joinable.JoinTimeout(time.Hour) },
		"WaitContext":    func() error { _, err := mp.WaitContext(context.Background(), b, empty); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancelCause(context.Background())
			inCell(t, ctx)
			ended := make(chan error, 1)
			go func() { ended <- call() }()
			time.AfterFunc(5*time.Millisecond, func() { interrupt(cause) })
			select {
			case err := <-ended:
				if !errors.Is(err, cause) {
					t.Error(err)
				}
			case <-time.After(generous):
				t.Fatal("the call goes on")
			}
			for b.Poll(0) { // what Send has sent
				if _, err := b.Recv(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	// All objects are as before.
	noError(t, a.Send(5))
	if v, err := b.Recv(); v != 5 || err != nil {
		t.Error(v, err)
	}
	if v, err := full.Get(); v != 1 || err != nil || full.Len() != 0 {
		t.Error(v, err, full.Len())
	}
	noError(t, empty.Put(6))
	if v, err := empty.Get(); v != 6 || err != nil {
		t.Error(v, err)
	}
	interruptedPolls(t, b)
}

func interruptedPolls(t *testing.T, b *mp.Conn) {
	t.Helper()
	ctx, interrupt := context.WithCancelCause(context.Background())
	inCell(t, ctx)
	time.AfterFunc(5*time.Millisecond, func() { interrupt(errors.New("the interrupt")) })
	if b.Poll(-1) {
		t.Error("an interrupted Poll is true")
	}
	if ready := mp.Wait(-1, b); len(ready) > 0 {
		t.Error("an interrupted Wait returns objects")
	}
}

func TestTimeouts(t *testing.T) {
	a, b := mp.NewPipe()
	if _, err := b.RecvTimeout(time.Millisecond); !errors.Is(err, mp.ErrTimeout) {
		t.Error(err)
	}
	if b.Poll(time.Millisecond) {
		t.Error("Poll is true")
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), time.Millisecond, io.ErrNoProgress)
	defer cancel()
	if _, err := b.RecvContext(ctx); err != io.ErrNoProgress {
		t.Error(err)
	}
	noError(t, a.Send(1))
	if v, err := b.RecvTimeout(time.Hour); v != 1 || err != nil {
		t.Error(v, err)
	}
}

func TestForgottenPipesAreClosed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are counted in /proc")
	}
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		noError(t, err)
		return len(entries)
	}
	before := count()
	for range 200 {
		a, b := mp.NewPipe()
		noError(t, a.Send(b))
		q := mp.NewQueue()
		noError(t, q.Put(1))
	}
	for limit := time.Now().Add(generous); count() > before+20; time.Sleep(time.Millisecond) {
		runtime.GC()
		if time.Now().After(limit) {
			t.Fatalf("%d descriptors are open, %d were", count(), before)
		}
	}
}
