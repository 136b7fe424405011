package transport

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reached asserts that a new dealer is answered.
func reached(t *testing.T, r Socket, at string) {
	t.Helper()
	d := connect(t, Dealer, at, "")
	if err := d.Send([][]byte{[]byte("still there?")}); err != nil {
		t.Fatal(err)
	}
	for {
		frames, err := r.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if len(frames) != 2 || string(frames[1]) != "still there?" {
			continue // from somebody hostile
		}
		if err := r.Send([][]byte{frames[0], []byte("yes")}); err != nil {
			t.Fatal(err)
		}
		break
	}
	if got := recv(t, d); got != "yes" {
		t.Fatalf("received %q", got)
	}
}

// tcp connects and says something.
func tcp(t *testing.T, at, say string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(at, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, say); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSilentConnectionsBlockNobody(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	for range 20 {
		tcp(t, at, "")
		tcp(t, at, string(greeting()[:30]))
		tcp(t, at, string(greeting()))
	}
	reached(t, r, at)
}

// What is refused is disconnected, and leaves nothing behind.
func TestBadHandshakesAreDisconnected(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	hello := string(greeting())
	for name, say := range map[string]string{
		"HTTP":         "GET / HTTP/1.1\r\n\r\n",
		"unknown type": hello + string(ready{kind: "PIGEON"}.command().bytes()),
		"short":        hello + "\x04\x08\x05READY\x09a",
		"huge":         hello + "\x06\x40\x00\x00\x00\x00\x00\x00\x00",
	} {
		// What is left unread may be answered by a reset.
		if _, err := io.Copy(io.Discard, tcp(t, at, say)); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%s: %v", name, err)
		}
	}
	reached(t, r, at)
	g := r.(*socket).guard
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.shaking) != 0 || len(g.peers) > 1 {
		t.Errorf("%d handshakes and %d peers are left", len(g.shaking), len(g.peers))
	}
}

func TestNonsenseAfterTheHandshake(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		p := raw(t, Dealer, "", at)
		junk := make([]byte, 200)
		for i := range junk {
			junk[i] = byte(random.Uint32())
		}
		// The other end may hang up in the middle.
		_, _ = p.conn.Write(junk)
	}
	reached(t, r, at)
}

func TestPing(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	p := raw(t, Dealer, "ana", at)
	p.says(t, encodeCommand("PING", []byte("\x00\x64context")).bytes(), encode([][]byte{[]byte("hello")}).bytes())
	if got := recv(t, r); got != "ana|hello" {
		t.Errorf("received %q", got)
	}
	if got := p.hears(t); got != "PONG context" {
		t.Errorf("the answer to PING is %q", got)
	}
}

// Of two peers of the same identity the newer one stays.
func TestIdentityPassesToTheNewerPeer(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	older, newer := raw(t, Dealer, "ana", at), (*peer)(nil)
	older.says(t, encode([][]byte{[]byte("older")}).bytes())
	recv(t, r)
	newer = raw(t, Dealer, "ana", at)
	if _, err := readMessage(older.in, ignore); err != io.EOF {
		t.Errorf("the older peer: %v, want the end", err)
	}
	newer.says(t, encode([][]byte{[]byte("newer")}).bytes())
	if got := recv(t, r); got != "ana|newer" {
		t.Errorf("received %q", got)
	}
	if err := r.Send([][]byte{[]byte("ana"), []byte("answer")}); err != nil {
		t.Fatal(err)
	}
	if got := newer.hears(t); got != "answer" {
		t.Errorf("the newer peer received %q", got)
	}
}

// A peer that reads no replies is dropped, and delays nobody.
func TestPeerThatDoesNotReadReplies(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	stuck := raw(t, Dealer, "stuck", at)
	stuck.says(t, encode([][]byte{[]byte("hello")}).bytes())
	recv(t, r)
	reply := [][]byte{[]byte("stuck"), make([]byte, 1<<20)}
	for range 2 * overflow >> 20 {
		if err := r.Send(reply); err != nil {
			t.Fatal(err)
		}
	}
	reached(t, r, at)
	s := r.(*socket)
	s.mu.Lock()
	c := s.conns["stuck"]
	s.mu.Unlock()
	if c != nil {
		<-c.gone
	}
}

// A message to somebody who is about to come arrives; one to nobody costs nothing.
func TestSendToWhoIsNotThere(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	for _, frames := range [][][]byte{nil, {[]byte("nobody")}, {[]byte("nobody"), []byte("hello")}, {[]byte("ana"), []byte("hello")}} {
		if err := r.Send(frames); err != nil {
			t.Error(err)
		}
	}
	if got := recv(t, connect(t, Dealer, at, "ana")); got != "hello" {
		t.Errorf("received %q", got)
	}
	for range 10 {
		if err := r.Send([][]byte{[]byte("nobody"), make([]byte, holdBytes/2)}); err != nil {
			t.Error(err)
		}
	}
	s := r.(*socket)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held.size > holdBytes || len(s.held.messages) > 2 {
		t.Errorf("%d messages of %d bytes are held for nobody", len(s.held.messages), s.held.size)
	}
}

func TestDialIntoSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hello := make(chan net.Conn, 1)
	go func() {
		if c, err := l.Accept(); err == nil {
			hello <- c
		}
	}()
	at := "tcp://" + l.Addr().String()
	dialled := make(chan error, 1)
	go func() {
		_, err := Dial(t.Context(), Dealer, at, "", quiet)
		dialled <- err
	}()
	_ = (<-hello).Close()
	if err := <-dialled; err == nil {
		t.Error("shook hands with nobody")
	}
	_ = l.Close()
	if _, err := Dial(t.Context(), Dealer, at, "", quiet); err == nil {
		t.Error("connected to nobody")
	}
}

// Connections that only shake hands give way to others.
func TestTooManyConnections(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	silent := make([]net.Conn, maxPeers)
	for i := range silent {
		silent[i] = tcp(t, at, "")
	}
	reached(t, r, at)
	if _, err := io.Copy(io.Discard, silent[0]); err != nil {
		t.Logf("the oldest silent connection: %v", err)
	}
}

func TestLargeMessages(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	d := connect(t, Dealer, at, "d")
	big := bytes.Repeat([]byte("x"), overflow+1)
	if err := d.Send([][]byte{big, []byte("end")}); err != nil {
		t.Fatal(err)
	}
	frames, err := r.Recv()
	if err != nil || len(frames) != 3 || !bytes.Equal(frames[1], big) {
		t.Fatalf("received %d frames, %v", len(frames), err)
	}
	if err := r.Send(frames); err != nil {
		t.Fatal(err)
	}
	back, err := d.Recv()
	if err != nil || len(back) != 2 || !bytes.Equal(back[0], big) {
		t.Fatalf("got back %d frames, %v", len(back), err)
	}
}

// What a peer sent before it left arrives.
func TestLastWordsArrive(t *testing.T) {
	r, at := bind(t, "tcp://127.0.0.1:0")
	const n = 1000
	d := connect(t, Dealer, at, "d")
	for range n {
		if err := d.Send([][]byte{[]byte("word")}); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error, 1)
	go func() { closed <- d.Close() }()
	for range n {
		if got := recv(t, r); got != "d|word" {
			t.Fatalf("received %q", got)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestSocketFileGoesWithItsSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k-1")
	r, _ := bind(t, "ipc://"+path)
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is still there: %v", err)
	}
}
