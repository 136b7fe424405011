package transport

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var quiet = slog.New(slog.DiscardHandler)

func bind(t *testing.T, kind Kind, endpoint string) (Socket, string) {
	t.Helper()
	s, err := Bind(kind, endpoint, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if strings.HasPrefix(endpoint, "ipc://") {
		return s, endpoint
	}
	return s, "tcp://" + s.Addr().String()
}

func dial(t *testing.T, kind Kind, endpoint, identity string) Socket {
	t.Helper()
	s, err := Dial(kind, endpoint, identity, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func text(frames [][]byte) string {
	var parts []string
	for _, f := range frames {
		parts = append(parts, string(f))
	}
	return strings.Join(parts, "|")
}

func recv(t *testing.T, s Socket) string {
	t.Helper()
	frames, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return text(frames)
}

func TestRouterAnswersTheAsker(t *testing.T) {
	for _, endpoint := range []string{"tcp://127.0.0.1:0", "ipc://" + filepath.Join(t.TempDir(), "k-1")} {
		router, at := bind(t, Router, endpoint)
		ana, eva := dial(t, Dealer, at, "ana"), dial(t, Dealer, at, "eva")
		for name, d := range map[string]Socket{"ana": ana, "eva": eva} {
			if err := d.Send([][]byte{[]byte("hello"), nil, []byte(strings.Repeat("x", 70000))}); err != nil {
				t.Fatal(err)
			}
			got := recv(t, router)
			if want := name + "|hello||" + strings.Repeat("x", 70000); got != want {
				t.Fatalf("received %.40q, want %.40q", got, want)
			}
			if err := router.Send([][]byte{[]byte(name), []byte("for " + name)}); err != nil {
				t.Fatal(err)
			}
			if got, want := recv(t, d), "for "+name; got != want {
				t.Fatalf("%s received %q, want %q", name, got, want)
			}
		}
	}
}

func TestRecvOutlivesABadPeer(t *testing.T) {
	router, at := bind(t, Router, "tcp://127.0.0.1:0")
	c, err := net.Dial("tcp", router.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+strings.Repeat("y", 100)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	d := dial(t, Dealer, at, "good")
	if err := d.Send([][]byte{[]byte("still there?")}); err != nil {
		t.Fatal(err)
	}
	if got, want := recv(t, router), "good|still there?"; got != want {
		t.Fatalf("received %q, want %q", got, want)
	}
}

func TestRecvEndsWithClose(t *testing.T) {
	router, at := bind(t, Router, "tcp://127.0.0.1:0")
	pub, _ := bind(t, Pub, "tcp://127.0.0.1:0")
	dealer := dial(t, Dealer, at, "d")
	for _, s := range []Socket{router, pub, dealer} {
		ended := make(chan error)
		go func() {
			_, err := s.Recv()
			ended <- err
		}()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Fatalf("Recv returned %v, want ErrClosed", err)
		}
		if err := s.Send(nil); !errors.Is(err, ErrClosed) {
			t.Fatalf("Send returned %v, want ErrClosed", err)
		}
	}
}

// join waits until a subscriber receives what pub sends. A subscription takes
// effect at some time after the connection, so it sends until one arrives.
func join(t *testing.T, pub, sub Socket) {
	t.Helper()
	joined := make(chan struct{})
	go func() {
		defer close(joined)
		for {
			frames, err := sub.Recv()
			if err != nil || text(frames) == "joined" {
				return
			}
		}
	}()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if err := pub.Send([][]byte{[]byte("joined")}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-joined:
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

func TestPublisherDeliversAllBeforeClose(t *testing.T) {
	const n = 20000
	pub, at := bind(t, Pub, "tcp://127.0.0.1:0")
	a, b := dial(t, Sub, at, ""), dial(t, Sub, at, "")
	join(t, pub, a)
	join(t, pub, b)
	read := func(s Socket, got chan<- error) {
		for i := 0; i < n; {
			frames, err := s.Recv()
			if err != nil {
				got <- fmt.Errorf("after %d messages: %w", i, err)
				return
			}
			if text(frames) == "joined" {
				continue
			}
			if want := fmt.Sprintf("topic|%d", i); text(frames) != want {
				got <- fmt.Errorf("received %q, want %q", text(frames), want)
				return
			}
			i++
		}
		got <- nil
	}
	got := make(chan error, 2)
	go read(a, got)
	go read(b, got)
	for i := range n {
		if err := pub.Send([][]byte{[]byte("topic"), fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pub.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}

// A subscriber that stops reading is disconnected and the others lose nothing.
func TestStuckSubscriberIsDropped(t *testing.T) {
	pub, at := bind(t, Pub, "tcp://127.0.0.1:0")
	good := dial(t, Sub, at, "")
	join(t, pub, good)

	stuck, err := DialStuck(pub.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stuck.Close() }()

	const n, size = 600, 64 << 10
	received := make(chan int)
	go func() {
		count := 0
		for count < n {
			frames, err := good.Recv()
			if err != nil {
				break
			}
			if len(frames) == 2 && len(frames[1]) == size {
				count++
			}
		}
		received <- count
	}()
	for range n {
		if err := pub.Send([][]byte{[]byte("stream"), make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-received; got != n {
		t.Errorf("the reading subscriber received %d messages, want %d", got, n)
	}
}

func TestStaleSocketFileIsReplaced(t *testing.T) {
	endpoint := "ipc://" + filepath.Join(t.TempDir(), "kernel-5")
	l, err := net.Listen("unix", strings.TrimPrefix(endpoint, "ipc://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Bind(Router, endpoint, quiet); err == nil {
		t.Fatal("bound a socket file that somebody listens on")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Bind(Router, endpoint, quiet); err != nil {
		t.Fatalf("stale socket file: %v", err)
	}
}
