//go:build !unix

package rights

import (
	"errors"
	"net"
	"os"
)

var errUnix = errors.New("descriptors travel between processes on Unix only: on Windows use WSL")

func duplicate(uintptr) (*os.File, error) { return nil, errUnix }

// Write sends b and the files in one message.
func Write(c *net.UnixConn, b []byte, files []*os.File) (n int, err error) { return 0, errUnix }

// Read receives into b, and the files that came along.
func Read(c *net.UnixConn, b []byte) (n int, files []*os.File, err error) { return 0, nil, errUnix }
