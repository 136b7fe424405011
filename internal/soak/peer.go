package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"github.com/google/uuid"

	"cuaderno/kernel/wire"
)

// A peer is a program that speaks ZMTP 3.0 (rfc.zeromq.org/spec:23) by hand, to
// stop where it must not.
type peer struct{ net.Conn }

func greeting() []byte {
	g := make([]byte, 64)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:], "NULL")
	return g
}

const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

func frame(flags byte, body []byte) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...) //nolint:gosec // less than 256
	}
	return append(binary.BigEndian.AppendUint64([]byte{flags | flagLong}, uint64(len(body))), body...)
}

func ready(kind string) []byte {
	body := append([]byte("\x05READY\x0bSocket-Type"), binary.BigEndian.AppendUint32(nil, uint32(len(kind)))...) //nolint:gosec // short
	return frame(flagCommand, append(body, kind...))
}

func multipart(frames [][]byte) []byte {
	var out []byte
	for i, f := range frames {
		flags := byte(flagMore)
		if i == len(frames)-1 {
			flags = 0
		}
		out = append(out, frame(flags, f)...)
	}
	return out
}

// shake greets and waits for the other side's greeting and READY.
func (p peer) shake(kind string) error {
	if _, err := p.Write(append(greeting(), ready(kind)...)); err != nil {
		return err
	}
	_, err := io.ReadFull(p, make([]byte, 64+2))
	return err
}

// misbehave is one broken peer after the other.
func (s *soak) misbehave(ctx context.Context, k *process, random *rand.Rand) {
	for pause(ctx, time.Duration(random.IntN(1000))*time.Millisecond) && !k.gone() {
		ports := []int{k.connection.ShellPort, k.connection.ControlPort, k.connection.StdinPort, k.connection.IOPubPort, k.connection.HeartbeatPort}
		at := random.IntN(len(ports))
		c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(context.WithoutCancel(ctx), "tcp", fmt.Sprintf("127.0.0.1:%d", ports[at]))
		if err != nil {
			if ctx.Err() == nil && !k.gone() {
				s.tally.fault(k.who, "a peer cannot connect: %v", err)
			}
			continue
		}
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		p := peer{c}
		switch random.IntN(6) {
		case 0: // says nothing, longer than a greeting may take
			pause(ctx, time.Duration(random.IntN(7000))*time.Millisecond)
			s.tally.add("silent peers", 1)
		case 1: // dies in the middle of a message
			whole := append(append(greeting(), ready("DEALER")...), multipart(s.foreign(k, true))...)
			_, _ = p.Write(whole[:random.IntN(len(whole))])
			pause(ctx, time.Duration(random.IntN(20))*time.Millisecond)
			_ = c.(*net.TCPConn).SetLinger(0)
			s.tally.add("dying peers", 1)
		case 2: // signs with another key
			kind := "DEALER"
			if err := p.shake(kind); err == nil {
				for range 1 + random.IntN(20) {
					_, _ = p.Write(multipart(s.foreign(k, false)))
				}
				pause(ctx, time.Duration(random.IntN(100))*time.Millisecond)
			}
			s.tally.add("bad signatures", 1)
		case 3: // subscribes and does not read
			_ = c.(*net.TCPConn).SetReadBuffer(4096)
			if err := p.shake("SUB"); err == nil {
				_, _ = p.Write(frame(0, []byte{1}))
				pause(ctx, time.Duration(random.IntN(10_000))*time.Millisecond)
			}
			s.tally.add("stuck subscribers", 1)
		case 4: // sends noise
			noise := make([]byte, random.IntN(4096))
			for i := range noise {
				noise[i] = byte(random.Uint32())
			}
			if random.IntN(2) == 0 {
				_ = p.shake("DEALER")
			}
			_, _ = p.Write(noise)
			pause(ctx, time.Duration(random.IntN(100))*time.Millisecond)
			s.tally.add("noisy peers", 1)
		case 5: // announces a frame of an exabyte
			if err := p.shake("DEALER"); err == nil {
				_, _ = p.Write(binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<60))
				pause(ctx, time.Duration(random.IntN(100))*time.Millisecond)
			}
			s.tally.add("huge frames", 1)
		}
		_ = c.Close() // whatever it was, it goes
	}
}

// foreign is a cell of somebody else, signed with the kernel's key or another.
func (s *soak) foreign(k *process, key bool) [][]byte {
	secret := uuid.NewString()
	if key {
		secret = k.connection.Key
	}
	codec, err := wire.NewCodec(wire.SignatureScheme, secret)
	if err != nil {
		panic(err) // the scheme is the one
	}
	m, err := wire.NewMessage(wire.KernelInfoRequest, uuid.NewString(), nil, map[string]any{})
	if err != nil {
		panic(err) // it is an object
	}
	frames, err := codec.Encode(m)
	if err != nil {
		panic(err)
	}
	return frames
}
