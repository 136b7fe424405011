//go:build unix

package rights_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"cuaderno/internal/rights"

	"golang.org/x/sys/unix"
)

// pair returns two connected sockets.
func pair(t *testing.T, kind int) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		t.Skipf("no such pair of sockets here: %v", err)
	}
	var conns [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		c, err := net.FileConn(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns[i] = c.(*net.UnixConn)
	}
	return conns[0], conns[1]
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skipf("the system does not list open descriptors: %v", err)
	}
	return len(list)
}

func TestAsManyAsMayBe(t *testing.T) {
	a, b := pair(t, unix.SOCK_STREAM)
	var ends []*os.File
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for range rights.Max {
		d, err := rights.Duplicate(w)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, d)
	}
	if n, err := rights.Write(a, []byte("hola"), ends); n != 4 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	for _, f := range append(ends, w) {
		f.Close()
	}
	buf := make([]byte, 16)
	n, files, err := rights.Read(b, buf)
	if string(buf[:n]) != "hola" || len(files) != rights.Max || err != nil {
		t.Fatalf("%q, %d files, %v", buf[:n], len(files), err)
	}
	for i, f := range files {
		fmt.Fprintln(f, i)
		f.Close()
	}
	text, err := io.ReadAll(r) // ends, as all writers are closed
	if err != nil || len(text) == 0 {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := rights.Write(a, []byte("x"), []*os.File{w}); err == nil {
		t.Error("a closed file was sent")
	}
}

func TestPacketTooLargeForItsReader(t *testing.T) {
	a, b := pair(t, unix.SOCK_DGRAM)
	before := openFiles(t)
	if _, err := rights.Write(a, []byte("larga"), []*os.File{os.Stdin}); err != nil {
		t.Fatal(err)
	}
	_, files, err := rights.Read(b, make([]byte, 2))
	if !errors.Is(err, io.ErrShortBuffer) || files != nil {
		t.Errorf("%v, %v", files, err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors were open, %d are", before, after)
	}
}

// TestBlockingModeStays duplicates a descriptor whose open file others share.
func TestBlockingModeStays(t *testing.T) {
	r, w, err := os.Pipe() // not blocking
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	d, err := rights.Duplicate(r)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = rights.With([]*os.File{r, d}, func(fds []int) error {
		for _, fd := range fds {
			flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
			if err != nil || flags&syscall.O_NONBLOCK == 0 {
				t.Errorf("it blocks now: %x, %v", flags, err)
			}
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("programs inherit it: %x, %v", flags, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
