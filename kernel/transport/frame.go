package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Flags of a frame (ZMTP 3.1, "framing").
const (
	flagMore    = 1 << iota // more frames of the message follow
	flagLong                // the length has eight bytes
	flagCommand             // the frame is a command, not part of a message
)

// Bounds of what a peer may send.
const (
	maxMessage = 256 << 20 // bytes of a message
	maxFrames  = 1024      // frames of a message
	maxCommand = 4 << 10   // bytes of a command
)

var errFrame = errors.New("not ZMTP")

// A packet is the ZMTP bytes of one message or command, in pieces. Pieces are
// never written to, so that many queues may hold the same packet.
type packet struct {
	pieces [][]byte
	size   int
}

// copied is up to which size a frame is copied into a piece with what is around
// it; a larger one is a piece of its own.
const copied = 4 << 10

// encode returns the packet of a message. It holds on to large frames.
func encode(frames [][]byte) packet {
	var p packet
	small := 0
	for _, f := range frames {
		small += 9
		if len(f) <= copied {
			small += len(f)
		}
	}
	piece := make([]byte, 0, small)
	for i, f := range frames {
		flags := byte(0)
		if i < len(frames)-1 {
			flags |= flagMore
		}
		piece = appendHead(piece, flags, len(f))
		if len(f) <= copied {
			piece = append(piece, f...)
			continue
		}
		p.add(piece)
		p.add(f)
		piece = piece[len(piece):]
	}
	p.add(piece)
	return p
}

func (p *packet) add(piece []byte) {
	if len(piece) > 0 {
		p.pieces = append(p.pieces, piece)
		p.size += len(piece)
	}
}

func encodeCommand(name string, body []byte) packet {
	out := appendHead(nil, flagCommand, 1+len(name)+len(body))
	out = append(append(append(out, byte(len(name))), name...), body...)
	return packet{pieces: [][]byte{out}, size: len(out)}
}

func appendHead(to []byte, flags byte, size int) []byte {
	if size > 255 {
		return binary.BigEndian.AppendUint64(append(to, flags|flagLong), uint64(size))
	}
	return append(to, flags, byte(size))
}

// A command is the body of a command frame, taken apart.
type command struct {
	name string
	body []byte
}

func parseCommand(frame []byte) (command, error) {
	if len(frame) == 0 || len(frame) < 1+int(frame[0]) {
		return command{}, fmt.Errorf("%w: a command is shorter than its name", errFrame)
	}
	n := 1 + int(frame[0])
	return command{name: string(frame[1:n]), body: frame[n:]}, nil
}

func (c command) is(name string) bool { return strings.EqualFold(c.name, name) }

// head reads the head of a frame.
func head(in *bufio.Reader) (flags byte, size uint64, err error) {
	if flags, err = in.ReadByte(); err != nil {
		return 0, 0, err
	}
	if flags&^(flagMore|flagLong|flagCommand) != 0 {
		return 0, 0, fmt.Errorf("%w: flags %#x", errFrame, flags)
	}
	if flags&flagLong == 0 {
		short, err := in.ReadByte()
		return flags, uint64(short), err
	}
	var long [8]byte
	_, err = io.ReadFull(in, long[:])
	return flags, binary.BigEndian.Uint64(long[:]), err
}

// firstRead is how much memory the claim of a length alone is worth.
const firstRead = 64 << 10

// body reads size bytes. Its memory grows with the bytes that arrive.
func body(in *bufio.Reader, size int) ([]byte, error) {
	out := make([]byte, min(size, firstRead))
	if _, err := io.ReadFull(in, out); err != nil {
		return nil, err
	}
	for n := len(out); n < size; n = len(out) {
		grown := make([]byte, min(size, 2*n))
		copy(grown, out)
		out = grown
		if _, err := io.ReadFull(in, out[n:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readCommand reads a frame that has to be a command.
func readCommand(in *bufio.Reader) (command, error) {
	flags, size, err := head(in)
	if err != nil {
		return command{}, err
	}
	if flags&flagCommand == 0 || flags&flagMore != 0 {
		return command{}, fmt.Errorf("%w: a message where a command is due", errFrame)
	}
	return commandBody(in, size)
}

func commandBody(in *bufio.Reader, size uint64) (command, error) {
	if size > maxCommand {
		return command{}, fmt.Errorf("%w: a command of %d bytes", errFrame, size)
	}
	frame, err := body(in, int(size))
	if err != nil {
		return command{}, err
	}
	return parseCommand(frame)
}

// readMessage reads one message. Commands may come before it and between its
// frames, as libzmq sends them; obey takes them, and its error ends the reading.
func readMessage(in *bufio.Reader, obey func(command) error) ([][]byte, error) {
	var frames [][]byte
	for total := uint64(0); ; {
		flags, size, err := head(in)
		if err != nil {
			return nil, err
		}
		if flags&flagCommand != 0 {
			c, err := commandBody(in, size)
			if err == nil {
				err = obey(c)
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		if size > maxMessage-total || len(frames) == maxFrames {
			return nil, fmt.Errorf("%w: a message of more than %d bytes or %d frames", errFrame, maxMessage, maxFrames)
		}
		total += size
		frame, err := body(in, int(size))
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame)
		if flags&flagMore == 0 {
			return frames, nil
		}
	}
}
