//go:build linux

package shm

import (
	"os"

	"golang.org/x/sys/unix"
)

// NewFile returns an empty file without a name that grows as it is written, for
// processes that inherit it.
func NewFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("cuaderno", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "shared file"), nil
}
