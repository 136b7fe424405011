//go:build unix

package packet

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Ready waits, for d at most, until something can be received from one of the
// descriptors, or one is at its end or closed, and reports for each whether that
// is so. While it waits, Close of one of them waits for it.
func Ready(conns []syscall.Conn, d time.Duration) ([]bool, error) {
	p := poller{conns: conns, fds: make([]unix.PollFd, len(conns)), timeout: int((d + time.Millisecond - 1) / time.Millisecond)}
	err := p.poll(0)
	ready := make([]bool, len(conns))
	for i, fd := range p.fds {
		ready[i] = fd.Revents != 0
	}
	return ready, err
}

type poller struct {
	conns   []syscall.Conn
	fds     []unix.PollFd
	timeout int // milliseconds
}

// poll polls with the descriptors from i on kept open.
func (p *poller) poll(i int) (err error) {
	if i == len(p.conns) {
		_, err := unix.Poll(p.fds, p.timeout)
		if err == unix.EINTR {
			return nil // the caller looks again
		}
		return err
	}
	raw, err := p.conns[i].SyscallConn()
	if err != nil {
		return err
	}
	closed := raw.Control(func(fd uintptr) {
		p.fds[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
		err = p.poll(i + 1)
	})
	if closed != nil {
		// Poll passes over negative descriptors, and clears Revents.
		p.fds[i] = unix.PollFd{Fd: -1}
		p.timeout = 0
		err = p.poll(i + 1)
		p.fds[i].Revents = unix.POLLNVAL
	}
	return err
}
