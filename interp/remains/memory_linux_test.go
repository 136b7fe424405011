package remains_test

import (
	"os"
	"syscall"
	"testing"

	"cuaderno/interp/remains"
)

func TestFreeMemoryIsGivenBack(t *testing.T) {
	f := newFile(t)
	s, table := open(t, f)
	table.Entries = []remains.Entry{entry("a")}
	for range 20 {
		if err := s.Commit(table, map[int][]byte{0: make([]byte, 20<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := allocated(t, f); got > 60<<20 {
		t.Errorf("20 MiB take %d MiB", got>>20)
	}
	if err := s.Commit(&remains.Table{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := allocated(t, f); got > 9<<20 {
		t.Errorf("nothing takes %d MiB", got>>20)
	}
}

// allocated returns how many bytes of memory a file has.
func allocated(t *testing.T, f *os.File) int64 {
	t.Helper()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}
