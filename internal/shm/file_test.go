//go:build linux

package shm_test

import (
	"testing"

	"cuaderno/internal/shm"
)

func TestNobodyMakesAFileShorter(t *testing.T) {
	f, err := shm.NewFile()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, offset := range []int64{0, 5} {
		if _, err := f.WriteAt([]byte("hello"), offset); err != nil {
			t.Fatal(err)
		}
	}
	if f.Truncate(3) == nil {
		t.Error("the file can be made shorter")
	}
	got := make([]byte, 10)
	if _, err := f.ReadAt(got, 0); err != nil || string(got) != "hellohello" {
		t.Errorf("%q, %v", got, err)
	}
}
