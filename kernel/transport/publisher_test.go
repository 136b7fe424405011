package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPublisherDeliversAllBeforeClose(t *testing.T) {
	const n = 20000
	pub, at := publish(t)
	got := make(chan error, 2)
	for range cap(got) {
		s := subscribe(t, at)
		go func() {
			for i := range n {
				frames, err := s.Recv()
				if want := fmt.Sprintf("topic|%d", i); err != nil || text(frames) != want {
					got <- fmt.Errorf("received %q, %w, want %q", text(frames), err, want)
					return
				}
			}
			got <- nil
		}()
	}
	for i := range n {
		if err := pub.Send([][]byte{[]byte("topic"), fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := pub.Close(); err != nil {
		t.Fatal(err)
	}
	for range cap(got) {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
}

// Who has just subscribed is welcomed, and nobody else hears of it.
func TestWelcomeIsFirstAndPrivate(t *testing.T) {
	pub, at := publish(t)
	stop := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = pub.Send([][]byte{[]byte("x")})
				runtime.Gosched()
			}
		}
	})
	first := subscribe(t, at)
	for range 20 {
		subscribe(t, at)
	}
	close(stop)
	sender.Wait()
	if err := pub.Send([][]byte{[]byte("end")}); err != nil {
		t.Fatal(err)
	}
	for {
		switch got := recv(t, first); got {
		case "x":
		case "end":
			return
		default:
			t.Fatalf("the first subscriber received %q", got)
		}
	}
}

// raw shakes hands as a peer of some kind and returns the connection.
func raw(t *testing.T, kind Kind, identity, endpoint string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(c, 0, func() {}, func() {})
	t.Cleanup(func() { p.drop(nil) })
	if err := p.shake(ready{kind: kind, identity: identity}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) says(t *testing.T, pieces ...[]byte) {
	t.Helper()
	for _, piece := range pieces {
		if _, err := p.conn.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
}

// hears returns the next message, or the name of the next command and its body.
func (p *peer) hears(t *testing.T) string {
	t.Helper()
	var heard *command
	frames, err := readMessage(p.in, func(c command) error {
		heard = &c
		return io.EOF
	})
	switch {
	case heard != nil:
		return heard.name + " " + string(heard.body)
	case err != nil:
		t.Fatal(err)
	}
	return text(frames)
}

func TestSubscriptions(t *testing.T) {
	pub, at := publish(t)
	p := raw(t, Sub, "", at)
	p.says(t, encode([][]byte{[]byte("\x01stream")}).pieces[0], encodeCommand("SUBSCRIBE", []byte("status")).pieces[0])
	for _, want := range []string{"stream|welcome", "status|welcome"} {
		if got := p.hears(t); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
	send := func(topics ...string) {
		t.Helper()
		for _, topic := range topics {
			if err := pub.Send([][]byte{[]byte(topic)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	send("other", "stream.stdout", "status")
	p.says(t, encodeCommand("CANCEL", []byte("stream")).pieces[0], encode([][]byte{[]byte("\x00status")}).pieces[0],
		encode([][]byte{[]byte("neither"), []byte("nor")}).pieces[0], encode([][]byte{[]byte("\x01all")}).pieces[0])
	for _, want := range []string{"stream.stdout", "status", "all|welcome"} {
		if got := p.hears(t); got != want {
			t.Fatalf("heard %q, want %q", got, want)
		}
	}
	send("stream.stdout", "status", "all of it")
	if got := p.hears(t); got != "all of it" {
		t.Errorf("heard %q", got)
	}
	p.says(t, encodeCommand("SUBSCRIBE", make([]byte, maxCommand)).pieces[0])
	if _, err := readMessage(p.in, nil); err != io.EOF {
		t.Errorf("after too long a topic: %v, want the end", err)
	}
}

// A subscriber that stops reading is disconnected, memory is bounded, and the
// others lose nothing.
func TestStuckSubscriberIsDropped(t *testing.T) {
	pub, at := publish(t)
	good := subscribe(t, at)
	raw(t, Sub, "", at).says(t, encode([][]byte{{1}}).pieces[0]) // and reads no more

	const n, size = 2000, 64 << 10
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
	most := int64(0)
	for range n {
		pub.Wait(t.Context())
		if err := pub.Send([][]byte{[]byte("stream"), make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
		pub.mu.Lock()
		for p := range pub.subscribers {
			most = max(most, p.out.waiting.Load())
		}
		pub.mu.Unlock()
	}
	if got := <-received; got != n {
		t.Errorf("the reading subscriber received %d messages, want %d", got, n)
	}
	if most > budget+2*size {
		t.Errorf("up to %d bytes waited for one subscriber", most)
	}
	pub.mu.Lock()
	defer pub.mu.Unlock()
	if len(pub.subscribers) != 1 {
		t.Errorf("there are %d subscribers, want the one that reads", len(pub.subscribers))
	}
}

// A subscriber that reads slowly loses nothing: it is waited for.
func TestSlowSubscriberIsKept(t *testing.T) {
	pub, at := publish(t)
	slow := raw(t, Sub, "", at)
	slow.says(t, encode([][]byte{{1}}).pieces[0])
	slow.hears(t)
	const n, size = 800, 64 << 10
	got := make(chan int)
	go func() {
		count := 0
		// A pause now and then; each is shorter than a peer may make.
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for count < n {
			<-tick.C
			frames, err := readMessage(slow.in, nil)
			if err != nil || string(frames[0]) != fmt.Sprint(count) {
				break
			}
			count++
		}
		got <- count
	}()
	for i := range n {
		pub.Wait(t.Context())
		if err := pub.Send([][]byte{fmt.Append(nil, i), make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	if count := <-got; count != n {
		t.Errorf("received %d messages, want %d", count, n)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	pub, at := publish(t)
	p := raw(t, Sub, "", at)
	p.says(t, encode([][]byte{{1}}).pieces[0])
	p.hears(t)
	for range 2 {
		if err := pub.Send([][]byte{make([]byte, budget)}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		pub.Wait(ctx)
		close(ended)
	}()
	cancel()
	<-ended
	p.drop(nil)
	pub.Wait(t.Context())
}
