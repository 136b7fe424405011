package wire

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func codec(t testing.TB, key string) *Codec {
	t.Helper()
	c, err := NewCodec(SignatureScheme, key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func frames(parts ...string) [][]byte {
	out := make([][]byte, len(parts))
	for i, p := range parts {
		out[i] = []byte(p)
	}
	return out
}

// The signature was computed with Python's hmac module.
const (
	key       = "a0436f6c-1916-498b-8eb9-e81ab9368e84"
	header    = `{"msg_id":"1","msg_type":"execute_request","session":"s","username":"u","date":"2026-01-02T03:04:05Z","version":"5.3"}`
	signature = "7d9f2f063d3e214b8020c489a074cd4b055ef1ea49e76d110333f714f34ae547"
)

func signed() [][]byte {
	return frames("client", "<IDS|MSG>", signature, header, "{}", "{}", `{"code":"1+1"}`)
}

func TestSignature(t *testing.T) {
	m, err := codec(t, key).Decode(signed())
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.ID != "1" || m.Header.Type != ExecuteRequest || string(m.Content) != `{"code":"1+1"}` {
		t.Errorf("decoded %+v", m)
	}
	back, err := codec(t, key).Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(back, signed(), slices.Equal) {
		t.Errorf("encoded %q, want %q", back, signed())
	}
	for i := 2; i < 7; i++ {
		bad := signed()
		bad[i] = append(slices.Clone(bad[i]), ' ')
		if _, err := codec(t, key).Decode(bad); !errors.Is(err, ErrSignature) {
			t.Errorf("with frame %d changed: %v, want ErrSignature", i, err)
		}
	}
	if _, err := codec(t, "other").Decode(signed()); !errors.Is(err, ErrSignature) {
		t.Errorf("with another key: %v, want ErrSignature", err)
	}
	if _, err := NewCodec("hmac-md5", key); err == nil {
		t.Error("an unknown scheme was accepted")
	}
}

func TestEmptyKeyMeansUnsigned(t *testing.T) {
	c := codec(t, "")
	m, err := NewMessage(Status, "s", nil, StatusContent{Busy})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(out[1]) != 0 {
		t.Errorf("signature %q, want none", out[1])
	}
	for range 2 {
		if _, err := c.Decode(out); err != nil {
			t.Errorf("an unsigned message: %v", err)
		}
	}
}

func TestReplayIsRefused(t *testing.T) {
	c := codec(t, key)
	if _, err := c.Decode(signed()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Decode(signed()); !errors.Is(err, ErrReplay) {
		t.Errorf("the second time: %v, want ErrReplay", err)
	}
}

func TestOldDigestsAreForgotten(t *testing.T) {
	c := codec(t, key)
	if c.memory != 1<<16 {
		t.Errorf("%d digests are remembered, want 2^16", c.memory)
	}
	c.memory = 100
	var first [][]byte
	for i := range c.memory + 1 {
		m, err := NewMessage(Status, "s", nil, StatusContent{Busy})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = out
		}
		if _, err := c.Decode(out); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if len(c.seen) != c.memory || len(c.ring) != c.memory {
		t.Errorf("%d digests are kept, want %d", len(c.seen), c.memory)
	}
	if _, err := c.Decode(first); err != nil {
		t.Errorf("the oldest message is still known: %v", err)
	}
}

func TestMalformed(t *testing.T) {
	c := codec(t, "")
	for name, bad := range map[string][][]byte{
		"nothing":            nil,
		"no delimiter":       frames("a", "b", "", header, "{}", "{}", "{}"),
		"four frames":        frames("<IDS|MSG>", "", header, "{}", "{}"),
		"header is no JSON":  frames("<IDS|MSG>", "", "{", "{}", "{}", "{}"),
		"header is a list":   frames("<IDS|MSG>", "", "[]", "{}", "{}", "{}"),
		"header is empty":    frames("<IDS|MSG>", "", "{}", "{}", "{}", "{}"),
		"msg_id is a number": frames("<IDS|MSG>", "", `{"msg_id":1,"msg_type":"x"}`, "{}", "{}", "{}"),
	} {
		if _, err := c.Decode(bad); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}

func TestUnreadableContent(t *testing.T) {
	c := codec(t, "")
	for name, bad := range map[string][][]byte{
		"parent":   frames("<IDS|MSG>", "", header, "null", "{}", "{}"),
		"metadata": frames("<IDS|MSG>", "", header, "{}", "", "{}"),
		"string":   frames("<IDS|MSG>", "", header, "{}", "{}", `"x"`),
		"UTF-8":    frames("<IDS|MSG>", "", header, "{}", "{}", "{\"code\":\"\xff\"}"),
		"'N'":      frames("<IDS|MSG>", "", header, "{}", "{}", `{"code": NaN}`),
	} {
		m, err := c.Decode(bad)
		if !errors.Is(err, ErrContent) || errors.Is(err, ErrMalformed) || name != "string" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want ErrContent", name, err)
		}
		if m == nil || m.Header.ID == "" || !json.Valid(m.Parent) || !json.Valid(m.Metadata) || !json.Valid(m.Content) {
			t.Errorf("%s: the message is %+v", name, m)
		}
	}
}

func TestBuffersAreKept(t *testing.T) {
	c := codec(t, key)
	in := append(signed(), []byte("\x00\xff"), nil, []byte("<IDS|MSG>"))
	m, err := c.Decode(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Buffers) != 3 || string(m.Buffers[0]) != "\x00\xff" || len(m.Identities) != 1 {
		t.Errorf("identities %q, buffers %q", m.Identities, m.Buffers)
	}
	out, err := c.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(out, in, slices.Equal) {
		t.Errorf("encoded %q, want %q", out, in)
	}
}

func TestEncodeWithoutParent(t *testing.T) {
	m, err := NewMessage(Status, "s", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := codec(t, key).Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < 6; i++ {
		if string(out[i]) != "{}" {
			t.Errorf("frame %d is %s, want {}", i, out[i])
		}
	}
	if m.ParentID() != "" {
		t.Errorf("parent id %q", m.ParentID())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(strings.Join([]string{"id", "<IDS|MSG>", "", header, "{}", "{}", `{"code":"1"}`, "buffer"}, "\n")))
	f.Add([]byte("<IDS|MSG>\n\n{}\n{}\n{}\n{}"))
	f.Add([]byte("<IDS|MSG>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var in [][]byte
		for part := range strings.SplitSeq(string(data), "\n") {
			in = append(in, []byte(part))
		}
		c := codec(t, "")
		m, err := c.Decode(in)
		if err != nil {
			return
		}
		if _, err := DecodeExecute(m.Content); err == nil && !json.Valid(m.Content) {
			t.Errorf("read the content %q", m.Content)
		}
		out, err := c.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Decode(out)
		if err != nil {
			t.Fatalf("decoding what was encoded: %v", err)
		}
		if again.Header != m.Header || len(again.Buffers) != len(m.Buffers) || len(again.Identities) != len(m.Identities) {
			t.Errorf("decoded %+v, then %+v", m, again)
		}
	})
}
