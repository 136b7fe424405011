package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Version is the version of the greeting and of the framing.
const Version = 1

// KindGreeting is the kind of the first message of each end.
const KindGreeting byte = 0

const (
	greetingMagic = "cuad"
	// maxGreeting bounds what is read from an end that has not yet shown that
	// it speaks this protocol.
	maxGreeting = 4 << 10
)

// RefusedError says why two ends did not accept each other. It is the same
// error on both ends, seen from each side.
type RefusedError struct {
	Reason      string
	Ours        string // build id of this end
	Theirs      string // build id of the other end, "" when it sent none
	TheirsProto uint16 // version of the other end, 0 when it sent none
}

// Error is a sentence for the user.
func (e *RefusedError) Error() string { return e.Reason }

// Greet exchanges greetings with the other end, which must be greeting too:
// protocol version and build id, normally [BuildID]. It blocks until the other
// end has greeted or gone, or the connection is closed. After an error the
// connection is closed; the error is a *[RefusedError] when the ends do not fit
// together, and then both ends get one.
func (c *Conn) Greet(build string) error {
	greeting := binary.BigEndian.AppendUint16([]byte(greetingMagic), Version)
	greeting = append(greeting, build...)
	// Both ends speak first, so neither may wait for the other to listen.
	wrote := make(chan error, 1)
	go func() { wrote <- c.Write(KindGreeting, greeting) }()

	err := c.readGreeting(build)
	var refused *RefusedError
	if errors.As(err, &refused) && refused.TheirsProto != 0 {
		// The other end speaks the protocol: it reads our greeting and refuses us.
		<-wrote //nolint:errcheck // the refusal says more
		c.Close()
		return err
	}
	if err != nil {
		c.Close()
		<-wrote //nolint:errcheck // err is the reason
		return err
	}
	if err := <-wrote; err != nil {
		c.Close()
		return fmt.Errorf("greeting the other end: %w", err)
	}
	return nil
}

// readGreeting reads and judges the greeting of the other end.
func (c *Conn) readGreeting(build string) error {
	stranger := &RefusedError{Reason: "the other end does not greet as a program of this project does", Ours: build}
	kind, theirs, err := c.read(maxGreeting)
	switch {
	case errors.Is(err, ErrTooLong):
		return stranger
	case errors.Is(err, io.EOF):
		return fmt.Errorf("waiting for the greeting: the other end closed the connection: %w", io.ErrUnexpectedEOF)
	case err != nil:
		return fmt.Errorf("waiting for the greeting: %w", err)
	}
	rest, ok := bytes.CutPrefix(theirs, []byte(greetingMagic))
	if kind != KindGreeting || !ok || len(rest) < 2 {
		return stranger
	}
	refused := &RefusedError{Ours: build, Theirs: string(rest[2:]), TheirsProto: binary.BigEndian.Uint16(rest)}
	switch {
	case refused.TheirsProto != Version:
		refused.Reason = fmt.Sprintf("this program speaks version %d of the protocol and the other one version %d: install both from the same build",
			Version, refused.TheirsProto)
		return refused
	case !sameBuild(build, refused.Theirs):
		refused.Reason = fmt.Sprintf("this program is build %q and the other one is build %q: install both from the same build", build, refused.Theirs)
		return refused
	}
	return nil
}
