package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"
)

// Errors of Decode. A message that causes one is to be dropped.
var (
	ErrMalformed = errors.New("malformed message")
	ErrSignature = errors.New("wrong signature")
	ErrReplay    = errors.New("message seen before")
)

// ErrContent is wrapped by the error of Decode for a message whose header says who
// sent it and what for, and that cannot be read beyond that. Whoever sent it waits:
// it is to be answered with the error.
var ErrContent = errors.New("unreadable message")

var delimiter = []byte("<IDS|MSG>")

// SignatureScheme is the only signature scheme that the codec knows.
const SignatureScheme = "hmac-sha256"

// historySize is how many digests are remembered (jupyter_client
// session.py, digest_history_size).
const historySize = 1 << 16

// A mark is the beginning of a digest: enough of what nobody without the key can
// choose to tell messages apart.
type mark [8]byte

// A Codec encodes and decodes messages of one connection. It may be used from
// any goroutine.
type Codec struct {
	key    []byte
	memory int // how many digests are remembered

	mu   sync.Mutex
	seen map[mark]struct{}
	ring []mark // those in seen, oldest at next once full
	next int
}

// NewCodec returns a codec for the key and scheme of a connection file. With an
// empty key messages are neither signed nor checked, and replays are accepted.
func NewCodec(scheme, key string) (*Codec, error) {
	if key != "" && scheme != SignatureScheme {
		return nil, fmt.Errorf("unknown signature scheme %q, want %q", scheme, SignatureScheme)
	}
	return &Codec{key: []byte(key), memory: historySize, seen: map[mark]struct{}{}}, nil
}

// Encode returns the frames of m, signed. The frames share the memory of m.
func (c *Codec) Encode(m *Message) ([][]byte, error) {
	header := m.RawHeader
	if len(header) == 0 {
		var err error
		if header, err = json.Marshal(m.Header); err != nil {
			return nil, fmt.Errorf("encoding header of %s: %w", m.Header.Type, err)
		}
	}
	parts := [4][]byte{header, object(m.Parent), object(m.Metadata), object(m.Content)}
	frames := make([][]byte, 0, len(m.Identities)+6+len(m.Buffers))
	frames = append(frames, m.Identities...)
	frames = append(frames, delimiter, c.signature(parts))
	frames = append(frames, parts[:]...)
	return append(frames, m.Buffers...), nil
}

func object(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return []byte("{}")
	}
	return raw
}

// Decode checks the frames of one message and returns it. The error wraps
// ErrMalformed, ErrSignature or ErrReplay, or ErrContent: then the message is
// returned too, with {} for what cannot be read. The message shares the memory of
// frames.
func (c *Codec) Decode(frames [][]byte) (*Message, error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("%w: no delimiter in %d frames", ErrMalformed, len(frames))
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return nil, fmt.Errorf("%w: %d frames after the delimiter, want at least 5", ErrMalformed, len(rest))
	}
	parts := [4][]byte(rest[1:5])
	if err := c.check(rest[0], parts); err != nil {
		return nil, err
	}
	if err := checkObject(parts[0]); err != nil {
		return nil, fmt.Errorf("%w: the header is no JSON object: %w", ErrMalformed, err)
	}
	m := &Message{
		Identities: frames[:at:at],
		RawHeader:  parts[0],
		Parent:     parts[1],
		Metadata:   parts[2],
		Content:    parts[3],
		Buffers:    rest[5:],
	}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return nil, fmt.Errorf("%w: header without msg_id or msg_type", ErrMalformed)
	}
	var unreadable error
	for i, part := range [3]*json.RawMessage{&m.Parent, &m.Metadata, &m.Content} {
		if err := checkObject(*part); err != nil {
			name := [3]string{"parent header", "metadata", "content"}[i]
			unreadable = fmt.Errorf("%w: the %s of %s is no JSON object: %w", ErrContent, name, m.Header.Type, err)
			*part = json.RawMessage("{}")
		}
	}
	return m, unreadable
}

// checkObject says why raw is no JSON object.
func checkObject(raw []byte) error {
	if !utf8.Valid(raw) {
		return errors.New("it is not UTF-8")
	}
	var value json.RawMessage // is not built: only what JSON it is matters
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	if trimmed := bytes.TrimLeft(raw, " \t\r\n"); trimmed[0] != '{' {
		return errors.New("it is another JSON value")
	}
	return nil
}

func (c *Codec) digest(parts [4][]byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func (c *Codec) signature(parts [4][]byte) []byte {
	if len(c.key) == 0 {
		return []byte{}
	}
	return hex.AppendEncode(nil, c.digest(parts))
}

// check verifies a signature and remembers its digest.
func (c *Codec) check(signature []byte, parts [4][]byte) error {
	if len(c.key) == 0 {
		return nil
	}
	want := c.digest(parts)
	if !hmac.Equal(signature, hex.AppendEncode(nil, want)) {
		return ErrSignature
	}
	m := mark(want)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, dup := c.seen[m]; dup {
		return ErrReplay
	}
	c.seen[m] = struct{}{}
	if len(c.ring) < c.memory {
		c.ring = append(c.ring, m)
		return nil
	}
	delete(c.seen, c.ring[c.next])
	c.ring[c.next] = m
	c.next = (c.next + 1) % c.memory
	return nil
}
