// Package packet carries whole messages with open files between processes, over
// socket pairs that keep messages apart (SOCK_SEQPACKET).
//
//	Send ── a packet ──► kernel ── a packet ──► Receive
//	           └─ a file with the bytes, when they are many
//	           └─ a socket with the files, when they are many
//
// Every message is one packet, which a system call sends or does not send. So a
// process that is killed leaves no part of a message, whoever receives gets all
// of it, and any number of processes may have either end without a lock.
//
// Linux is complete. Other Unix systems have datagram sockets instead, which tell
// less about the end of the other side. Elsewhere Pair returns an error.
package packet

import (
	"errors"
	"os"
	"sync"
)

const (
	// inlineMax is how many bytes a packet holds itself.
	inlineMax = 128 << 10
	// Small is how many bytes a message may have that is sent without a file.
	Small = inlineMax / 2
	// MaxBytes is how many bytes a message may have.
	MaxBytes = 1 << 30
	// MaxKind is the largest Kind.
	MaxKind = flagFile - 1

	flagFile   = 0x40 // the bytes are in the first file; an 8-byte length stands for them
	flagSocket = 0x80 // the files are in a socket, the last file

	keptMax = 4 << 20 // of a buffer or file for the bytes of large messages
)

var (
	// ErrTimeout is returned when the deadline has passed.
	ErrTimeout = errors.New("the time is up")
	// ErrBroken is returned by Send when nobody can receive any more.
	ErrBroken = errors.New("nobody has the receiving end of the pipe open any more")
	// ErrTooLarge is returned by Send for more than MaxBytes.
	ErrTooLarge = errors.New("the message is larger than 1 GiB")
	// ErrFilesLost is returned by Receive when the message's files could not be
	// opened. The message is gone.
	ErrFilesLost = errors.New("the open files of a message are lost: this process has too many files open")
	errDamaged   = errors.New("a message that no sender of this package has sent")
)

// A Packet is a message.
type Packet struct {
	Kind  byte
	Bytes []byte
	Files []*os.File
}

// Buffers are reused from one message to the next. The zero value is ready.
type Buffers struct {
	mu      sync.Mutex
	buffers []*buffer
	files   []*carriage // that have carried messages, oldest first
	slow    bool        // waiting for one of them was in vain
	missed  int         // how many messages have gone without them
}

// A carriage is a file with the bytes of a large message.
type carriage struct {
	file   *os.File
	memory []byte // the file, mapped when it is used again
}

const (
	keptBuffers = 4
	keptFiles   = 4
)

// A buffer holds one message on its way in or out.
type buffer struct {
	packet [inlineMax + 16]byte
	rights []byte // control messages
	large  []byte // the bytes of a message that came in a file
}

func (b *Buffers) get() *buffer {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.buffers); n > 0 {
		buf := b.buffers[n-1]
		b.buffers = b.buffers[:n-1]
		return buf
	}
	return &buffer{rights: make([]byte, rightsSpace)}
}

func (b *Buffers) put(buf *buffer) {
	if cap(buf.large) > keptMax {
		buf.large = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.buffers) < keptBuffers {
		b.buffers = append(b.buffers, buf)
	}
}

// A Received is a message that has arrived. Its Bytes are valid until Release.
type Received struct {
	Packet
	buffer  *buffer
	buffers *Buffers
}

// Release gives the memory of Bytes back. Files stay the caller's.
func (r *Received) Release() {
	if r.buffer != nil {
		r.buffers.put(r.buffer)
		r.buffer, r.Bytes = nil, nil
	}
}

// IsOwn reports whether Take returns Bytes without a copy.
func (r *Received) IsOwn() bool {
	if r.buffer == nil {
		return true
	}
	return len(r.Bytes) > 0 && len(r.buffer.large) > 0 && &r.Bytes[0] == &r.buffer.large[0]
}

// Take returns Bytes as the caller's own, and releases the rest.
func (r *Received) Take() []byte {
	b := r.Bytes
	if r.buffer == nil {
		return b
	}
	if r.IsOwn() {
		r.buffer.large = nil
	} else {
		b = append([]byte{}, b...)
	}
	r.Release()
	return b
}
