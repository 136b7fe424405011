//go:build unix

package packet

import (
	"io"
	"os"
)

// A file with the bytes of a message begins with a page whose first byte says
// whether it is on its way. The receiver clears it, and the sender uses the file
// again, whose memory is there already. A file that is never received is not.
const (
	headerSize      = 4096
	fileFree   byte = 0
	fileBusy   byte = 1
)

// write returns a file that holds a message.
func (b *Buffers) write(message []byte) (*os.File, error) {
	f := b.freeFile()
	if f == nil {
		var err error
		if f, err = newFile(); err != nil {
			return nil, err
		}
	}
	err := writeAll(f, []byte{fileBusy}, 0)
	if err == nil {
		err = writeAll(f, message, headerSize)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// freeFile takes a file that has been received, nil if there is none.
func (b *Buffers) freeFile() *os.File {
	b.mu.Lock()
	defer b.mu.Unlock()
	var state [1]byte
	for i, f := range b.files {
		if _, err := f.ReadAt(state[:], 0); err == nil && state[0] == fileFree {
			b.files = append(b.files[:i], b.files[i+1:]...)
			return f
		}
	}
	return nil
}

// keep keeps a file for the next message. sent says whether it is on its way.
func (b *Buffers) keep(f *os.File, size int, sent bool) {
	if size > keptMax || !sent && writeAll(f, []byte{fileFree}, 0) != nil {
		f.Close()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.files) >= keptFiles {
		b.files[0].Close()
		b.files = append(b.files[:0], b.files[1:]...)
	}
	b.files = append(b.files, f)
}

func writeAll(f *os.File, b []byte, off int64) error {
	n, err := f.WriteAt(b, off)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return err
}
