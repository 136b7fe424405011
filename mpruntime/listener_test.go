//go:build unix

package mpruntime_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

func listen(t *testing.T, network, address string, key []byte) *mp.Listener {
	t.Helper()
	l, err := mp.Listen(network, address, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func connect(t *testing.T, l *mp.Listener, network string, key []byte) (ours, theirs *mp.Conn) {
	t.Helper()
	ours, err := mp.Dial(network, l.Addr(), key)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func TestListenAndDial(t *testing.T) {
	inCell(t, t.Context())
	key := []byte("secreto")
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		l := listen(t, network, address, key)
		a, b := connect(t, l, network, key)
		if b.Poll(0) {
			t.Error("there is a message before one is sent")
		}
		big := bytes.Repeat([]byte("x"), 3<<20)
		go func() {
			a.Send(map[string]any{"a": []int{1, 2}})
			a.SendBytes(big)
			a.Close()
		}()
		if !b.Poll(generous) || len(mp.Wait(generous, b)) != 1 {
			t.Error("no message comes")
		}
		if v, err := b.Recv(); err != nil || len(v.(map[string]any)["a"].([]int)) != 2 {
			t.Errorf("%v, %v", v, err)
		}
		if v, err := b.RecvBytes(); err != nil || !bytes.Equal(v, big) {
			t.Errorf("%d bytes, %v", len(v), err)
		}
		for range 2 {
			if _, err := b.Recv(); err != io.EOF {
				t.Errorf("after the end: %v", err)
			}
		}
		l.Close()
		if _, err := l.Accept(); !errors.Is(err, mp.ErrClosed) {
			t.Errorf("accepting after Close: %v", err)
		}
		if _, err := mp.Dial(network, l.Addr(), key); err == nil {
			t.Error("a closed listener is there")
		}
	}
	if _, err := mp.Listen("udp", "127.0.0.1:0", key); err == nil {
		t.Error("udp is accepted")
	}
}

func TestKeysThatDiffer(t *testing.T) {
	inCell(t, t.Context())
	for _, keys := range [][2][]byte{{[]byte("uno"), []byte("dos")}, {[]byte("uno"), nil}, {nil, []byte("dos")}} {
		l := listen(t, "tcp", "127.0.0.1:0", keys[0])
		if _, err := mp.Dial("tcp", l.Addr(), keys[1]); !errors.Is(err, mp.ErrAuth) {
			t.Errorf("dialling: %v", err)
		}
		if _, err := l.Accept(); !errors.Is(err, mp.ErrAuth) {
			t.Errorf("accepting: %v", err)
		}
		connect(t, l, "tcp", keys[0]) // it goes on
	}
}

// Nobody gets further than the handshake by sending back what was sent, or by
// sending anything else.
func TestHostileCallers(t *testing.T) {
	inCell(t, t.Context())
	l := listen(t, "tcp", "127.0.0.1:0", []byte("secreto"))
	for name, reply := range map[string]func(hello []byte) []byte{
		"echo": func(hello []byte) []byte { return append(hello, hello...) },
		"http": func([]byte) []byte {
			return []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 200))
		},
		"nothing": func([]byte) []byte { return nil },
	} {
		raw, err := net.Dial("tcp", l.Addr())
		if err != nil {
			t.Fatal(err)
		}
		hello := make([]byte, 46)
		if _, err := io.ReadFull(raw, hello); err != nil {
			t.Fatal(err)
		}
		raw.Write(reply(hello))
		if name == "nothing" {
			raw.Close()
		}
		if _, err := l.Accept(); err == nil {
			t.Errorf("%s: the caller is accepted", name)
		}
		raw.Close()
	}
	// A length that nothing follows takes no memory and is no message.
	a, b := net.Pipe()
	go func() {
		a.Write([]byte{0x3f, 0xff, 0xff, 0xff, 0, 1, 2, 3})
		a.Close()
	}()
	if _, err := mp.StreamConn(b).Recv(); err != io.EOF {
		t.Errorf("half a message: %v", err)
	}
}

func TestHandlesStayOnTheirMachine(t *testing.T) {
	inCell(t, t.Context())
	l := listen(t, "tcp", "127.0.0.1:0", nil)
	a, b := connect(t, l, "tcp", nil)
	r, w := mp.NewPipe()
	defer r.Close()
	defer w.Close()
	if err := a.Send([]any{1, r}); !errors.Is(err, mp.ErrNotCopyable) || !strings.Contains(err.Error(), "one machine") {
		t.Errorf("a pipe: %v", err)
	}
	if err := a.Send(1); err != nil {
		t.Error(err)
	}
	if v, err := b.Recv(); v != 1 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if err := a.Send(strings.ToUpper); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("a function: %v", err)
	}
	// A connection itself can be passed on as long as nothing was received.
	if err := w.Send(b); !errors.Is(err, mp.ErrNotCopyable) {
		t.Errorf("a connection that was received from: %v", err)
	}
	must(t, w.Send(a))
	v, err := r.Recv()
	must(t, err, a.Close(), v.(*mp.Conn).Send("otra vez"))
	if v, err := b.Recv(); v != "otra vez" || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func TestWaitsOfConnectionsEnd(t *testing.T) {
	why := errors.New("interrupted")
	l := listen(t, "tcp", "127.0.0.1:0", nil)
	a, b := connect(t, l, "tcp", nil)
	for _, wait := range []func() error{
		func() error { _, err := l.Accept(); return err },
		func() error { _, err := b.Recv(); return err },
		func() error {
			for {
				if err := a.SendBytes(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
		},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		inCell(t, ctx)
		time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
		if err := wait(); !errors.Is(err, why) {
			t.Error(err)
		}
		inCell(t, context.Background())
	}
	if _, err := b.RecvTimeout(time.Millisecond); err != nil && !errors.Is(err, mp.ErrTimeout) {
		t.Errorf("RecvTimeout: %v", err)
	}
}

func TestListenerInAChild(t *testing.T) {
	inCell(t, t.Context())
	l := listen(t, "tcp", "127.0.0.1:0", []byte("k"))
	p := mp.NewProcess(func(address string) {
		c, err := mp.Dial("tcp", address, []byte("k"))
		if err != nil {
			panic(err)
		}
		v, _ := c.Recv()
		c.Send(v.(int) + 1)
	}, l.Addr())
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if len(mp.Wait(generous, l)) != 1 {
		t.Error("nobody calls")
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Send(41)
	if v, err := c.Recv(); v != 42 || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	join(t, p)
}

func TestSendsWhoseContextsEndWithThem(t *testing.T) {
	inCell(t, t.Context())
	l := listen(t, "tcp", "127.0.0.1:0", nil)
	a, b := connect(t, l, "tcp", nil)
	got := make(chan int)
	go func() {
		n := 0
		for {
			if _, err := b.Recv(); err != nil {
				got <- n
				return
			}
			n++
		}
	}()
	sent := 0
	for range 5000 {
		ctx, cancel := context.WithCancel(context.Background())
		go cancel() // about when the message has been written
		switch err := a.SendContext(ctx, 1); {
		case err == nil:
			sent++
		case !errors.Is(err, context.Canceled):
			t.Fatalf("after %d messages: %v", sent, err)
		}
		cancel()
	}
	if err := a.Send(2); err != nil && !errors.Is(err, mp.ErrBrokenPipe) {
		t.Errorf("without a limit: %v", err)
	} else if err == nil {
		sent++
	}
	a.Close()
	if n := <-got; n < sent {
		t.Errorf("%d messages have arrived of %d", n, sent)
	}
}

func TestHalfAMessageIsTheLast(t *testing.T) {
	inCell(t, t.Context())
	l := listen(t, "tcp", "127.0.0.1:0", nil)
	a, _ := connect(t, l, "tcp", nil)
	big := make([]byte, 16<<20)
	for limit := 50 * time.Millisecond; limit < generous; limit *= 2 {
		ctx, cancel := context.WithTimeoutCause(t.Context(), limit, mp.ErrTimeout)
		defer cancel()
		if err := a.SendContext(ctx, big); !errors.Is(err, mp.ErrTimeout) {
			t.Fatalf("nobody receives: %v", err)
		}
		if a.Send(1) == nil {
			continue // it had not begun
		}
		for range 2 {
			if err := a.Send(1); !errors.Is(err, mp.ErrBrokenPipe) {
				t.Errorf("after half a message: %v", err)
			}
		}
		return
	}
	t.Error("no message was begun")
}
