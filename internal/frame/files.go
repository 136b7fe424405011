package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"

	"cuaderno/internal/rights"
)

// kindFiles is the kind of a message that announces how many of the open files
// that came with it belong to the next message. Its payload is their number, 4
// bytes, big-endian.
const kindFiles byte = 0xff

// files receives the open files that a Unix socket carries.
type files struct {
	socket  *net.UnixConn
	arrived []*os.File // with bytes that may not have been read yet
	taken   []*os.File // announced
}

// Read implements io.Reader.
func (f *files) Read(p []byte) (int, error) {
	n, received, err := rights.Read(f.socket, p)
	f.arrived = append(f.arrived, received...)
	return n, err
}

// arrive takes the files that a message announces.
func (f *files) arrive(payload []byte) error {
	if f == nil || len(payload) != 4 {
		return errors.New("reading a message: files came over a stream that carries none")
	}
	n := binary.BigEndian.Uint32(payload)
	if uint64(n) > uint64(len(f.arrived)) {
		return fmt.Errorf("reading a message: %d files were announced and %d came: this process may have too many files open", n, len(f.arrived))
	}
	f.taken = append(f.taken, f.arrived[:n]...)
	f.arrived = f.arrived[n:]
	return nil
}

// WriteFiles is Write of a message with open files, which the reader gets by
// [Conn.Files]. The connection must be over a *net.UnixConn.
func (c *Conn) WriteFiles(kind byte, payload []byte, list []*os.File) error {
	if len(list) > 0 && c.files == nil {
		return errors.New("writing a message: the stream carries no files")
	}
	if err := c.CheckLength(payload); err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	for len(list) > 0 && c.writeErr == nil {
		batch := list[:min(len(list), rights.Max)]
		list = list[len(batch):]
		announcement := binary.BigEndian.AppendUint32(nil, 4)
		announcement = append(announcement, kindFiles)
		announcement = binary.BigEndian.AppendUint32(announcement, uint32(len(batch)))
		n, err := rights.Write(c.files.socket, announcement, batch)
		if err == nil && n < len(announcement) {
			_, err = c.rwc.Write(announcement[n:])
		}
		if err != nil {
			c.writeErr = fmt.Errorf("writing a message: %w", err)
		}
	}
	return c.writeMessage(kind, payload)
}

// Files returns the files that came with the message that Read has returned
// last. They are the caller's.
func (c *Conn) Files() []*os.File {
	if c.files == nil {
		return nil
	}
	list := c.files.taken
	c.files.taken = nil
	return list
}
