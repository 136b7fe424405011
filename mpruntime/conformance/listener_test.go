//go:build unix

package conformance_test

import (
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	mp "cuaderno/mpruntime"
)

// listen listens at a free address of a network until the test ends.
func listen(t *testing.T, network string, key []byte) *mp.Listener {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := mp.Listen(network, address, key)
	ok(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// connected returns both ends of a connection.
func connected(t *testing.T, l *mp.Listener, network string, key []byte) (caller, called *mp.Conn) {
	t.Helper()
	caller, err := mp.Dial(network, l.Addr(), key)
	ok(t, err)
	called, err = l.Accept()
	ok(t, err)
	return caller, called
}

func sayHello(network, address string) {
	c := try(mp.Dial(network, address, nil))
	panicOn(c.Send("hello"))
	panicOn(c.Close())
}

var networks = [...]string{"tcp", "unix"}

func TestListener(t *testing.T) {
	conform(t, "_TestListener.test_multiple_bind", func(t *testing.T) {
		for _, network := range networks {
			l := listen(t, network, nil)
			_, err := mp.Listen(network, l.Addr(), nil)
			refused(t, "listening twice at one address ("+network+")", err)
		}
	})
	conform(t, "_TestListener.test_context", func(t *testing.T) {
		l := listen(t, "tcp", nil)
		caller, called := connected(t, l, "tcp", nil)
		ok(t, caller.Send(1729))
		equal(t, "received", receive[int](t, called), 1729)
		ok(t, l.Close())
		_, err := l.Accept()
		is(t, err, mp.ErrClosed)
	})
	conform(t, "_TestListener.test_abstract_socket", func(t *testing.T) {
		onLinux(t)
		l, err := mp.Listen("unix", "@"+filepath.Base(t.TempDir())+"-conformance", nil)
		ok(t, err)
		defer l.Close()
		caller, called := connected(t, l, "unix", nil)
		ok(t, caller.Send(1729))
		equal(t, "received", receive[int](t, called), 1729)
	})
	conform(t, "_TestListenerClient.test_listener_client", func(t *testing.T) {
		for _, network := range networks {
			l := listen(t, network, nil)
			p := daemon(t, sayHello, network, l.Addr())
			c, err := l.Accept()
			ok(t, err)
			equal(t, "received", receive[string](t, c), "hello")
			ends(t, p)
		}
	})
	conform(t, "_TestListenerClient.test_issue14725", func(t *testing.T) {
		l := listen(t, "tcp", nil)
		ends(t, daemon(t, sayHello, "tcp", l.Addr())) // gone before it is accepted
		c, err := l.Accept()
		ok(t, err)
		equal(t, "received", receive[string](t, c), "hello")
		_, err = c.Recv()
		is(t, err, io.EOF)
	})
	conform(t, "_TestListenerClient.test_issue16955", func(t *testing.T) {
		for _, network := range networks {
			caller, called := connected(t, listen(t, network, nil), network, nil)
			ok(t, called.SendBytes([]byte("hello")))
			equal(t, "poll", caller.Poll(generous), true)
			ok(t, called.Close())
			ok(t, caller.Close())
		}
	})
	conform(t, "TestInvalidFamily.test_invalid_family", func(t *testing.T) {
		_, err := mp.Listen(`\\.\test`, "", nil)
		refused(t, "a network that there is not", err)
		_, err = mp.Dial("pipe", "x", nil)
		refused(t, "a network that there is not", err)
	})
	conform(t, "OtherTest.test_deliver_challenge_auth_failure", func(t *testing.T) {
		l := listen(t, "tcp", []byte("abc"))
		go func() {
			c, err := net.Dial("tcp", l.Addr())
			if err == nil {
				c.Write([]byte("something bogus, and more of it, as long as an answer might be ……………………"))
				io.Copy(io.Discard, c)
				c.Close()
			}
		}()
		_, err := l.Accept()
		refused(t, "a caller who answers the challenge with something bogus", err)
		_, err = mp.Dial("tcp", l.Addr(), []byte("abd"))
		is(t, err, mp.ErrAuth)
	})
	conform(t, "OtherTest.test_answer_challenge_auth_failure", func(t *testing.T) {
		bogus, err := net.Listen("tcp", "127.0.0.1:0")
		ok(t, err)
		defer bogus.Close()
		go func() {
			c, err := bogus.Accept()
			if err == nil {
				c.Write([]byte(strings.Repeat("something bogus", 10)))
				io.Copy(io.Discard, c)
				c.Close()
			}
		}()
		_, err = mp.Dial("tcp", bogus.Addr().String(), []byte("abc"))
		refused(t, "a listener who challenges with something bogus", err)
		l := listen(t, "tcp", []byte("abc"))
		go mp.Dial("tcp", l.Addr(), []byte("another key"))
		_, err = l.Accept()
		is(t, err, mp.ErrAuth)
	})
	conform(t, "TestTimeouts.test_timeout", func(t *testing.T) {
		ours, theirs := mp.NewPipe()
		l := listen(t, "tcp", nil)
		p := run(t, func(c *mp.Conn, address string) {
			try(c.Recv()) // while the parent waits with a limit
			panicOn(c.Send(123))
			panicOn(c.Close())
			panicOn(try(mp.Dial("tcp", address, nil)).Send(456))
		}, theirs, l.Addr())
		ok(t, theirs.Close())
		_, err := ours.RecvTimeout(short)
		is(t, err, mp.ErrTimeout)
		ok(t, ours.Send(nil))
		equal(t, "received", receive[int](t, ours), 123)
		c, err := l.Accept()
		ok(t, err)
		equal(t, "received", receive[int](t, c), 456)
		ends(t, p)
	})
	conform(t, "TestIgnoreEINTR.test_ignore_listener", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn) {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
			l := try(mp.Listen("tcp", "127.0.0.1:0", nil))
			panicOn(c.Send(l.Addr()))
			panicOn(try(l.Accept()).Send("welcome"))
			panicOn(l.Close())
		}, theirs)
		address := receive[string](t, c)
		ok(t, syscall.Kill(p.PID(), syscall.SIGUSR1))
		caller, err := mp.Dial("tcp", address, nil)
		ok(t, err)
		equal(t, "received", receive[string](t, caller), "welcome")
		ends(t, p)
	})
	waitForSockets := func(t *testing.T, slow bool) {
		l := listen(t, "tcp", nil)
		var all []*mp.Process
		for range 4 {
			all = append(all, daemon(t, func(address string, slow bool) {
				c := try(mp.Dial("tcp", address, nil))
				for i := range 10 {
					if slow {
						delay(i)
					}
					panicOn(c.Send(i))
				}
				panicOn(c.Close())
			}, l.Addr(), slow))
		}
		var readers []mp.Waitable
		got := map[mp.Waitable][]int{}
		for range all {
			if ready := mp.Wait(generous, l); len(ready) != 1 {
				t.Fatal("the listener does not become ready")
			}
			c, err := l.Accept()
			ok(t, err)
			readers = append(readers, c)
		}
		for len(readers) > 0 {
			ready := mp.Wait(generous, readers...)
			if len(ready) == 0 {
				t.Fatal("no connection becomes ready")
			}
			for _, r := range ready {
				v, err := r.(*mp.Conn).Recv()
				if errors.Is(err, io.EOF) {
					readers = slices.DeleteFunc(readers, func(w mp.Waitable) bool { return w == r })
					continue
				}
				ok(t, err)
				got[r] = append(got[r], v.(int))
			}
		}
		for _, list := range got {
			same(t, "received", list, numbers(10))
		}
		ends(t, all...)
	}
	conform(t, "TestWait.test_wait_socket", func(t *testing.T) { waitForSockets(t, false) })
	conform(t, "TestWait.test_wait_socket_slow", func(t *testing.T) { waitForSockets(t, true) })
}
