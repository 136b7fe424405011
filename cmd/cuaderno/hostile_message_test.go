//go:build linux

package main

import (
	"slices"
	"testing"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// TestHostileMessages sends whole ZeroMQ messages that are no messages of
// Jupyter, or of nobody who has the key.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	s := besiege(t, "127.0.0.1")
	s.ok("veces := 0")
	f := s.FrontEnd
	channels := []kerneltest.Channel{kerneltest.Shell, kerneltest.Control, kerneltest.Stdin}
	everywhere := func(frames ...[]byte) func(s *siege) {
		return func(*siege) {
			for _, ch := range channels {
				f.SendFrames(ch, frames)
			}
		}
	}
	// parts are the frames of a request that would run: delimiter, signature,
	// header, parent, metadata, content.
	refused := map[string]bool{} // ids that nothing may answer
	parts := func() [][]byte {
		m := f.Message(wire.ExecuteRequest, map[string]any{"code": "veces++"})
		refused[m.Header.ID] = true
		return f.Frames(m)
	}
	signed := func(header, content string) [][]byte {
		m := f.Message(wire.ExecuteRequest, nil)
		m.Content = []byte(content)
		if header != "" {
			m.RawHeader = []byte(header)
		}
		return f.Frames(m)
	}
	for i, name := range []string{"signature", "header", "parent", "metadata", "content"} {
		changed := parts()
		changed[i+1] = append(slices.Clone(changed[i+1]), ' ')
		s.under("wrong "+name, everywhere(changed...))
	}
	half := parts()
	half[1] = half[1][:len(half[1])/2]
	s.under("half a signature", everywhere(half...))
	unsigned := parts()
	unsigned[1] = nil
	s.under("no signature", everywhere(unsigned...))
	for n := range 5 {
		s.under("frames missing", everywhere(parts()[:n+1]...))
		s.under("no delimiter", everywhere(parts()[1:n+2]...))
	}
	s.under("a thousand identities", everywhere(slices.Concat(slices.Repeat([][]byte{[]byte("id")}, 1000), unsigned)...))
	for name, text := range map[string]string{
		"nothing":    "",
		"no JSON":    "{",
		"a list":     "[]",
		"null":       "null",
		"no UTF-8":   "{\"code\":\"\xff\xfe\"}",
		"deep":       `{"code":` + string(slices.Repeat([]byte("["), 100_000)),
		"two values": "{}{}",
	} {
		s.under("content is "+name, everywhere(signed("", text)...))
		s.under("header is "+name, everywhere(signed(text+" ", "{}")...))
	}
	s.under("header of numbers", everywhere(signed(`{"msg_id":1,"msg_type":2,"session":3}`, "{}")...))
	s.under("code is a number", func(*siege) {
		m := f.Message(wire.ExecuteRequest, map[string]any{"code": 1})
		f.SendMessage(kerneltest.Shell, m)
		f.Reply(m.Header.ID)
	})
	s.under("unknown type", everywhere(f.Frames(f.Message("pigeon_request", nil))...))
	s.under("an answer that nobody asked for", everywhere(f.Frames(f.Message(wire.InputReply, map[string]any{"value": "x"}))...))
	if n := s.number("veces"); n != 0 {
		t.Errorf("%d of them ran", n)
	}
	for _, r := range f.Log() {
		if r.Message != nil && refused[r.ParentID()] {
			t.Errorf("what should be dropped was answered with %s", r.Header.Type)
		}
	}
	s.under("replays", func(s *siege) {
		m := f.Message(wire.ExecuteRequest, map[string]any{"code": "veces++"})
		again := f.Frames(m)
		f.SendFrames(kerneltest.Shell, again)
		f.Finish(m.Header.ID)
		for range 100 {
			everywhere(again...)(s)
		}
	})
	if n := s.number("veces"); n != 1 {
		t.Errorf("a request that was sent again and again ran %d times", n)
	}
}
