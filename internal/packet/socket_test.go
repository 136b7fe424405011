//go:build unix

package packet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"
)

var (
	background = context.Background()
	never      time.Time
)

func pair(t testing.TB) (a, b *Socket) {
	t.Helper()
	a, b, err := Pair(new(Buffers))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func send(t testing.TB, s *Socket, p Packet) {
	t.Helper()
	if err := s.Send(background, never, p); err != nil {
		t.Fatal(err)
	}
}

func receive(t testing.TB, s *Socket) Packet {
	t.Helper()
	r, err := s.Receive(background, never)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Packet
	p.Bytes = append([]byte{}, r.Bytes...)
	r.Release()
	return p
}

func TestMessagesKeepOrderAndLimits(t *testing.T) {
	a, b := pair(t)
	sizes := []int{0, 1, 5, inlineMax - 1, inlineMax, inlineMax + 1, 3 << 20, 2, 0}
	for i, size := range sizes {
		send(t, a, Packet{Kind: byte(i), Bytes: bytes.Repeat([]byte{byte(i + 1)}, size)})
	}
	a.Close()
	for i, size := range sizes {
		p := receive(t, b)
		if p.Kind != byte(i) || !bytes.Equal(p.Bytes, bytes.Repeat([]byte{byte(i + 1)}, size)) {
			t.Fatalf("message %d: kind %d, %d bytes instead of %d", i, p.Kind, len(p.Bytes), size)
		}
	}
	for range 2 {
		if _, err := b.Receive(background, never); err != io.EOF {
			t.Fatalf("after the last message: %v", err)
		}
	}
	if ready, err := b.Poll(background, never); !ready || err != nil {
		t.Fatalf("Poll at the end: %v, %v", ready, err)
	}
}

func TestTooLarge(t *testing.T) {
	a, _ := pair(t)
	if err := a.Send(background, never, Packet{Bytes: make([]byte, MaxBytes+1)}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
}

func TestFiles(t *testing.T) {
	for _, test := range []struct{ files, bytes int }{{1, 3}, {250, 3}, {3, 1 << 20}, {250, 1 << 20}, {251, 3}, {700, 1 << 20}} {
		a, b := pair(t)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		files := make([]*os.File, test.files)
		for i := range files {
			files[i] = w
		}
		send(t, a, Packet{Bytes: make([]byte, test.bytes), Files: files})
		w.Close()
		p := receive(t, b)
		if len(p.Files) != test.files || len(p.Bytes) != test.bytes {
			t.Fatalf("%d files, %d bytes arrived of %v", len(p.Files), len(p.Bytes), test)
		}
		for _, f := range p.Files {
			if _, err := f.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
		got, err := io.ReadAll(r) // ends because no other descriptor of w is left
		if err != nil || len(got) != test.files {
			t.Fatalf("%d bytes came through %d files: %v", len(got), test.files, err)
		}
		r.Close()
	}
}

func TestFilesOfUnreceivedMessagesClose(t *testing.T) {
	a, b := pair(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	files := make([]*os.File, 300)
	for i := range files {
		files[i] = w
	}
	send(t, a, Packet{Files: files})
	w.Close()
	a.Close()
	b.Close()
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
}

func TestNobodyReceives(t *testing.T) {
	a, b := pair(t)
	send(t, a, Packet{Bytes: []byte("unread")})
	b.Close()
	for range 2 {
		if err := a.Send(background, never, Packet{}); !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
	}
	if _, err := a.Receive(background, never); err != io.EOF {
		t.Fatal(err)
	}
}

func TestMessagesBeforeAResetArrive(t *testing.T) {
	a, b := pair(t)
	send(t, a, Packet{Kind: 1})
	send(t, b, Packet{Kind: 2})
	a.Close() // with a message unread
	if p := receive(t, b); p.Kind != 1 {
		t.Fatal(p)
	}
	if _, err := b.Receive(background, never); err != io.EOF {
		t.Fatal(err)
	}
}

func TestWaitsEnd(t *testing.T) {
	cause := errors.New("the cause")
	calls := map[string]func(a, b *Socket, ctx context.Context, deadline time.Time) error{
		"Receive": func(a, b *Socket, ctx context.Context, deadline time.Time) error {
			_, err := b.Receive(ctx, deadline)
			return err
		},
		"Send": func(a, b *Socket, ctx context.Context, deadline time.Time) error {
			for {
				if err := a.Send(ctx, deadline, Packet{Bytes: make([]byte, 1000)}); err != nil {
					return err
				}
			}
		},
		"Poll": func(a, b *Socket, ctx context.Context, deadline time.Time) error {
			ready, err := b.Poll(ctx, deadline)
			if err == nil && !ready {
				err = ErrTimeout
			}
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			if err := call(a, b, background, time.Now().Add(time.Millisecond)); !errors.Is(err, ErrTimeout) {
				t.Fatalf("after a deadline: %v", err)
			}
			ctx, cancel := context.WithCancelCause(background)
			time.AfterFunc(time.Millisecond, func() { cancel(cause) })
			if err := call(a, b, ctx, never); !errors.Is(err, cause) {
				t.Fatalf("after a cancel: %v", err)
			}
			if err := call(a, b, ctx, never); !errors.Is(err, cause) {
				t.Fatalf("with an ended context: %v", err)
			}
			// The socket is as before.
			for {
				if _, ok, err := b.TryReceive(); err != nil {
					t.Fatal(err)
				} else if !ok {
					break
				}
			}
			send(t, a, Packet{Kind: 7})
			if p := receive(t, b); p.Kind != 7 {
				t.Fatal(p)
			}
			ended := make(chan error, 1)
			go func() { ended <- call(a, b, background, never) }()
			time.AfterFunc(time.Millisecond, func() { a.Close(); b.Close() })
			if err := <-ended; !errors.Is(err, os.ErrClosed) && err != io.EOF && !errors.Is(err, ErrBroken) && err != nil {
				t.Fatalf("after Close: %v", err)
			}
		})
	}
}

func TestTryWhileAnotherWaits(t *testing.T) {
	a, b := pair(t)
	ctx, cancel := context.WithCancel(background)
	ended := make(chan error, 1)
	go func() { _, err := b.Receive(ctx, never); ended <- err }()
	for len(b.in.turn) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, ok, err := b.TryReceive(); ok || err != nil {
		t.Fatal(ok, err)
	}
	if ready, err := b.Ready(); ready || err != nil {
		t.Fatal(ready, err)
	}
	if ready, err := b.Poll(background, time.Now().Add(time.Millisecond)); ready || err != nil {
		t.Fatal(ready, err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_ = a
}

func TestNoMessageIsLostByTimeouts(t *testing.T) {
	a, b := pair(t)
	const n = 5000
	var senders sync.WaitGroup
	senders.Go(func() {
		for i := range n {
			send(t, a, Packet{Bytes: []byte{byte(i), byte(i >> 8)}})
		}
	})
	for i := 0; i < n; {
		ctx, cancel := context.WithTimeout(background, 50*time.Microsecond)
		r, err := b.Receive(ctx, never)
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			continue
		}
		if got := int(r.Bytes[0]) | int(r.Bytes[1])<<8; got != i {
			t.Fatalf("message %d arrived instead of %d", got, i)
		}
		r.Release()
		i++
	}
	senders.Wait()
}

func TestManyGoroutines(t *testing.T) {
	a, b := pair(t)
	const senders, each = 8, 500
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			for range each {
				send(t, a, Packet{Kind: byte(i), Bytes: bytes.Repeat([]byte{byte(i)}, 100*i)})
			}
		})
	}
	var mu sync.Mutex
	got := map[byte]int{}
	for range 4 {
		group.Go(func() {
			for range senders * each / 4 {
				p := receive(t, b)
				if len(p.Bytes) != 100*int(p.Kind) || len(bytes.Trim(p.Bytes, string([]byte{p.Kind}))) > 0 {
					t.Error("a torn message")
				}
				mu.Lock()
				got[p.Kind]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for i := range byte(senders) {
		if got[i] != each {
			t.Errorf("sender %d: %d messages", i, got[i])
		}
	}
}

func TestHostilePackets(t *testing.T) {
	for name, data := range map[string][]byte{
		"file":          {flagFile, 0, 0, 0, 0, 0, 0, 0, 1},
		"socket":        {flagSocket, 1},
		"both":          {flagFile | flagSocket, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"file, no size": {flagFile},
	} {
		a, b := pair(t)
		if _, err := a.sendPacket(background, never, true, data, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Receive(background, never); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
