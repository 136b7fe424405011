package transport

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func (p packet) bytes() []byte { return bytes.Join(p.pieces, nil) }

func reader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

func ignore(command) error { return nil }

func TestMessagesSurviveTheWire(t *testing.T) {
	for _, sizes := range [][]int{{0}, {1, 0, 2}, {255, 256}, {copied, copied + 1, 3}, {1 << 20, 0, 70000}} {
		var frames [][]byte
		for i, n := range sizes {
			frames = append(frames, bytes.Repeat([]byte{byte(i)}, n))
		}
		p := encode(frames)
		if got := p.bytes(); len(got) != p.size {
			t.Errorf("frames of %v have %d bytes, said to be %d", sizes, len(got), p.size)
		}
		back, err := readMessage(reader(p.bytes()), ignore)
		if err != nil || !slices.EqualFunc(back, frames, bytes.Equal) {
			t.Errorf("frames of %v came back as %d, %v", sizes, len(back), err)
		}
	}
}

func TestCommandsBetweenFrames(t *testing.T) {
	in := slices.Concat([]byte("\x01\x01a"), encodeCommand("PING", []byte("xx")).bytes(), []byte("\x00\x01b"))
	var heard []string
	frames, err := readMessage(reader(in), func(c command) error {
		heard = append(heard, c.name)
		return nil
	})
	if err != nil || text(frames) != "a|b" || !slices.Equal(heard, []string{"PING"}) {
		t.Errorf("read %q, %v and commands %q", frames, err, heard)
	}
}

func TestMessagesBeyondBoundsAreRefused(t *testing.T) {
	claim := func(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte{flagLong}, n) }
	for name, in := range map[string][]byte{
		"2^62 bytes":        claim(1 << 62),
		"2^40 bytes":        claim(1 << 40),
		"257 MiB":           claim(257 << 20),
		"two frames":        slices.Concat([]byte("\x01\x01a"), claim(maxMessage)),
		"too many frames":   slices.Concat(bytes.Repeat([]byte{flagMore, 0}, maxFrames), []byte{0, 0}),
		"unknown flags":     []byte("\x08\x00"),
		"a long command":    binary.BigEndian.AppendUint64([]byte{flagLong | flagCommand}, maxCommand+1),
		"an empty command":  []byte("\x04\x00"),
		"a command cut off": []byte("\x04\x02\x05x"),
	} {
		if _, err := readMessage(reader(in), ignore); !errors.Is(err, errFrame) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// A claim of a length takes memory only as its bytes arrive.
func TestClaimsTakeNoMemory(t *testing.T) {
	const claims = 100
	in := binary.BigEndian.AppendUint64([]byte{flagLong}, maxMessage)
	in = append(in, "a few bytes"...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range claims {
		if _, err := readMessage(reader(in), ignore); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / claims; each > 4*firstRead {
		t.Errorf("a claim of %d bytes took %d", maxMessage, each)
	}
}

func TestGreetings(t *testing.T) {
	good := greeting()
	change := func(at int, to string) []byte {
		g := slices.Clone(good)
		copy(g[at:], to)
		return g
	}
	for name, c := range map[string]struct {
		greeting []byte
		ok       bool
	}{
		"ours":           {good, true},
		"version 3.0":    {change(11, "\x00"), true},
		"version 4":      {change(10, "\x04"), true},
		"filler":         {change(1, "12345678"), true},
		"version 2":      {change(10, "\x02"), false},
		"no signature":   {change(9, "\x00"), false},
		"CURVE":          {change(mechanismAt, "CURVE"), false},
		"HTTP":           {[]byte("GET / HTTP/1.1\r\n" + strings.Repeat("x", 64)), false},
		"half a one":     {good[:30], false},
		"nothing at all": {nil, false},
	} {
		if err := readGreeting(reader(c.greeting)); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReady(t *testing.T) {
	property := func(name, value string) string {
		return fmt.Sprintf("%c%s%s%s", len(name), name, binary.BigEndian.AppendUint32(nil, uint32(len(value))), value)
	}
	dealer := property("socket-TYPE", "DEALER")
	for name, c := range map[string]struct {
		body string
		want ready
	}{
		"a dealer":            {dealer + property("Identity", "ana"), ready{Dealer, "ana"}},
		"other properties":    {dealer + property("X-Mood", "good"), ready{Dealer, ""}},
		"a SUB":               {property("Socket-Type", "SUB"), ready{}},
		"an unknown type":     {property("Socket-Type", "PIGEON"), ready{}},
		"no type":             {"", ready{}},
		"a short property":    {dealer + "\x05abc", ready{}},
		"a long value":        {"\x01a\xff\xff\xff\xff", ready{}},
		"a name of no bytes":  {dealer + "\x00\x00\x00\x00\x00", ready{}},
		"an identity of ours": {dealer + property("Identity", "\x00abcd"), ready{}},
		"a long identity":     {dealer + property("Identity", strings.Repeat("x", 256)), ready{}},
	} {
		got, err := readReady(reader(encodeCommand(readyCommand, []byte(c.body)).bytes()), router)
		if got != c.want || (err == nil) != (c.want.kind != "") {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	for name, in := range map[string][]byte{
		"a message":       []byte("\x00\x05READY"),
		"another command": encodeCommand("HELLO", nil).bytes(),
		"a long one":      encodeCommand(readyCommand, make([]byte, maxCommand)).bytes(),
	} {
		if _, err := readReady(reader(in), router); !errors.Is(err, errFrame) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	self := ready{Dealer, "ana"}
	if got, err := readReady(reader(self.command().bytes()), router); got != self || err != nil {
		t.Errorf("our own READY is %+v, %v", got, err)
	}
}

// FuzzMessages reads what a peer may send after its handshake.
func FuzzMessages(f *testing.F) {
	f.Add(encode([][]byte{[]byte("id"), nil, make([]byte, 300)}).bytes())
	f.Add(slices.Concat(encodeCommand("PING", []byte("\x00\x00abc")).bytes(), []byte("\x01\x01a\x00\x01b")))
	f.Add(encodeCommand("SUBSCRIBE", []byte("topic")).bytes())
	f.Add([]byte("\x02\x40\x00\x00\x00\x00\x00\x00\x00"))
	f.Add(bytes.Repeat([]byte{flagMore, 0}, 40))
	f.Add([]byte("\x04\x00\x05\x01a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := reader(data)
		for {
			frames, err := readMessage(in, ignore)
			if err != nil {
				return
			}
			size := 0
			for _, f := range frames {
				size += len(f)
			}
			if size > len(data) || len(frames) > maxFrames || len(frames) == 0 {
				t.Fatalf("%d bytes gave %d frames of %d bytes", len(data), len(frames), size)
			}
			back, err := readMessage(reader(encode(frames).bytes()), ignore)
			if err != nil || !slices.EqualFunc(back, frames, bytes.Equal) {
				t.Fatalf("%q came back as %q, %v", frames, back, err)
			}
		}
	})
}

// FuzzHandshake reads what a peer may send from its first byte on.
func FuzzHandshake(f *testing.F) {
	for _, r := range []ready{{Dealer, "ana"}, {Sub, ""}, {"PIGEON", "x"}, {"REQ", "\x00"}} {
		f.Add(slices.Concat(greeting(), r.command().bytes()))
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(greeting()[:20])
	f.Add(slices.Concat(greeting(), []byte("\x04\x08\x05READY\x09ab")))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, local := range []Kind{router, xpub} {
			in := reader(data)
			if readGreeting(in) != nil {
				return
			}
			r, err := readReady(in, local)
			if err != nil {
				continue
			}
			if !local.accepts(r.kind) {
				t.Fatalf("a %s let in a %q", local, r.kind)
			}
			if again, err := readReady(reader(r.command().bytes()), local); again != r || err != nil {
				t.Fatalf("%+v came back as %+v, %v", r, again, err)
			}
		}
	})
}
