//go:build !unix

package packet

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

const rightsSpace = 0

var errUnix = errors.New("pipes between processes need a Unix system: on Windows use WSL")

// A Socket is one end of a pair. This system has none.
type Socket struct{}

// Pair returns an error.
func Pair(*Buffers) (a, b *Socket, err error) { return nil, nil, errUnix }

// Open returns an error.
func Open(f *os.File, _ *Buffers) (*Socket, error) {
	f.Close()
	return nil, errUnix
}

// SyscallConn returns an error, as all methods do.
func (s *Socket) SyscallConn() (syscall.RawConn, error)                { return nil, errUnix }
func (s *Socket) Close() error                                         { return errUnix }
func (s *Socket) Send(context.Context, time.Time, Packet) error        { return errUnix }
func (s *Socket) TrySend(Packet) (bool, error)                         { return false, errUnix }
func (s *Socket) Receive(context.Context, time.Time) (Received, error) { return Received{}, errUnix }
func (s *Socket) TryReceive() (Received, bool, error)                  { return Received{}, false, errUnix }
func (s *Socket) Poll(context.Context, time.Time) (bool, error)        { return false, errUnix }
func (s *Socket) Ready() (bool, error)                                 { return false, errUnix }

// Ready returns an error.
func Ready([]syscall.Conn, time.Duration) ([]bool, error) { return nil, errUnix }

// IsTransient reports false.
func IsTransient(error) bool { return false }
