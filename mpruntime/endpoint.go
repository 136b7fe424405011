package mpruntime

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
)

// An endpoint is where this process listens. It is closed, and the file of its Unix
// socket removed, by Close or at the process's orderly end.
type endpoint struct{ net.Listener }

// endpoints are those of a process.
type endpoints struct {
	mu   sync.Mutex
	open map[*endpoint]struct{}
}

// listen opens an endpoint.
func (r *record) listen(network, address string) (*endpoint, error) {
	if err := checkNetwork(network); err != nil {
		return nil, err
	}
	l, err := net.Listen(network, address)
	if errors.Is(err, syscall.EADDRINUSE) && network == "unix" && removeStale(address) {
		l, err = net.Listen(network, address)
	}
	if err != nil {
		return nil, fmt.Errorf("mp: listening: %w", err)
	}
	e := &endpoint{l}
	r.endpoints.mu.Lock()
	defer r.endpoints.mu.Unlock()
	if r.endpoints.open == nil {
		r.endpoints.open = map[*endpoint]struct{}{}
	}
	r.endpoints.open[e] = struct{}{}
	return e, nil
}

// removeStale removes the file of a socket that a process has left where nobody
// listens any more, and reports whether it did.
func removeStale(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	conn, err := net.Dial("unix", name)
	if err == nil {
		conn.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED) && os.Remove(name) == nil
}

// Close implements net.Listener.
func (e *endpoint) Close() error {
	here.endpoints.mu.Lock()
	delete(here.endpoints.open, e)
	here.endpoints.mu.Unlock()
	return e.Listener.Close()
}

// close closes all of them.
func (s *endpoints) close() {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, e := range open {
		_ = e.Close() // the process ends
	}
}
