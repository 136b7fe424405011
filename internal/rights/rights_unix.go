//go:build unix

package rights

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

func duplicate(fd uintptr) (*os.File, error) {
	dup, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(dup), "descriptor"), nil
}

// Write sends b, which must not be empty, and the files in one message. A stream
// may take only the beginning of b; the files then have been sent.
func Write(c *net.UnixConn, b []byte, files []*os.File) (n int, err error) {
	err = With(files, func(fds []int) error {
		n, _, err = c.WriteMsgUnix(b, unix.UnixRights(fds...), nil)
		return err
	})
	return n, err
}

// space is the length of the buffer in which [Read] receives control messages.
var space = unix.CmsgSpace(4 * Max)

// Read receives into b, and the files that came along, which are the caller's. A
// packet that does not fit in b is lost with an error that wraps
// [io.ErrShortBuffer].
func Read(c *net.UnixConn, b []byte) (n int, files []*os.File, err error) {
	oob := make([]byte, space)
	n, oobn, flags, _, err := c.ReadMsgUnix(b, oob)
	if oobn > 0 {
		var parseErr error
		if files, parseErr = Parse(oob[:oobn]); err == nil {
			err = parseErr
		}
	}
	switch {
	case err != nil:
	case flags&unix.MSG_CTRUNC != 0:
		err = errors.New("receiving descriptors: not all have arrived: this process may have too many files open")
	case flags&unix.MSG_TRUNC != 0:
		err = fmt.Errorf("receiving a packet: %w", io.ErrShortBuffer)
	}
	if err != nil {
		for _, f := range files {
			f.Close()
		}
		files = nil
	}
	return max(n, 0), files, err
}

// Parse returns the files of received control messages; those before an error too.
func Parse(oob []byte) (files []*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("receiving descriptors: %w", err)
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue // another kind of control message
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "descriptor"))
		}
	}
	return files, nil
}
