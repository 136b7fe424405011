package mpruntime

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/spawn"
)

// A service is what a process runs that serves this package itself and not a
// target: it answers on a connection with the process that started it.
type service string

const (
	servicePool    service = "pool"
	serviceManager service = "manager"
)

// newService makes a daemon that will serve the other end of the connection that
// it returns, which is the caller's. The process is started by Start.
func newService(kind service) (*Process, *frame.Conn, error) {
	ours, theirs, err := spawn.Pair()
	if err != nil {
		return nil, nil, err
	}
	p := &Process{identity: here.newIdentity(), Daemon: true, done: make(chan struct{})}
	p.Name = defaultName(p.identity)
	p.service, p.served = kind, theirs
	if here.getHost() == nil {
		p.makeErr = ErrNoHost
	}
	return p, frame.New(ours), nil
}

// bundle returns what the process is told to run.
func (p *Process) bundle(host Host) (codec.Message, error) {
	if p.service == "" {
		return host.Bundle(p.target)
	}
	return codec.Message{Files: []*os.File{p.served}}, nil
}

// run is the work of a child: the target in the bundle, or a service.
func (b boot) run(ctx context.Context, host Host, bundle codec.Message) (exitCode int) {
	log := Logger()
	log.Info("child process calling its target")
	defer func() { log.Info("process exiting with exit code " + strconv.Itoa(exitCode)) }()
	if b.Service == "" {
		return host.Run(ctx, bundle)
	}
	if len(bundle.Files) != 1 {
		fmt.Fprintf(here.stderr(), "mp: starting %s: its connection did not arrive: too many files may be open\n", b.Name)
		return 1
	}
	socket, err := spawn.Socket(bundle.Files[0])
	if err != nil {
		fmt.Fprintf(here.stderr(), "mp: starting %s: %v\n", b.Name, err)
		return 1
	}
	conn := frame.New(socket)
	defer conn.Close()
	switch b.Service {
	case servicePool:
		return servePool(conn)
	case serviceManager:
		return serveManager(conn)
	}
	fmt.Fprintf(here.stderr(), "mp: starting %s: there is no service %q\n", b.Name, b.Service)
	return 1
}
