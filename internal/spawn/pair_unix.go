//go:build unix

package spawn

import (
	"net"
	"os"
)

// Pair makes a connected pair of stream sockets: one for this process, and one
// to be sent to another, which gets a connection of it by [Socket].
func Pair() (ours *net.UnixConn, theirs *os.File, err error) { return controlPair() }

// Socket turns one end of a [Pair] into a connection and closes the file.
func Socket(f *os.File) (*net.UnixConn, error) { return unixConn(f) }
