//go:build linux

package main

import (
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// flood prints more than may wait for a subscriber.
const (
	flood      = `linea := strings.Repeat("x", 199); for range 300_000 { fmt.Println(linea) }`
	floodLines = 300_000
)

// floods runs the flood while control has to answer, and wants all of it.
func (s *siege) floods() {
	s.t.Helper()
	f := kerneltest.Connect(s.t, s.connection)
	id := f.Code(flood, nil)
	slowest := time.Duration(0)
	for over := false; !over; {
		asked := time.Now()
		f.Reply(f.Send(kerneltest.Control, wire.KernelInfoRequest, nil))
		slowest = max(slowest, time.Since(asked))
		for _, r := range f.Log() {
			over = over || r.Channel == kerneltest.Shell && r.ParentID() == id
		}
	}
	s.t.Logf("control answered within %v", slowest)
	e := f.Finish(id)
	if n := strings.Count(e.Text("stdout"), "\n"); n != floodLines || e.Status() != "ok" {
		s.t.Errorf("received %d lines, want %d; status %v", n, floodLines, e.Status())
	}
	if grown := s.resident() - s.memory; grown > 300<<20 {
		s.t.Errorf("the kernel has grown by %d MiB", grown>>20)
	}
}

// subscriber connects a subscriber that nobody reads.
func (s *siege) subscriber() net.Conn {
	s.t.Helper()
	return s.dial(s.connection.IOPubPort, hello("SUB", "")+zmtp("\x01"))
}

// TestHostileReaders has clients that read late or never.
func TestHostileReaders(t *testing.T) {
	t.Parallel()
	s := besiege(t, "127.0.0.1")
	s.under("subscribers that never read", func(s *siege) {
		stuck := []net.Conn{s.subscriber(), s.subscriber(), s.subscriber()}
		s.floods()
		for _, c := range stuck {
			s.awaitHangUp(c)
		}
	})
	s.under("a client that is stopped", func(s *siege) {
		socket, err := s.subscriber().(*net.TCPConn).File()
		if err != nil {
			s.t.Fatal(err)
		}
		client := exec.Command("cat")
		client.Stdin = socket
		client.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := client.Start(); err != nil {
			s.t.Fatal(err)
		}
		defer func() {
			_ = client.Process.Kill()
			_ = client.Wait()
			_ = socket.Close()
		}()
		stop(s.t, client.Process.Pid)
		s.floods()
		send(s.t, client.Process.Pid, syscall.SIGCONT)
		if err := client.Wait(); err != nil {
			s.t.Errorf("the client that went on: %v", err)
		}
	})
	s.under("a subscriber that reads slowly, and an interrupt", func(s *siege) {
		slow := s.subscriber()
		go func() { // until slow is closed
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for buffer := make([]byte, 16<<10); ; <-tick.C {
				if _, err := slow.Read(buffer); err != nil {
					return
				}
			}
		}()
		s.ok("viva := 1")
		id := s.Code(`linea := strings.Repeat("x", 199); for { fmt.Println(linea) }`, nil)
		printed := 0
		s.Await("more than may wait", func(r kerneltest.Received) bool {
			if r.Channel == kerneltest.IOPub && r.ParentID() == id {
				printed += len(r.Content)
			}
			return printed > 36<<20
		})
		asked := time.Now()
		s.interrupt()
		s.fails(s.Finish(id), lang.Interrupted)
		s.t.Logf("idle %v after the interrupt", time.Since(asked))
		s.prints("fmt.Println(viva)", "1\n")
		s.Forget()
	})
	s.under("a client that reads no replies", func(s *siege) {
		codec, err := wire.NewCodec(s.connection.SignatureScheme, s.connection.Key)
		if err != nil {
			s.t.Fatal(err)
		}
		c := s.dial(s.connection.ControlPort, hello("DEALER", "mudo"))
		for range 40_000 {
			m, err := wire.NewMessage(wire.KernelInfoRequest, "mudo", nil, nil)
			if err != nil {
				s.t.Fatal(err)
			}
			frames, err := codec.Encode(m)
			if err != nil {
				s.t.Fatal(err)
			}
			var texts []string
			for _, f := range frames {
				texts = append(texts, string(f))
			}
			if _, err := c.Write([]byte(zmtp(texts...))); err != nil {
				break // the kernel has hung up
			}
		}
		s.holds()
	})
	s.under("clients that die in the flood", func(s *siege) {
		for range 20 {
			defer func(c net.Conn) { _ = c.Close() }(s.subscriber())
		}
		dying := s.subscriber()
		go func() {
			_, _ = dying.Read(make([]byte, 1<<20))
			_ = dying.Close()
		}()
		s.floods()
	})
	s.awaitMemory()
}
