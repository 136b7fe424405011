package shm

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// create returns an anonymous file. Its size is sealed: a process that could
// shrink it would make the others fault.
func create(size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("cuaderno", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "shared memory")
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW); err != nil {
		f.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	return f, nil
}

// sealed refuses a file whose size may change.
func sealed(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	seals := 0
	if controlErr := raw.Control(func(fd uintptr) { seals, err = unix.FcntlInt(fd, unix.F_GET_SEALS, 0) }); controlErr != nil {
		return controlErr
	}
	if err != nil || seals&unix.F_SEAL_SHRINK == 0 {
		return errors.New("the file is none of ours: its size is not sealed")
	}
	return nil
}

// replace puts private memory, which takes no room until it is written, in the
// place of a mapping, so that a pointer that is left does not fault.
func replace(memory []byte) error {
	const flags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_FIXED | unix.MAP_NORESERVE
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(memory)), uintptr(len(memory)), unix.PROT_READ|unix.PROT_WRITE, flags)
	return os.NewSyscallError("mmap", err)
}
