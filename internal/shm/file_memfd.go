//go:build linux

package shm

import (
	"os"

	"golang.org/x/sys/unix"
)

// NewFile returns an empty file without a name that grows as it is written, for
// processes that inherit it. None of them can make it shorter.
func NewFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("cuaderno", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "shared file")
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK); err != nil {
		f.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	return f, nil
}

// Release gives back the memory of a part of a file of [NewFile]; it reads as zeros
// from then on.
func Release(f *os.File, offset, length int64) {
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, length) // it would only be nice
}
