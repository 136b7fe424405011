//go:build linux

package main

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
)

// TestHostileBytes sends what is no ZMTP, or too much of it.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	s := besiege(t, "127.0.0.1")
	shell, iopub := s.connection.ShellPort, s.connection.IOPubPort
	// everywhere says something on all ports, often, and stays connected.
	everywhere := func(times int, say string) func(s *siege) {
		return func(s *siege) {
			for range times {
				for _, port := range s.ports() {
					s.dial(port, say)
				}
			}
		}
	}
	// refused is everywhere, and awaits that the kernel hangs up.
	refused := func(say string) func(s *siege) {
		return func(s *siege) {
			for _, port := range s.ports() {
				s.awaitHangUp(s.dial(port, say))
			}
		}
	}
	s.under("silent connections", everywhere(20, ""))
	s.under("half greetings", everywhere(20, greetingOf()[:30]))
	s.under("greetings without READY", everywhere(20, greetingOf()))
	s.under("silence is not waited for", func(s *siege) {
		silent, half := s.dial(shell, ""), s.dial(iopub, greetingOf()[:30])
		s.awaitHangUp(silent)
		s.awaitHangUp(half)
	})
	s.under("unknown socket type", refused(hello("PIGEON", "")))
	s.under("wrong socket type", refused(hello("PUSH", "")))
	s.under("short property", refused(greetingOf()+"\x04\x08\x05READY\x09a"))
	s.under("long property", refused(greetingOf()+"\x04\x0c\x05READY\x01a\xff\xff\xff\xff"))
	s.under("READY of 2^62 bytes", refused(greetingOf()+claim(4, 1<<62)))
	s.under("HTTP", refused("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	s.under("TLS", refused("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"+strings.Repeat("x", 500)))
	for name, head := range map[string]string{
		"frame of 2^62 bytes":   claim(0, 1<<62),
		"frame of 2^40 bytes":   claim(0, 1<<40),
		"frame of 2^64-1 bytes": claim(0, 1<<64-1),
		"frame of 257 MiB":      claim(0, 257<<20),
		"command of 2^40 bytes": claim(4, 1<<40),
		"unknown flags":         "\x40\x00",
	} {
		s.under(name, func(s *siege) {
			s.awaitHangUp(s.dial(shell, hello("DEALER", "")+head))
			s.awaitHangUp(s.dial(iopub, hello("SUB", "")+head))
		})
	}
	s.under("claims held open", func(s *siege) {
		before := s.resident()
		for range 50 {
			s.dial(shell, hello("DEALER", "")+claim(0, 200<<20)+"a few bytes of them")
		}
		s.holds()
		if grown := s.resident() - before; grown > 64<<20 {
			s.t.Errorf("claims of lengths took %d MiB", grown>>20)
		}
	})
	s.under("millions of empty frames", func(s *siege) {
		c := s.dial(shell, hello("DEALER", ""))
		for empty := strings.Repeat("\x01\x00", 1<<15); ; {
			if _, err := io.WriteString(c, empty); err != nil {
				return
			}
		}
	})
	s.under("subscriptions without end", func(s *siege) {
		c := s.dial(iopub, hello("SUB", ""))
		for i := 0; ; i++ {
			if _, err := io.WriteString(c, zmtp("\x01"+strings.Repeat("x", 1+i%250)+string(rune(i)))); err != nil {
				return
			}
		}
	})
	random := rand.New(rand.NewPCG(1, 2))
	junk := func() string {
		b := make([]byte, random.IntN(300))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	s.under("random bytes", func(s *siege) {
		for range 200 {
			s.spit(shell, junk())
			s.spit(iopub, junk())
		}
	})
	s.under("random bytes after the handshake", func(s *siege) {
		for range 300 {
			s.spit(shell, hello("DEALER", "")+junk())
			s.spit(iopub, hello("SUB", "")+junk())
		}
	})
	s.under("500 connections that die", func(s *siege) {
		for range 500 {
			s.spit(shell, hello("DEALER", ""))
			s.spit(iopub, hello("SUB", "")+zmtp("\x01"))
		}
	})
	s.under("500 that die in a frame", func(s *siege) {
		for range 500 {
			s.spit(shell, hello("DEALER", "")+zmtp("<IDS|MSG>", "x")[:8])
		}
	})
	s.under("500 that die in the greeting", func(s *siege) {
		for range 500 {
			s.spit(shell, greetingOf()[:40])
		}
	})
	s.under("600 connections held", func(s *siege) {
		for range 600 {
			s.dial(shell, "")
		}
	})
	s.under("PING", func(s *siege) {
		for _, c := range []net.Conn{s.dial(shell, hello("DEALER", "")), s.dial(iopub, hello("SUB", ""))} {
			if _, err := io.WriteString(c, "\x04\x0a\x04PING\x00\x64abc"); err != nil {
				s.t.Fatal(err)
			}
			in := bufio.NewReader(c)
			if err := skipHello(in); err != nil {
				s.t.Fatal(err)
			}
			const pong = "\x04\x08\x04PONGabc"
			if got := make([]byte, len(pong)); !s.readFull(in, got) || string(got) != pong {
				s.t.Errorf("the answer to PING is %q", got)
			}
		}
	})
	s.under("heartbeat without delimiter", func(s *siege) {
		c := s.dial(s.connection.HeartbeatPort, hello("REQ", "")+zmtp("ping")+zmtp("")+zmtp("", "ping"))
		in := bufio.NewReader(c)
		if err := skipHello(in); err != nil {
			s.t.Fatal(err)
		}
		want := zmtp("ping") + zmtp("") + zmtp("", "ping")
		if got := make([]byte, len(want)); !s.readFull(in, got) || string(got) != want {
			s.t.Errorf("the echo is %q, want %q", got, want)
		}
	})
	s.under("one identity twice", func(s *siege) {
		older := s.dial(shell, hello("DEALER", "yo"))
		if err := skipHello(bufio.NewReader(older)); err != nil {
			s.t.Fatal(err)
		}
		s.dial(shell, hello("DEALER", "yo"))
		s.awaitHangUp(older)
	})
	s.awaitMemory()
}

// skipHello reads greeting and READY of the kernel.
func skipHello(in *bufio.Reader) error {
	if _, err := in.Discard(64 + 1); err != nil {
		return err
	}
	size, err := in.ReadByte()
	if err == nil {
		_, err = in.Discard(int(size))
	}
	return err
}

func (s *siege) readFull(in io.Reader, b []byte) bool {
	s.t.Helper()
	_, err := io.ReadFull(in, b)
	if err != nil {
		s.t.Error(err)
	}
	return err == nil
}
