//go:build unix

package packet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"cuaderno/internal/rights"

	"golang.org/x/sys/unix"
)

// rightsSpace is the length of a buffer that takes the most descriptors that a
// packet brings: those of a message, and the file with its bytes.
var rightsSpace = unix.CmsgSpace(4 * (rights.Max + 1))

// A Socket is one end of a pair: a descriptor that this process owns. It may be
// used from any goroutine; one at a time sends and one receives.
type Socket struct {
	file    *os.File
	raw     syscall.RawConn
	buffers *Buffers
	inline  int // how many bytes a packet may hold
	closed  atomic.Bool
	in, out side
}

// Pair returns two ends; what is sent on one is received at the other.
func Pair(buffers *Buffers) (a, b *Socket, err error) {
	fds, err := socketPair()
	if err != nil {
		return nil, nil, fmt.Errorf("making a pipe: %w", err)
	}
	if a, err = Open(os.NewFile(uintptr(fds[0]), "pipe"), buffers); err == nil {
		if b, err = Open(os.NewFile(uintptr(fds[1]), "pipe"), buffers); err == nil {
			return a, b, nil
		}
		a.Close()
		return nil, nil, err
	}
	unix.Close(fds[1])
	return nil, nil, err
}

// Open returns the Socket of a descriptor that was one in another process. It
// takes over f and closes it on error.
func Open(f *os.File, buffers *Buffers) (*Socket, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening a pipe: %w", err)
	}
	s := &Socket{file: f, raw: raw, buffers: buffers}
	var size int
	closed := raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF) })
	if err = errors.Join(closed, err); err != nil {
		f.Close()
		return nil, fmt.Errorf("opening a pipe: %w", err)
	}
	s.inline = min(inlineMax, size/2)
	s.in.turn, s.out.turn = newTurn(), newTurn()
	s.in.call, s.in.setDeadline = s.in.receive, f.SetReadDeadline
	s.out.call, s.out.setDeadline = s.out.send, f.SetWriteDeadline
	s.in.attempt, s.out.attempt = s.in.try, s.out.try
	s.in.spins = true
	return s, nil
}

// SyscallConn implements syscall.Conn; it is meant for passing the descriptor on.
func (s *Socket) SyscallConn() (syscall.RawConn, error) { return s.file.SyscallConn() }

// Close closes this process's descriptor. Calls that wait return an error that
// wraps os.ErrClosed. The other end sees the end when all processes have closed.
func (s *Socket) Close() error {
	s.closed.Store(true)
	return s.file.Close()
}

// Send sends a message; the Bytes and Files stay the caller's. It waits while the
// pipe is full, until ctx ends, whose cause it returns, or the deadline passes; the
// zero deadline never does. A Send that returns an error has sent nothing.
func (s *Socket) Send(ctx context.Context, deadline time.Time, p Packet) error {
	_, err := s.send(ctx, deadline, true, p)
	return err
}

// TrySend is Send that does not wait and reports whether the message was sent.
func (s *Socket) TrySend(p Packet) (bool, error) {
	return s.send(context.Background(), time.Time{}, false, p)
}

func (s *Socket) send(ctx context.Context, deadline time.Time, wait bool, p Packet) (sent bool, err error) {
	buf := s.buffers.get()
	defer s.buffers.put(buf)
	data := append(buf.packet[:0], p.Kind)
	var files []*os.File
	if len(p.Bytes) < s.inline {
		data = append(data, p.Bytes...)
	} else {
		if len(p.Bytes) > MaxBytes {
			return false, fmt.Errorf("%w: it has %d bytes", ErrTooLarge, len(p.Bytes))
		}
		f, err := s.buffers.write(p.Bytes, wait)
		if err != nil {
			return false, fmt.Errorf("sending a message of %d bytes: %w", len(p.Bytes), err)
		}
		defer func() { s.buffers.keep(f, len(p.Bytes), sent) }()
		data[0] |= flagFile
		data = binary.BigEndian.AppendUint64(data, uint64(len(p.Bytes)))
		files = []*os.File{f.file}
	}
	if len(p.Files) > rights.Max {
		carrier, err := carry(p.Files)
		if err != nil {
			return false, fmt.Errorf("sending %d open files: %w", len(p.Files), err)
		}
		defer carrier.Close()
		data[0] |= flagSocket
		files = append(files, carrier)
	} else {
		files = append(files, p.Files...)
	}
	if len(files) == 0 {
		return s.sendPacket(ctx, deadline, wait, data, nil)
	}
	err = rights.With(files, func(fds []int) error {
		sent, err = s.sendPacket(ctx, deadline, wait, data, unix.UnixRights(fds...))
		return err
	})
	return sent, err
}

func (s *Socket) sendPacket(ctx context.Context, deadline time.Time, wait bool, data, rights []byte) (bool, error) {
	if err := s.out.enter(ctx, deadline, wait); err != nil {
		if err == errTurn { //nolint:errorlint // it is never wrapped
			return false, nil
		}
		return false, s.failure(err)
	}
	defer s.out.leave()
	s.out.data, s.out.rights = data, rights
	err := s.out.do(ctx, deadline, wait, s.raw.Write)
	if err == unix.EAGAIN { //nolint:errorlint // it is never wrapped
		return false, nil
	}
	return err == nil, s.failure(err)
}

// send is the call of a sender.
func (s *side) send(fd uintptr) syscall.Errno {
	for {
		var err error
		if len(s.rights) == 0 {
			err = unix.Send(int(fd), s.data, unix.MSG_DONTWAIT|msgNoSignal)
		} else {
			err = unix.Sendmsg(int(fd), s.data, s.rights, nil, unix.MSG_DONTWAIT|msgNoSignal)
		}
		switch errno := errnoOf(err); errno {
		case unix.EINTR:
		case unix.ENOBUFS: // what macOS says of a full datagram socket
			return unix.EAGAIN
		default:
			return errno
		}
	}
}

// Receive returns the next message, io.EOF when every other end is closed. It
// waits as Send does. One that returns another error has taken no message, except
// for [ErrFilesLost].
func (s *Socket) Receive(ctx context.Context, deadline time.Time) (Received, error) {
	r, _, err := s.receive(ctx, deadline, true)
	return r, err
}

// TryReceive is Receive that does not wait and reports whether there was a
// message. There is none for it while another goroutine waits for one.
func (s *Socket) TryReceive() (Received, bool, error) {
	return s.receive(context.Background(), time.Time{}, false)
}

func (s *Socket) receive(ctx context.Context, deadline time.Time, wait bool) (r Received, ok bool, err error) {
	buf := s.buffers.get()
	n, nr, err := s.receivePacket(ctx, deadline, wait, buf)
	if err != nil || n < 0 {
		s.buffers.put(buf)
		return Received{}, false, err
	}
	r = Received{buffer: buf, buffers: s.buffers}
	if nr > 0 {
		if r.Files, err = rights.Parse(buf.rights[:nr]); err != nil {
			r.Release()
			return Received{}, false, err
		}
	}
	if err := r.open(buf.packet[:n]); err != nil {
		for _, f := range r.Files {
			f.Close()
		}
		r.Release()
		return Received{}, false, err
	}
	return r, true, nil
}

// receivePacket returns the length of the packet and of its rights in buf, n < 0 if
// there is none.
func (s *Socket) receivePacket(ctx context.Context, deadline time.Time, wait bool, buf *buffer) (n, nr int, err error) {
	if err := s.in.enter(ctx, deadline, wait); err != nil {
		if err == errTurn { //nolint:errorlint // it is never wrapped
			return -1, 0, nil
		}
		return 0, 0, s.failure(err)
	}
	defer s.in.leave()
	s.in.data, s.in.rights = buf.packet[:], buf.rights
	err = s.in.do(ctx, deadline, wait, s.raw.Read)
	switch {
	case err == unix.EAGAIN: //nolint:errorlint // it is never wrapped
		return -1, 0, nil
	case err != nil:
		return 0, 0, s.failure(err)
	case s.in.n == 0:
		return 0, 0, io.EOF
	case s.in.flags&unix.MSG_CTRUNC != 0:
		if files, err := rights.Parse(buf.rights[:s.in.nr]); err == nil {
			for _, f := range files {
				f.Close()
			}
		}
		return 0, 0, ErrFilesLost
	}
	return s.in.n, s.in.nr, nil
}

// receive is the call of a receiver.
func (s *side) receive(fd uintptr) syscall.Errno {
	for {
		var err error
		s.n, s.nr, s.flags, _, err = unix.Recvmsg(int(fd), s.data, s.rights, unix.MSG_DONTWAIT|msgCloexec)
		switch errno := errnoOf(err); errno {
		case unix.EINTR:
		case unix.ECONNRESET: // the other end closed before it had received everything
			if !resetOnce {
				s.n = 0
				return 0
			}
		default:
			return errno
		}
	}
}

// Poll reports whether a Receive would return at once, with a message or io.EOF. It
// waits as Receive does, and returns no error when the deadline has passed.
func (s *Socket) Poll(ctx context.Context, deadline time.Time) (bool, error) {
	if ready, err := s.Ready(); ready || err != nil {
		return ready, err
	}
	if err := s.in.enter(ctx, deadline, true); err != nil {
		if errors.Is(err, ErrTimeout) {
			return false, nil
		}
		return false, s.failure(err)
	}
	defer s.in.leave()
	s.in.call = func(fd uintptr) syscall.Errno {
		if readable(fd) {
			return 0
		}
		return unix.EAGAIN
	}
	err := s.in.do(ctx, deadline, true, s.raw.Read)
	s.in.call = s.in.receive
	if errors.Is(err, ErrTimeout) {
		return false, nil
	}
	return err == nil, s.failure(err)
}

// Ready is Poll that does not wait, for goroutines that receive at the same time.
func (s *Socket) Ready() (ready bool, err error) {
	closed := s.raw.Control(func(fd uintptr) { ready = readable(fd) })
	return ready, s.failure(closed)
}

func readable(fd uintptr) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return n > 0 || err != nil // an error is for the receiver
		}
	}
}

// failure turns the error of a system call into one of this package.
func (s *Socket) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case s.closed.Load():
		return os.ErrClosed
	case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.ENOTCONN):
		return ErrBroken
	case errors.Is(err, unix.ETOOMANYREFS):
		return errCrowded
	}
	return err
}

var errCrowded = errors.New("too many open files are on their way between processes: receive some first")

// IsTransient reports whether a Send failed for a lack that may pass.
func IsTransient(err error) bool {
	if err == nil {
		return false
	}
	for _, lack := range []error{errCrowded, unix.ETOOMANYREFS, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.ENOBUFS, unix.ENOSPC} {
		if errors.Is(err, lack) {
			return true
		}
	}
	return false
}
