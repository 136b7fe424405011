//go:build unix

package spawn

import (
	"fmt"
	"os"
	"sync"
	"syscall"
)

// maxPipe bounds what one drain reads: the most that a pipe may hold (Linux:
// /proc/sys/fs/pipe-max-size), so that a process that never stops writing
// cannot hold a drain for ever.
const maxPipe = 1 << 20

// output is one pipe that a process writes. Two readers take turns: run, which
// waits for the pipe to become readable, and drain, which only takes what is
// there. Reading and delivering a piece is one step under the lock, so the
// order of the pieces is that of the bytes.
type output struct {
	file    *os.File
	raw     syscall.RawConn
	deliver func([]byte)

	mu    sync.Mutex
	buf   []byte
	ended bool
}

func newOutput(r *os.File, deliver func([]byte)) (*output, error) {
	raw, err := r.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("reading its output: %w", err)
	}
	return &output{file: r, raw: raw, deliver: deliver, buf: make([]byte, 32<<10)}, nil
}

// run delivers until the end of the pipe or its closing.
func (o *output) run() {
	defer o.file.Close()
	// The error is that of a pipe closed by Process.Close: the end all the same.
	_ = o.raw.Read(func(fd uintptr) (done bool) {
		for {
			n, ended := o.step(int(fd))
			if ended {
				return true
			}
			if n == 0 {
				return false
			}
		}
	})
}

// drain delivers what the pipe holds.
func (o *output) drain() {
	err := o.raw.Control(func(fd uintptr) {
		for total := 0; total < maxPipe; {
			n, ended := o.step(int(fd))
			if n == 0 || ended {
				return
			}
			total += n
		}
	})
	if err != nil {
		// Closed: run may be delivering the last piece.
		o.mu.Lock()
		defer o.mu.Unlock()
	}
}

// step reads and delivers one piece; 0 bytes mean that the pipe is empty.
func (o *output) step(fd int) (n int, ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, true
	}
	for {
		n, err := syscall.Read(fd, o.buf)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, false
		case err != nil || n == 0:
			o.ended = true
			return 0, true
		}
		o.deliver(o.buf[:n])
		return n, false
	}
}
