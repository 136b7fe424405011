//go:build !unix

package spawn

import (
	"net"
	"os"
)

// Pair returns an error that says which systems are supported.
func Pair() (ours *net.UnixConn, theirs *os.File, err error) { return nil, nil, errUnsupported }

// Socket returns an error that says which systems are supported.
func Socket(*os.File) (*net.UnixConn, error) { return nil, errUnsupported }
