//go:build unix

package packet

import (
	"io"
	"os"
	"syscall"
	"time"
)

// A file with the bytes of a message begins with a page whose first byte says
// whether it is on its way. The receiver clears it, and the sender uses the file
// again, whose memory is there already. A file that is never received is not.
const (
	headerSize      = 4096
	fileFree   byte = 0
	fileBusy   byte = 1
)

// fileWait is how long a sender waits for a receiver to read one of the files that
// are on their way, before it makes another: a new file costs more than a wait for
// who is just reading. When that was in vain nobody waits until a file is free.
const fileWait = 20 * time.Millisecond

// forgetAfter is how many messages the files on their way may miss before the oldest
// of them, which may never be received, is given up.
const forgetAfter = 64

// write returns a file that holds a message; wait says that it may wait a little.
func (b *Buffers) write(message []byte, wait bool) (*carriage, error) {
	c := b.freeFile()
	if c == nil && wait {
		c = b.awaitFile()
	}
	if c == nil {
		f, err := newFile()
		if err != nil {
			return nil, err
		}
		c = &carriage{file: f}
	}
	if err := c.load(message); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// load copies a message into the file.
func (c *carriage) load(message []byte) error {
	end := headerSize + len(message)
	if end <= len(c.memory) {
		c.memory[0] = fileBusy
		copy(c.memory[headerSize:], message)
		return nil
	}
	if err := writeAll(c.file, []byte{fileBusy}, 0); err != nil {
		return err
	}
	return writeAll(c.file, message, headerSize)
}

// isFree reports whether the file has been received. A file about which that is
// asked is likely to be used again, and is mapped if it can be.
func (c *carriage) isFree() bool {
	if c.memory == nil {
		raw, err := c.file.SyscallConn()
		if err != nil {
			return false
		}
		info, err := c.file.Stat()
		if err != nil {
			return false
		}
		_ = raw.Control(func(fd uintptr) {
			c.memory, err = syscall.Mmap(int(fd), 0, int(info.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		})
		if err != nil || c.memory == nil {
			var state [1]byte
			_, err := c.file.ReadAt(state[:], 0)
			return err == nil && state[0] == fileFree
		}
	}
	return c.memory[0] == fileFree
}

func (c *carriage) close() {
	if c.memory != nil {
		_ = syscall.Munmap(c.memory)
		c.memory = nil
	}
	c.file.Close()
}

// freeFile takes a file that has been received, nil if there is none.
func (b *Buffers) freeFile() *carriage {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, c := range b.files {
		if c.isFree() {
			b.files = append(b.files[:i], b.files[i+1:]...)
			b.slow = false
			return c
		}
	}
	return nil
}

// awaitFile waits for a file to be received, if as many as are kept are on their
// way; nil if none was.
func (b *Buffers) awaitFile() *carriage {
	for start := time.Now(); ; {
		b.mu.Lock()
		wait := len(b.files) == keptFiles && !b.slow
		b.mu.Unlock()
		if !wait {
			return nil
		}
		if time.Since(start) < spinTime {
			yield()
		} else {
			time.Sleep(spinTime)
		}
		if c := b.freeFile(); c != nil {
			return c
		}
		if time.Since(start) > fileWait {
			b.mu.Lock()
			b.slow = true
			b.mu.Unlock()
		}
	}
}

// keep keeps a file for the next message. sent says whether it is on its way.
func (b *Buffers) keep(c *carriage, size int, sent bool) {
	if size > keptMax || !sent && writeAll(c.file, []byte{fileFree}, 0) != nil {
		c.close()
		return
	}
	if c.memory != nil && headerSize+size > len(c.memory) {
		_ = syscall.Munmap(c.memory) // to be mapped as long as it is now
		c.memory = nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.files) == keptFiles { // those will be received before this one
		if b.missed++; b.missed < forgetAfter {
			c.close()
			return
		}
		b.files[0].close()
		b.files = append(b.files[:0], b.files[1:]...)
	}
	b.missed = 0
	b.files = append(b.files, c)
}

func writeAll(f *os.File, b []byte, off int64) error {
	n, err := f.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
