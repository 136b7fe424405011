//go:build unix

package conformance_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// echo sends back messages of bytes until an empty one, or the end.
func echo(c *mp.Conn) {
	for {
		b, err := c.RecvBytes()
		if err == io.EOF || len(b) == 0 {
			panicOn(c.Close())
			return
		}
		panicOn(err)
		panicOn(c.SendBytes(b))
	}
}

// echoes sends bytes to an echo and checks what comes back.
func echoes(t *testing.T, c *mp.Conn, message []byte) {
	t.Helper()
	ok(t, c.SendBytes(message))
	got, err := c.RecvBytes()
	ok(t, err)
	if !bytes.Equal(got, message) {
		t.Errorf("%d bytes came back as %d others", len(message), len(got))
	}
}

func TestConnection(t *testing.T) {
	conform(t, "_TestConnection.test_connection", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, echo, theirs)
		message, long := []byte("hello world"), bytes.Repeat([]byte("hello world"), 10)
		echoes(t, c, message)

		buffer := make([]byte, 40)
		ok(t, c.SendBytes(message))
		n, err := c.RecvBytesInto(buffer[3:])
		ok(t, err)
		if n != len(message) || !bytes.Equal(buffer[3:3+n], message) {
			t.Errorf("into a buffer: %d bytes, %q", n, buffer)
		}
		ok(t, c.SendBytes(long))
		_, err = c.RecvBytesInto(buffer)
		var tooShort *mp.BufferTooShortError
		if !errors.As(err, &tooShort) || !bytes.Equal(tooShort.Data, long) {
			t.Errorf("into a buffer that is too short: %v", err)
		}

		equal(t, "poll", c.Poll(0), false)
		equal(t, "poll", c.Poll(short), false)
		ok(t, c.SendBytes(message))
		equal(t, "poll", c.Poll(generous), true)
		_, err = c.RecvBytes()
		ok(t, err)
		echoes(t, c, bytes.Repeat([]byte("X"), 16<<20))
		ok(t, c.SendBytes(nil)) // the end
		ok(t, theirs.Close())
		_, err = c.Recv()
		is(t, err, io.EOF)
		_, err = c.RecvBytes()
		is(t, err, io.EOF)
		ends(t, p)

		a, b := mp.NewPipe()
		ok(t, a.Send([]any{1, 2.25, nil}))
		v, err := b.Recv()
		ok(t, err)
		if !reflect.DeepEqual(v, []any{1, 2.25, nil}) {
			t.Errorf("received %#v", v)
		}
	})
	conform(t, "_TestConnection.test_duplex_false", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		ok(t, w.Send(1))
		equal(t, "received", receive[int](t, r), 1)
		refused(t, "sending on the receiving end", r.Send(2))
		_, err := w.Recv()
		refused(t, "receiving on the sending end", err)
	})
	conform(t, "_TestConnection.test_spawn_close", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, echo, theirs)
		ok(t, theirs.Close())
		echoes(t, c, []byte("hello"))
		ok(t, c.Close())
		ends(t, p)
	})
	conform(t, "_TestConnection.test_sendbytes", func(t *testing.T) {
		a, b := mp.NewPipe()
		message := []byte("abcdefghijklmnopqrstuvwxyz")
		for _, part := range [][]byte{message, message[5:], message[7:15], message[26:], nil} {
			ok(t, a.SendBytes(part))
			got, err := b.RecvBytes()
			ok(t, err)
			equal(t, "received", string(got), string(part))
		}
	})
	transfer := func(t *testing.T, many bool) {
		r, w, err := mp.OSPipe()
		ok(t, err)
		defer r.Close()
		c, theirs := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn, many bool) {
			if many { // the descriptor gets a number above 256
				for range 300 {
					try(os.Open(os.DevNull))
				}
			}
			f := try(c.Recv()).(*os.File)
			try(f.WriteString("foo"))
			panicOn(f.Close())
		}, theirs, many)
		ok(t, c.Send(w))
		ok(t, w.Close())
		ends(t, p)
		text, err := io.ReadAll(r)
		ok(t, err)
		equal(t, "read", string(text), "foo")
	}
	conform(t, "_TestConnection.test_fd_transfer", func(t *testing.T) { transfer(t, false) })
	conform(t, "_TestConnection.test_large_fd_transfer", func(t *testing.T) { transfer(t, true) })
	conform(t, "_TestConnection.test_missing_fd_transfer", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn) { panicOn(c.Send("no file")) }, theirs)
		var f *os.File
		refused(t, "receiving a file that was not sent", c.RecvInto(&f))
		ends(t, p)
	})
	conform(t, "_TestConnection.test_context", func(t *testing.T) {
		a, b := mp.NewPipe()
		func() {
			defer a.Close()
			defer b.Close()
			ok(t, a.Send(1729))
			equal(t, "received", receive[int](t, b), 1729)
		}()
		_, err := a.Recv()
		is(t, err, mp.ErrClosed)
		_, err = b.Recv()
		is(t, err, mp.ErrClosed)
	})
	conform(t, "_TestPicklingConnections.test_access", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn) {
			w := try(c.Recv()).(*mp.Conn)
			panicOn(w.Send("all is well"))
			panicOn(w.Close())
			r := try(mp.Recv[*mp.Conn](c))
			panicOn(c.Send(strings.Repeat(try(mp.Recv[string](r)), 2)))
		}, theirs)
		ok(t, theirs.Close())
		r, w := mp.NewOneWayPipe()
		ok(t, c.Send(w))
		ok(t, w.Close())
		equal(t, "received", receive[string](t, r), "all is well")
		_, err := r.Recv()
		is(t, err, io.EOF)
		r, w = mp.NewOneWayPipe()
		ok(t, c.Send(r))
		ok(t, r.Close())
		ok(t, w.Send("foobar"))
		ok(t, w.Close())
		equal(t, "received", receive[string](t, c), "foobarfoobar")
		ends(t, p)
	})
	conform(t, "TestInvalidHandle.test_invalid_handles", func(t *testing.T) {
		var c mp.Conn
		refused(t, "sending on a Conn that nobody has made", c.Send(1))
		_, err := c.Recv()
		refused(t, "receiving on a Conn that nobody has made", err)
		refused(t, "its error", c.Err())
	})
}

func TestPoll(t *testing.T) {
	conform(t, "_TestPoll.test_empty_string", func(t *testing.T) {
		a, b := mp.NewPipe()
		equal(t, "poll", a.Poll(0), false)
		ok(t, b.SendBytes(nil))
		equal(t, "poll", a.Poll(0), true)
		equal(t, "poll", a.Poll(0), true)
	})
	conform(t, "_TestPoll.test_strings", func(t *testing.T) {
		texts := []string{"hello", "", "a", "b", "", "bye", "", "lop"}
		a, b := mp.NewPipe()
		p := run(t, func(c *mp.Conn, texts []string) {
			for _, s := range texts {
				panicOn(c.SendBytes([]byte(s)))
			}
			panicOn(c.Close())
		}, b, texts)
		for _, want := range texts {
			equal(t, "poll", a.Poll(generous), true)
			got, err := a.RecvBytes()
			ok(t, err)
			equal(t, "received", string(got), want)
		}
		ends(t, p)
	})
	conform(t, "_TestPoll.test_boundaries", func(t *testing.T) {
		r, w := mp.NewOneWayPipe()
		p := run(t, func(r *mp.Conn) { r.Poll(generous) }, r)
		ok(t, w.SendBytes([]byte("first")))
		ok(t, w.SendBytes([]byte("second")))
		ok(t, w.Close())
		ends(t, p)
		for _, want := range []string{"first", "second"} {
			got, err := r.RecvBytes()
			ok(t, err)
			equal(t, "received", string(got), want)
		}
	})
	conform(t, "_TestPoll.test_dont_merge", func(t *testing.T) {
		a, b := mp.NewPipe()
		equal(t, "poll", a.Poll(0), false)
		equal(t, "poll", a.Poll(short), false)
		p := run(t, func(c *mp.Conn) {
			for _, s := range []string{"a", "b", "cd"} {
				panicOn(c.SendBytes([]byte(s)))
			}
		}, b)
		for _, want := range []string{"a", "b", "cd"} {
			equal(t, "poll", a.Poll(generous), true)
			equal(t, "poll again", a.Poll(generous), true)
			got, err := a.RecvBytes()
			ok(t, err)
			equal(t, "received", string(got), want)
		}
		ends(t, p)
	})
}

func TestWait(t *testing.T) {
	type message struct{ i, pid int }
	waitForAll := func(t *testing.T, slow bool) {
		var readers []mp.Waitable
		var all []*mp.Process
		for range 4 {
			r, w := mp.NewOneWayPipe()
			all = append(all, daemon(t, func(w *mp.Conn, slow bool) {
				for i := range 10 {
					if slow {
						delay(i)
					}
					panicOn(w.Send(message{i, os.Getpid()}))
				}
				panicOn(w.Close())
			}, w, slow))
			ok(t, w.Close())
			readers = append(readers, r)
		}
		var got, want []message
		for len(readers) > 0 {
			for _, ready := range mp.Wait(generous, readers...) {
				r := ready.(*mp.Conn)
				v, err := r.Recv()
				if err == io.EOF {
					readers = slices.DeleteFunc(readers, func(w mp.Waitable) bool { return w == ready })
					ok(t, r.Close())
					continue
				}
				ok(t, err)
				got = append(got, v.(message))
			}
		}
		for i := range 10 {
			for _, p := range all {
				want = append(want, message{i, p.PID()})
			}
		}
		order := func(a, b message) int { return cmp.Or(a.i-b.i, a.pid-b.pid) }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Errorf("received %v, want %v", got, want)
		}
		ends(t, all...)
	}
	conform(t, "TestWait.test_wait", func(t *testing.T) { waitForAll(t, false) })
	conform(t, "TestWait.test_wait_slow", func(t *testing.T) { waitForAll(t, true) })
	conform(t, "TestWait.test_wait_timeout", func(t *testing.T) {
		a, b := mp.NewPipe()
		begun := time.Now()
		if ready := mp.Wait(100*time.Millisecond, a, b); len(ready) > 0 || time.Since(begun) < 50*time.Millisecond {
			t.Errorf("ready %v after %v", ready, time.Since(begun))
		}
		ok(t, b.Send(nil))
		if ready := mp.Wait(generous, a, b); !slices.Equal(ready, []mp.Waitable{a}) {
			t.Errorf("ready %v", ready)
		}
	})
	conform(t, "TestWait.test_wait_integer", func(t *testing.T) {
		a, b := mp.NewPipe()
		gateR, gateW := mp.NewOneWayPipe()
		p := run(t, func(r *mp.Conn) { try(r.Recv()) }, gateR)
		if ready := mp.Wait(0, a, p, b); len(ready) > 0 {
			t.Errorf("ready %v", ready)
		}
		ok(t, gateW.Send(nil))
		if ready := mp.Wait(generous, a, p, b); !slices.Equal(ready, []mp.Waitable{p}) {
			t.Errorf("ready %v", ready)
		}
		ok(t, a.Send(nil))
		if ready := mp.Wait(generous, a, p, b); !slices.Equal(ready, []mp.Waitable{p, b}) {
			t.Errorf("ready %v", ready)
		}
		ok(t, b.Send(nil))
		if ready := mp.Wait(generous, a, p, b); !slices.Equal(ready, []mp.Waitable{a, p, b}) {
			t.Errorf("ready %v", ready)
		}
		ends(t, p)
	})
	conform(t, "TestWait.test_neg_timeout", func(t *testing.T) {
		a, _ := mp.NewPipe()
		if ready := mp.Wait(0, a); len(ready) > 0 {
			t.Errorf("ready %v", ready)
		}
	})
	conform(t, "_TestProcess.test_sentinel", func(t *testing.T) {
		e := mp.NewEvent()
		p := run(t, func(e *mp.Event) { panicOn(e.Wait()) }, e)
		if ready := mp.Wait(0, p); len(ready) > 0 {
			t.Error("ready while it runs")
		}
		select {
		case <-p.Sentinel():
			t.Error("the sentinel is closed while it runs")
		default:
		}
		e.Set()
		ends(t, p)
		<-p.Sentinel()
		if ready := mp.Wait(0, p); len(ready) != 1 {
			t.Error("not ready after its end")
		}
	})
}

func TestSignals(t *testing.T) {
	// signalled sends SIGUSR1, which the process handles.
	signalled := func(t *testing.T, p *mp.Process) {
		t.Helper()
		ok(t, syscall.Kill(p.PID(), syscall.SIGUSR1))
	}
	conform(t, "_TestPollEintr.test_poll_eintr", func(t *testing.T) {
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGUSR1)
		defer signal.Stop(got)
		gateR, gateW := mp.NewOneWayPipe()
		p := run(t, func(r *mp.Conn) { try(r.Recv()) }, gateR)
		var joined sync.WaitGroup
		joined.Go(func() { ends(t, p) })
		ends(t, run(t, func(pid int) { panicOn(syscall.Kill(pid, syscall.SIGUSR1)) }, os.Getpid()))
		<-got
		ok(t, gateW.Send(nil))
		joined.Wait()
	})
	conform(t, "TestIgnoreEINTR.test_ignore", func(t *testing.T) {
		c, theirs := mp.NewPipe()
		p := daemon(t, func(c *mp.Conn) {
			signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
			panicOn(c.Send("ready"))
			panicOn(c.Send(try(c.Recv())))
			panicOn(c.SendBytes(make([]byte, 8<<20)))
		}, theirs)
		ok(t, theirs.Close())
		equal(t, "received", receive[string](t, c), "ready")
		signalled(t, p)
		ok(t, c.Send(1234))
		equal(t, "received", receive[int](t, c), 1234)
		signalled(t, p)
		b, err := c.RecvBytes()
		ok(t, err)
		equal(t, "bytes", len(b), 8<<20)
		ends(t, p)
	})
}

func TestFiles(t *testing.T) {
	conform(t, "TestCloseFds.test_closefd", func(t *testing.T) {
		onLinux(t)
		f, err := os.Create(filepath.Join(t.TempDir(), "kept open by the parent"))
		ok(t, err)
		defer f.Close()
		r, w := mp.NewOneWayPipe()
		p := run(t, func(w *mp.Conn, name string) {
			for _, e := range try(os.ReadDir("/proc/self/fd")) {
				if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && target == name {
					panicOn(w.Send(true))
					return
				}
			}
			panicOn(w.Send(false))
		}, w, f.Name())
		equal(t, "the child has the parent's file open", receive[bool](t, r), false)
		ends(t, p)
	})
}
