package transport

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A scarce listener has no descriptors until a moment.
type scarce struct {
	net.Listener
	until time.Time
	asked atomic.Int64
}

func (l *scarce) Accept() (net.Conn, error) {
	l.asked.Add(1)
	if time.Now().Before(l.until) {
		return nil, syscall.EMFILE
	}
	return l.Listener.Accept()
}

// Where descriptors have run out, who wants to connect waits, and nothing spins.
func TestNoDescriptors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	poor := &scarce{Listener: l, until: time.Now().Add(200 * time.Millisecond)}
	p := &Publisher{subscribers: map[*peer]topics{}}
	p.room.L = &p.mu
	p.guard = newGuard(ready{kind: xpub}, p, overflow, quiet)
	p.guard.listener = poor
	p.guard.work.Go(p.guard.accept)
	raw(t, Sub, "", "tcp://"+l.Addr().String())
	if asked := poor.asked.Load(); asked > 20 {
		t.Errorf("accept was tried %d times", asked)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// A subscriber that reads nothing does not keep a publisher from closing.
func TestCloseWithSomebodyStuck(t *testing.T) {
	pub, at := publish(t)
	p := raw(t, Sub, "", at)
	p.says(t, encode([][]byte{{1}}).bytes())
	p.hears(t)
	if err := pub.Send([][]byte{make([]byte, budget)}); err != nil {
		t.Fatal(err)
	}
	if err := pub.Close(); err != nil {
		t.Error(err)
	}
	if err := pub.Send([][]byte{{}}); !errors.Is(err, ErrClosed) {
		t.Errorf("Send returned %v", err)
	}
}
