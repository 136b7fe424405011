//go:build !unix

package spawn

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// errUnsupported answers everything that would start a process.
var errUnsupported = errors.New("cuaderno needs Linux or macOS; on Windows it runs inside WSL (https://learn.microsoft.com/windows/wsl)")

// A Process is never made on this system.
type Process struct{}

// Start returns an error that says which systems are supported.
func Start(Spec) (*Process, error) { return nil, errUnsupported }

// Inherited returns an error that says which systems are supported.
func Inherited() (*net.UnixConn, *os.File, error) { return nil, nil, errUnsupported }

// InheritedLog returns nil: no process is started.
func InheritedLog() *os.File { return nil }

// NewLifeline returns an error that says which systems are supported.
func NewLifeline() (r, w *os.File, err error) { return nil, nil, errUnsupported }

// Watch does nothing: there are no lifelines.
func Watch(*os.File, func()) {}

// KillGroup does nothing: there are no process groups.
func KillGroup() {}

// The methods of Process complete the API; nobody can call them.

func (p *Process) PID() int                         { return 0 }
func (p *Process) Control() *net.UnixConn           { return nil }
func (p *Process) Signal(os.Signal) error           { return errUnsupported }
func (p *Process) SignalGroup(syscall.Signal) error { return errUnsupported }
func (p *Process) Done() <-chan struct{}            { return nil }
func (p *Process) State() (code int, ended bool)    { return 0, false }
func (p *Process) Wait() int                        { return 0 }
func (p *Process) Drain()                           {}
func (p *Process) OutputDone() <-chan struct{}      { return nil }
func (p *Process) Close()                           {}
