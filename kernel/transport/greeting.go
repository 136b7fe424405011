package transport

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// The greeting of ZMTP 3.1 with the NULL mechanism: signature, version,
// mechanism, as-server and filler (rfc.zeromq.org/spec/37, "greeting").
const (
	greetingSize = 64
	greetingText = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x01NULL"
	mechanismAt  = 12
	mechanismEnd = 32
)

func greeting() []byte {
	out := make([]byte, greetingSize)
	copy(out, greetingText)
	return out
}

// readGreeting reads the greeting of a peer. What is no ZMTP is refused at its
// first byte.
func readGreeting(in *bufio.Reader) error {
	if first, err := in.Peek(1); err != nil || first[0] != greetingText[0] {
		return fmt.Errorf("%w: no greeting", errFrame)
	}
	var g [greetingSize]byte
	if _, err := io.ReadFull(in, g[:]); err != nil {
		return fmt.Errorf("reading the greeting: %w", err)
	}
	mechanism := strings.TrimRight(string(g[mechanismAt:mechanismEnd]), "\x00")
	switch {
	case g[9] != greetingText[9]:
		return fmt.Errorf("%w: no signature in the greeting", errFrame)
	case g[10] < 3:
		return fmt.Errorf("%w: version %d.%d, and 3.0 is the oldest spoken here", errFrame, g[10], g[11])
	case mechanism != "NULL":
		return fmt.Errorf("%w: security mechanism %q, and only NULL is spoken here", errFrame, mechanism)
	}
	return nil
}

// A ready is what the READY command of a peer says.
type ready struct {
	kind     Kind
	identity string // empty when the peer leaves it to us
}

const (
	readyCommand     = "READY"
	kindProperty     = "Socket-Type"
	identityProperty = "Identity"
	maxIdentity      = 255
)

// command returns the READY that says r.
func (r ready) command() packet {
	var body []byte
	for _, property := range [2][2]string{{kindProperty, string(r.kind)}, {identityProperty, r.identity}} {
		body = append(append(body, byte(len(property[0]))), property[0]...)
		body = append(binary.BigEndian.AppendUint32(body, uint32(len(property[1]))), property[1]...)
	}
	return encodeCommand(readyCommand, body)
}

// readReady reads the READY of a peer of a socket of kind local.
func readReady(in *bufio.Reader, local Kind) (ready, error) {
	c, err := readCommand(in)
	if err != nil {
		return ready{}, fmt.Errorf("reading READY: %w", err)
	}
	if !c.is(readyCommand) {
		return ready{}, fmt.Errorf("%w: %q where READY is due", errFrame, c.name)
	}
	r, err := parseReady(c.body)
	if err != nil {
		return ready{}, err
	}
	if !local.accepts(r.kind) {
		return ready{}, fmt.Errorf("%w: a %s does not talk to a %q", errFrame, local, r.kind)
	}
	// libzmq keeps identities that begin with zero for itself, as we do.
	if len(r.identity) > maxIdentity || strings.HasPrefix(r.identity, "\x00") {
		return ready{}, fmt.Errorf("%w: an identity of %d bytes", errFrame, len(r.identity))
	}
	return r, nil
}

func parseReady(body []byte) (ready, error) {
	var r ready
	for len(body) > 0 {
		n := 1 + int(body[0])
		if n == 1 || len(body) < n+4 {
			return ready{}, fmt.Errorf("%w: a property of READY is cut off", errFrame)
		}
		name, rest := string(body[1:n]), body[n+4:]
		size := binary.BigEndian.Uint32(body[n:])
		if uint64(size) > uint64(len(rest)) {
			return ready{}, fmt.Errorf("%w: a property of READY is cut off", errFrame)
		}
		value := string(rest[:size])
		switch {
		case strings.EqualFold(name, kindProperty):
			r.kind = Kind(value)
		case strings.EqualFold(name, identityProperty):
			r.identity = value
		}
		body = rest[size:]
	}
	return r, nil
}
