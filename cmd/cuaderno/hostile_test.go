//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A siege is a kernel, listening on TCP, whose ports hostile clients reach. They
// have no key. Whatever they do, others are served, and when they are gone they
// have left nothing behind.
type siege struct {
	*served
	t           *testing.T
	descriptors int // of the kernel, with one front end
	memory      int // of the kernel, in bytes
}

// besiege starts a kernel on free ports of an address.
func besiege(t *testing.T, ip string) *siege {
	t.Helper()
	s := &siege{t: t, served: serveAt(t, freePortsOf(t, ip))}
	s.descriptors = s.open()
	s.under("nothing", func(*siege) {}) // so that what a client takes is taken
	s.memory = s.resident()
	return s
}

// freePorts returns a connection on ports of 127.0.0.1 that were free just now.
func freePorts(t *testing.T) wire.Connection {
	t.Helper()
	return freePortsOf(t, "127.0.0.1")
}

func freePortsOf(t *testing.T, ip string) wire.Connection {
	t.Helper()
	c := wire.Connection{Transport: "tcp", IP: ip, SignatureScheme: wire.SignatureScheme, Key: "secret"}
	for _, port := range []*int{&c.ShellPort, &c.ControlPort, &c.StdinPort, &c.IOPubPort, &c.HeartbeatPort} {
		l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all at the end, lest one be given out twice
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return c
}

// ports are all five.
func (s *siege) ports() []int {
	c := s.connection
	return []int{c.ShellPort, c.ControlPort, c.StdinPort, c.IOPubPort, c.HeartbeatPort}
}

// holds checks that a fresh front end is served, on all its channels.
func (s *siege) holds() {
	s.t.Helper()
	f := kerneltest.Connect(s.t, s.connection)
	if e := f.Execute(`fmt.Println("en pie")`); e.Status() != "ok" || e.Text("stdout") != "en pie\n" {
		s.t.Errorf("a cell printed %q and ended with %v", e.Text("stdout"), e.Status())
	}
	f.Reply(f.Send(kerneltest.Control, wire.KernelInfoRequest, nil))
	f.SendFrames(kerneltest.Heartbeat, [][]byte{[]byte("latido")})
	f.Await("heartbeat", func(r kerneltest.Received) bool { return r.Channel == kerneltest.Heartbeat })
}

// under runs an attack in a subtest, during which the kernel has to hold, and
// awaits that nothing is left of it.
func (s *siege) under(name string, attack func(s *siege)) {
	s.t.Helper()
	s.t.Run(name, func(t *testing.T) {
		in := *s
		in.served, in.t = s.in(t), t
		attack(&in)
		in.holds()
	})
	const few = 2 // that come and go with the work of the kernel
	for end := time.Now().Add(kerneltest.Limit); s.open() > s.descriptors+few; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s left %d descriptors, of %d before", name, s.open(), s.descriptors)
		}
	}
}

// open counts the descriptors of the kernel.
func (s *siege) open() int {
	s.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(entries)
}

// resident is the memory of the kernel in bytes.
func (s *siege) resident() int {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return kib << 10
}

// awaitMemory waits until the kernel has about as much memory as before. It gives
// back at its leisure what was freed.
func (s *siege) awaitMemory() {
	s.t.Helper()
	const most = 100 << 20
	for end := time.Now().Add(kerneltest.Limit); s.resident() > s.memory+most; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("the kernel has %d MiB, %d before", s.resident()>>20, s.memory>>20)
		}
	}
	s.t.Logf("resident before %d MiB, after %d MiB", s.memory>>20, s.resident()>>20)
}

// dial connects to a port and says something.
func (s *siege) dial(port int, say string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort(s.connection.IP, strconv.Itoa(port)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	// The kernel may hang up before it has read all.
	_, _ = io.WriteString(c, say)
	return c
}

// spit is dial by somebody who leaves at once.
func (s *siege) spit(port int, say string) {
	s.t.Helper()
	_ = s.dial(port, say).Close()
}

// awaitHangUp waits until the kernel has closed a connection.
func (s *siege) awaitHangUp(c net.Conn) {
	s.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(kerneltest.Limit)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		s.t.Error("the kernel does not hang up")
	}
}

// hello is the greeting of a ZMTP 3.0 peer with the NULL mechanism, and its READY
// (rfc.zeromq.org/spec/23).
func hello(kind, identity string) string { return greetingOf() + readyOf(kind, identity) }

func greetingOf() string {
	const start = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL"
	return start + strings.Repeat("\x00", 64-len(start))
}

func readyOf(kind, identity string) string {
	body := "\x05READY"
	for _, p := range [][2]string{{"Socket-Type", kind}, {"Identity", identity}} {
		body += string(rune(len(p[0]))) + p[0] + string(binary.BigEndian.AppendUint32(nil, uint32(len(p[1])))) + p[1]
	}
	return "\x04" + string([]byte{byte(len(body))}) + body
}

// zmtp is the bytes of a message of short frames.
func zmtp(frames ...string) string {
	var out strings.Builder
	for i, f := range frames {
		flags := byte(1)
		if i == len(frames)-1 {
			flags = 0
		}
		out.Write([]byte{flags, byte(len(f))})
		out.WriteString(f)
	}
	return out.String()
}

// claim is the head of a frame that claims a length.
func claim(flags byte, size uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte{flags | 2}, size))
}
