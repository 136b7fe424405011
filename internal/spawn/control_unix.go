//go:build unix

package spawn

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// controlPair makes a connected pair of stream sockets: ours, and the end that
// a process will inherit.
func controlPair() (*net.UnixConn, *os.File, error) {
	// Darwin has no SOCK_CLOEXEC; the lock keeps a concurrent fork from
	// inheriting the sockets before they are marked.
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("making a control connection: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control")
	conn, err := unixConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn, theirs, nil
}

// unixConn turns a socket into a connection and closes the socket.
func unixConn(f *os.File) (*net.UnixConn, error) {
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("making a control connection: %w", err)
	}
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		conn.Close()
		return nil, fmt.Errorf("making a control connection: the descriptor is a %T", conn)
	}
	return unix, nil
}

// Inherited returns what a process started by this package was given: its end
// of the control connection and the lifeline, nil if it got none. It takes the
// descriptors over, so it is called once, first thing in main, before anything
// could start a process of its own.
func Inherited() (control *net.UnixConn, lifeline *os.File, err error) {
	if kind, err := descriptorKind(controlFD); err != nil || kind != syscall.S_IFSOCK {
		return nil, nil, fmt.Errorf("this program is started by cuaderno, not by hand: it was given no control connection (descriptor %d)", controlFD)
	}
	syscall.CloseOnExec(controlFD)
	if kind, err := descriptorKind(lifelineFD); err == nil {
		switch kind {
		case syscall.S_IFIFO:
			syscall.CloseOnExec(lifelineFD)
			lifeline = os.NewFile(lifelineFD, "lifeline")
		case syscall.S_IFCHR:
			syscall.Close(lifelineFD)
		}
	}
	switch kind, err := descriptorKind(logFD); {
	case err != nil:
	case kind == syscall.S_IFREG:
		syscall.CloseOnExec(logFD)
	case kind == syscall.S_IFCHR:
		syscall.Close(logFD)
	}
	if control, err = unixConn(os.NewFile(controlFD, "control")); err != nil {
		return nil, nil, err
	}
	return control, lifeline, nil
}

// InheritedLog returns the file that a process started by this package was given
// as its Spec.Log, nil if it got none. It is called once, before [Inherited],
// which leaves nothing of it to processes started later.
func InheritedLog() *os.File {
	if kind, err := descriptorKind(logFD); err != nil || kind != syscall.S_IFREG {
		return nil
	}
	return os.NewFile(logFD, "log")
}

// descriptorKind returns the file type bits of an open descriptor.
func descriptorKind(fd int) (uint32, error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return 0, err
	}
	return uint32(stat.Mode) & syscall.S_IFMT, nil //nolint:unconvert // it is a uint16 on macOS
}
