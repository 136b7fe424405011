package packet

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	msgNoSignal = unix.MSG_NOSIGNAL
	msgCloexec  = unix.MSG_CMSG_CLOEXEC
	// resetOnce says that a reset connection is told once, before the messages that
	// are left and the end.
	resetOnce = true

	// sendSpace is asked for the messages on their way, of which a short one takes
	// almost 1 KiB. The system may grant less.
	sendSpace = 1 << 20
)

func socketPair() (fds [2]int, err error) {
	fds, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fds, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendSpace) // the default does as well
	}
	return fds, nil
}

// newFile returns a new file without a name. It cannot be made shorter: a receiver
// that did would make the sender, who has it mapped, fault.
func newFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("cuaderno message", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK) // nobody but a program gone wrong would
	return os.NewFile(uintptr(fd), "message"), nil
}

// yield lets another thread run on this processor.
func yield() { _, _, _ = syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
