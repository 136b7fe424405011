//go:build unix && !linux

package packet

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	msgNoSignal = 0 // the Go runtime takes SIGPIPE of descriptors above 2 for an error
	msgCloexec  = 0 // rights.Parse sets it
	resetOnce   = false
	sendSpace   = 1 << 20
)

func socketPair() (fds [2]int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return fds, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			unix.Close(fds[0])
			unix.Close(fds[1])
			return fds, os.NewSyscallError("fcntl", err)
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendSpace) // the default does as well
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, sendSpace)
	}
	return fds, nil
}

// newFile returns a new file without a name.
func newFile() (*os.File, error) {
	f, err := os.CreateTemp("", "cuaderno-message-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// yield lets another thread run on this processor, if the system is so kind.
func yield() { runtime.Gosched() }
