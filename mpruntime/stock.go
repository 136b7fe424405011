package mpruntime

import "sync"

// stockSize is how many idle helpers MainProcess keeps. A child keeps none: few
// children have children.
const stockSize = 2

// stock holds idle helpers, started before they are needed because the start of
// a program takes longer than anything else that a new process waits for.
type stock struct {
	mu      sync.Mutex
	size    int
	idle    []*helper
	filling bool
	fresh   *helper // started, and greeting
	closed  bool
	filler  sync.WaitGroup
}

// takeHelper returns an idle helper, or starts one.
func (r *record) takeHelper() (*helper, error) {
	r.mu.Lock()
	host, share := r.host, r.parent != nil
	r.mu.Unlock()
	for {
		h := r.stock.take()
		if h == nil {
			return startHelper(host, share)
		}
		if !h.ended() {
			return h, nil
		}
		h.discard()
	}
}

func (s *stock) take() *helper {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) == 0 {
		return nil
	}
	h := s.idle[0]
	s.idle = s.idle[1:]
	return h
}

// refill brings the stock to its size in the background. A helper that cannot
// be started is not reported here: the next Start meets the same error.
func (r *record) refill() {
	host, s := r.getHost(), &r.stock
	s.mu.Lock()
	defer s.mu.Unlock()
	if host == nil || s.closed || s.filling || len(s.idle) >= s.size {
		return
	}
	s.filling = true
	s.filler.Go(func() { s.fill(host) })
}

func (s *stock) fill(host Host) {
	for {
		s.mu.Lock()
		if s.closed || len(s.idle) >= s.size {
			s.filling = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		h, err := startHelper(host, false)
		if err == nil {
			s.mu.Lock()
			s.fresh = h
			if s.closed {
				h.conn.Close()
			}
			s.mu.Unlock()
			if err = h.greet(); err != nil {
				h.discard()
			}
		}
		s.mu.Lock()
		s.fresh = nil
		if err != nil {
			s.filling = false
			s.mu.Unlock()
			return
		}
		s.idle = append(s.idle, h)
		s.mu.Unlock()
	}
}

// close ends the idle helpers and waits for the filler, but not for a helper that
// does not greet.
func (s *stock) close() {
	s.mu.Lock()
	s.closed = true
	if s.fresh != nil {
		s.fresh.conn.Close()
	}
	s.mu.Unlock()
	s.filler.Wait()
	s.mu.Lock()
	idle := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, h := range idle {
		h.discard()
	}
}
