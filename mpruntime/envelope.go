package mpruntime

import (
	"encoding/binary"
	"errors"
	"slices"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// The messages between a pool and its workers. Each payload ends with two
// numbers of 8 bytes, big-endian: a job and a chunk of it.
const (
	// To a worker. The number of the first one is that of its processors.
	kindInitialize byte = 1 + iota // the initializer and its arguments
	kindStart                      // no initializer
	kindFunction                   // of a job; the number is its mode
	kindChunk                      // arguments
	kindCall                       // function and arguments of a job of one chunk; the number is its mode
	kindForget                     // a job
	kindCancel                     // a job: stop it
	kindRecall                     // a chunk: hand it back if it has not begun

	// From a worker.
	kindReady
	kindUnfit    // the initializer failed
	kindResult   // of a chunk
	kindPart     // of the results of a chunk, which go on
	kindFailure  // of a chunk
	kindReturned // a chunk, handed back
	kindKept     // a chunk that was recalled too late
)

const trailer = 16

// sendTo writes a message between a pool and a worker. One that is too large is not
// sent: the error wraps [frame.ErrTooLong].
func sendTo(conn *frame.Conn, kind byte, m codec.Message, job, number uint64) error {
	if err := checkSize(m); err != nil {
		return err
	}
	return conn.WriteFiles(kind, withNumbers(m.Bytes, job, number), m.Files)
}

// withNumbers returns b, which may be on its way elsewhere too, and two numbers.
func withNumbers(b []byte, job, number uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(slices.Clip(b), job), number)
}

// receiveFrom reads one.
func receiveFrom(conn *frame.Conn) (kind byte, m codec.Message, job, number uint64, err error) {
	kind, payload, err := conn.Read()
	if err != nil {
		return 0, m, 0, 0, err
	}
	m.Files = conn.Files()
	end := len(payload) - trailer
	if end < 0 {
		m.Close()
		return 0, codec.Message{}, 0, 0, errCutShort
	}
	m.Bytes = payload[:end:end]
	return kind, m, binary.BigEndian.Uint64(payload[end:]), binary.BigEndian.Uint64(payload[end+8:]), nil
}

// joinMessages makes one message of two.
func joinMessages(first, second codec.Message) codec.Message {
	b := make([]byte, 0, len(first.Bytes)+len(second.Bytes)+2*trailer)
	b = append(append(b, first.Bytes...), second.Bytes...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(first.Bytes)))
	b = binary.BigEndian.AppendUint64(b, uint64(len(first.Files)))
	return codec.Message{Bytes: b, Files: slices.Concat(first.Files, second.Files)}
}

// splitMessage is the reverse of joinMessages.
func splitMessage(m codec.Message) (first, second codec.Message, err error) {
	end := len(m.Bytes) - trailer
	if end < 0 {
		return first, second, errCutShort
	}
	n, files := binary.BigEndian.Uint64(m.Bytes[end:]), binary.BigEndian.Uint64(m.Bytes[end+8:])
	if n > uint64(end) || files > uint64(len(m.Files)) {
		return first, second, errCutShort
	}
	first = codec.Message{Bytes: m.Bytes[:n:n], Files: m.Files[:files:files]}
	return first, codec.Message{Bytes: m.Bytes[n:end:end], Files: m.Files[files:]}, nil
}

var errCutShort = errors.New("mp: reading a message of a pool: it is cut short")

// An envelope is a message that waits to be sent to a worker.
type envelope struct {
	kind        byte
	parts       [2]*parcel // the message, held; two are sent as one, of joinMessages
	job, number uint64
	cell        Cell // that gets the output from here on, nil for no change
}

// contents returns the message.
func (e *envelope) contents() codec.Message {
	switch first, second := e.parts[0], e.parts[1]; {
	case second != nil:
		return joinMessages(first.message, second.message)
	case first != nil:
		return first.message
	}
	return codec.Message{}
}

// drop gives up the message.
func (e *envelope) drop() {
	for _, p := range e.parts {
		p.release()
	}
}
