//go:build unix

package shm

import (
	"os"
	"syscall"
)

func mapFile(f *os.File, size int) ([]byte, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var memory []byte
	var mapErr error
	if err := raw.Control(func(fd uintptr) {
		memory, mapErr = syscall.Mmap(int(fd), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	}); err != nil {
		return nil, err
	}
	return memory, os.NewSyscallError("mmap", mapErr)
}

func unmap(memory []byte) error { return os.NewSyscallError("munmap", syscall.Munmap(memory)) }
