package transport

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

var quiet = slog.New(slog.DiscardHandler)

func bind(t *testing.T, endpoint string) (Socket, string) {
	t.Helper()
	s, err := Bind(endpoint, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if strings.HasPrefix(endpoint, "ipc://") {
		return s, endpoint
	}
	return s, "tcp://" + s.Addr().String()
}

// publish binds a publisher whose welcome is the topic and "welcome".
func publish(t *testing.T) (*Publisher, string) {
	t.Helper()
	p, err := Publish("tcp://127.0.0.1:0", func(topic []byte) [][]byte { return [][]byte{topic, []byte("welcome")} }, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, "tcp://" + p.Addr().String()
}

// subscribe connects a subscriber, which has been welcomed.
func subscribe(t *testing.T, endpoint string) Socket {
	t.Helper()
	s := connect(t, Sub, endpoint, "")
	if got := recv(t, s); got != "|welcome" {
		t.Fatalf("the first message is %q", got)
	}
	return s
}

func connect(t *testing.T, kind Kind, endpoint, identity string) Socket {
	t.Helper()
	s, err := Dial(t.Context(), kind, endpoint, identity, quiet)
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
		router, at := bind(t, endpoint)
		ana, eva := connect(t, Dealer, at, "ana"), connect(t, Dealer, at, "eva")
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
	router, at := bind(t, "tcp://127.0.0.1:0")
	c, err := net.Dial("tcp", router.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"+strings.Repeat("y", 100)); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	d := connect(t, Dealer, at, "good")
	if err := d.Send([][]byte{[]byte("still there?")}); err != nil {
		t.Fatal(err)
	}
	if got, want := recv(t, router), "good|still there?"; got != want {
		t.Fatalf("received %q, want %q", got, want)
	}
}

func TestRecvEndsWithClose(t *testing.T) {
	router, at := bind(t, "tcp://127.0.0.1:0")
	dealer := connect(t, Dealer, at, "d")
	for _, s := range []Socket{router, dealer} {
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

func TestStaleSocketFileIsReplaced(t *testing.T) {
	endpoint := "ipc://" + filepath.Join(t.TempDir(), "kernel-5")
	l, err := net.Listen("unix", strings.TrimPrefix(endpoint, "ipc://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Bind(endpoint, quiet); err == nil {
		t.Fatal("bound a socket file that somebody listens on")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Bind(endpoint, quiet); err != nil {
		t.Fatalf("stale socket file: %v", err)
	}
}
