//go:build unix

package packet

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"time"

	"cuaderno/internal/rights"

	"golang.org/x/sys/unix"
)

// open completes r, which has the files of the packet data, with what is in it.
func (r *Received) open(data []byte) error {
	r.Kind = data[0] &^ (flagFile | flagSocket)
	r.Bytes = data[1:]
	if data[0]&flagSocket != 0 {
		if len(r.Files) == 0 {
			return errDamaged
		}
		carrier := r.Files[len(r.Files)-1]
		files, err := unload(carrier)
		carrier.Close()
		r.Files = append(r.Files[:len(r.Files)-1], files...)
		if err != nil {
			return err
		}
	}
	if data[0]&flagFile == 0 {
		return nil
	}
	if len(r.Files) == 0 || len(data) != 9 {
		return errDamaged
	}
	f := r.Files[0]
	r.Files = r.Files[1:]
	defer f.Close()
	size := binary.BigEndian.Uint64(data[1:])
	if info, err := f.Stat(); err != nil || size > MaxBytes || info.Size() < headerSize+int64(size) {
		return errDamaged
	}
	r.buffer.large = slices.Grow(r.buffer.large[:0], int(size))[:size]
	r.Bytes = r.buffer.large
	if _, err := f.ReadAt(r.Bytes, headerSize); err != nil {
		return fmt.Errorf("receiving a message of %d bytes: %w", size, err)
	}
	_, _ = f.WriteAt([]byte{fileFree}, 0) // the sender then makes a new one
	return nil
}

// carry returns a socket from which files can be received.
func carry(files []*os.File) (*os.File, error) {
	fds, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fds[0])
	carrier := os.NewFile(uintptr(fds[1]), "files")
	for batch := range slices.Chunk(files, rights.Max) {
		err := rights.With(batch, func(fds_ []int) error {
			return unix.Sendmsg(fds[0], []byte{1}, unix.UnixRights(fds_...), nil, unix.MSG_DONTWAIT|msgNoSignal)
		})
		if err != nil {
			carrier.Close()
			return nil, err
		}
	}
	return carrier, nil
}

// unload returns the files that carry has put into a socket.
func unload(carrier *os.File) ([]*os.File, error) {
	var list []*os.File
	s, err := Open(carrier, nil)
	if err != nil {
		return nil, err
	}
	buf := &buffer{rights: make([]byte, rightsSpace)}
	for {
		s.in.data, s.in.rights = buf.packet[:], buf.rights
		err := s.in.do(context.Background(), time.Time{}, false, s.raw.Read)
		switch {
		case err == unix.EAGAIN: //nolint:errorlint // it is never wrapped
			return list, errDamaged
		case err != nil:
			return list, err
		case s.in.n == 0:
			return list, nil
		}
		files, err := rights.Parse(buf.rights[:s.in.nr])
		list = append(list, files...)
		if err != nil {
			return list, err
		}
		if s.in.flags&unix.MSG_CTRUNC != 0 {
			return list, ErrFilesLost
		}
	}
}
