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

// StreamConn is a connection after the handshake.
func StreamConn(raw net.Conn) *Conn { return streamConn(raw) }
