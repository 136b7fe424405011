// Package rights passes open descriptors between processes over Unix sockets
// (SCM_RIGHTS). Where the system has none its functions return an error that says
// so.
package rights

import (
	"os"
	"syscall"
)

// Max is the largest number of descriptors that one message may carry; Linux
// allows 253.
const Max = 250

// With calls do with the descriptors of files, which stay open meanwhile. Other
// than File.Fd it leaves their blocking mode alone, which all processes that have
// the file open share.
func With(files []*os.File, do func(fds []int) error) error {
	return with(files, make([]int, 0, len(files)), do)
}

func with(files []*os.File, fds []int, do func([]int) error) (err error) {
	if len(files) == 0 {
		return do(fds)
	}
	raw, err := files[0].SyscallConn()
	if err != nil {
		return err
	}
	if closed := raw.Control(func(fd uintptr) { err = with(files[1:], append(fds, int(fd)), do) }); closed != nil {
		return closed
	}
	return err
}

// Duplicate returns a new descriptor of what c has open.
func Duplicate(c syscall.Conn) (f *os.File, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	if closed := raw.Control(func(fd uintptr) { f, err = duplicate(fd) }); closed != nil {
		return nil, closed
	}
	return f, err
}
