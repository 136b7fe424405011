package frame_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"cuaderno/internal/frame"
)

// stream is a read-only stream that counts nothing and refuses nothing.
type stream struct{ io.Reader }

func (stream) Write(p []byte) (int, error) { return len(p), nil }
func (stream) Close() error                { return nil }

// writes records each Write call.
type writes struct {
	calls [][]byte
}

func (w *writes) Read([]byte) (int, error) { return 0, io.EOF }
func (w *writes) Close() error             { return nil }
func (w *writes) Write(p []byte) (int, error) {
	w.calls = append(w.calls, bytes.Clone(p))
	return len(p), nil
}

func pair(t *testing.T) (*frame.Conn, *frame.Conn) {
	t.Helper()
	a, b := net.Pipe()
	ca, cb := frame.New(a), frame.New(b)
	t.Cleanup(func() { ca.Close(); cb.Close() })
	return ca, cb
}

func TestMessagesArriveWhole(t *testing.T) {
	a, b := pair(t)
	sizes := []int{0, 1, 5, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20, 3<<20 + 7}
	go func() {
		for i, n := range sizes {
			if err := a.Write(byte(i+1), bytes.Repeat([]byte{byte(i)}, n)); err != nil {
				t.Errorf("writing %d bytes: %v", n, err)
			}
		}
		a.Close()
	}()
	for i, n := range sizes {
		kind, payload, err := b.Read()
		if err != nil {
			t.Fatalf("reading %d bytes: %v", n, err)
		}
		if kind != byte(i+1) || !bytes.Equal(payload, bytes.Repeat([]byte{byte(i)}, n)) {
			t.Fatalf("message %d: kind %d, %d bytes", i, kind, len(payload))
		}
	}
	if _, _, err := b.Read(); err != io.EOF {
		t.Fatalf("after the other end closed: %v, want io.EOF", err)
	}
}

func TestSmallMessageIsOneWrite(t *testing.T) {
	w := &writes{}
	c := frame.New(w)
	if err := c.Write(7, []byte("hola")); err != nil {
		t.Fatal(err)
	}
	if len(w.calls) != 1 || string(w.calls[0]) != "\x00\x00\x00\x04\x07hola" {
		t.Fatalf("writes: %q", w.calls)
	}
}

func TestConcurrentWritersDoNotMix(t *testing.T) {
	a, b := pair(t)
	const writers, each = 8, 50
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for range each {
				if err := a.Write(byte(w), bytes.Repeat([]byte{byte(w)}, 100+w*10000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { group.Wait(); a.Close() }()
	seen := map[byte]int{}
	for {
		kind, payload, err := b.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(payload, bytes.Repeat([]byte{kind}, 100+int(kind)*10000)) {
			t.Fatal("two messages were mixed")
		}
		seen[kind]++
	}
	for w := range writers {
		if seen[byte(w)] != each {
			t.Errorf("writer %d: %d messages of %d", w, seen[byte(w)], each)
		}
	}
}

func TestTooLong(t *testing.T) {
	a, b := pair(t)
	a.SetLimit(10)
	if err := a.Write(1, make([]byte, 11)); !errors.Is(err, frame.ErrTooLong) {
		t.Errorf("writing: %v", err)
	}
	b.SetLimit(4)
	go a.Write(1, make([]byte, 5)) // a refused write leaves the stream usable
	if _, _, err := b.Read(); !errors.Is(err, frame.ErrTooLong) {
		t.Errorf("reading: %v", err)
	}
}

func TestTruncated(t *testing.T) {
	for _, sent := range []string{"\x00", "\x00\x00\x00\x04\x01", "\x00\x00\x00\x04\x01abc"} {
		_, _, err := frame.New(stream{bytes.NewReader([]byte(sent))}).Read()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", sent, err)
		}
	}
}

func TestLengthAloneTakesNoMemory(t *testing.T) {
	header := binary.BigEndian.AppendUint32(nil, frame.MaxPayload)
	c := frame.New(stream{bytes.NewReader(append(header, 1, 'x'))})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := c.Read()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("a lying header took %d bytes", took)
	}
}

func TestBrokenConnectionStaysBroken(t *testing.T) {
	a, b := pair(t)
	b.Close()
	first := a.Write(1, []byte("x"))
	if first == nil {
		t.Fatal("no error")
	}
	if second := a.Write(1, nil); second != first {
		t.Fatalf("%v, want the first error %v", second, first)
	}
}
