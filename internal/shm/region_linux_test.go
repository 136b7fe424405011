package shm_test

import (
	"os"
	"testing"

	"cuaderno/internal/shm"

	"golang.org/x/sys/unix"
)

func TestOpenRefusesWhatMayShrink(t *testing.T) {
	fd, err := unix.MemfdCreate("loose", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "loose")
	if err := f.Truncate(4096); err != nil {
		t.Fatal(err)
	}
	if _, err := shm.Open(f); err == nil {
		t.Error("a file that may shrink was mapped")
	}
}
