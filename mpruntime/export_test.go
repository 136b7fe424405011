package mpruntime

import (
	"context"
	"net"
	"os"
)

// ChildArgument is what Main knows a child by.
const ChildArgument = childArgument

// NewProgramHost returns the host that Main installs.
func NewProgramHost(lifeline *os.File) Host { return newProgramHost(lifeline) }

// CellContext ends when the current process is interrupted.
func CellContext() context.Context { return cellContext() }

// LimitMessages makes the limit of messages to workers, managers and new processes
// one that a test can exceed; 0 is the real one.
func LimitMessages(n int) { here.smaller.Store(int64(n)) }

// StreamConn is a connection after the handshake.
func StreamConn(raw net.Conn) *Conn { return streamConn(raw) }
