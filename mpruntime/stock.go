package mpruntime

import (
	"slices"
	"sync"
	"time"
)

// stock holds idle helpers, started before they are needed because the start of
// a program takes longer than anything else that a new process waits for. It
// grows with each start that comes soon after another, and shrinks again when none
// came for a while.
type stock struct {
	mu sync.Mutex
	// least and most bound size, how many idle helpers are kept. They are 0 where
	// none are: few children have children.
	least, most, size int
	idle              []*helper
	filling           bool
	fresh             *helper // started, and greeting
	closed            bool
	filler            sync.WaitGroup
	last              time.Time // when a helper was wanted last
	shrink            *time.Timer
}

const (
	leastStock = 2
	// soon is how soon after another start makes the stock grow, and rest how long
	// without a start makes it shrink.
	soon = 250 * time.Millisecond
	rest = 15 * time.Second
)

// open makes the stock that of MainProcess.
func (s *stock) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.least, s.most, s.size = leastStock, leastStock+CPUCount(), leastStock
}

// takeHelper returns an idle helper, or starts one.
func (r *record) takeHelper() (*helper, error) {
	r.mu.Lock()
	host, share := r.getHost(), r.parent != nil
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

// take returns an idle helper, one that is about to be, or nil.
func (s *stock) take() *helper {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.last) < soon {
		s.size = min(s.size+1, s.most)
	}
	s.last = now
	if s.shrink == nil && s.size > s.least {
		s.shrink = time.AfterFunc(rest, s.calm)
	}
	if len(s.idle) == 0 {
		h := s.fresh
		s.fresh = nil // the filler leaves it alone
		return h
	}
	h := s.idle[0]
	s.idle = s.idle[1:]
	return h
}

// calm brings the stock back to its least size if no start came for a while.
func (s *stock) calm() {
	s.mu.Lock()
	if left := rest - time.Since(s.last); left > 0 && !s.closed {
		s.shrink.Reset(left)
		s.mu.Unlock()
		return
	}
	s.shrink, s.size = nil, s.least
	var surplus []*helper
	if len(s.idle) > s.size {
		surplus = slices.Clone(s.idle[s.size:])
		s.idle = s.idle[:s.size]
	}
	s.mu.Unlock()
	for _, h := range surplus {
		h.discard()
	}
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
		if !s.add(host) {
			s.mu.Lock()
			s.filling = false
			s.mu.Unlock()
			return
		}
	}
}

// add adds a helper to the stock, unless somebody takes it before it has greeted.
func (s *stock) add(host Host) bool {
	h, err := startHelper(host, false)
	if err != nil {
		return false
	}
	s.mu.Lock()
	s.fresh = h
	if s.closed {
		h.conn.Close()
	}
	s.mu.Unlock()
	err = h.greet()
	s.mu.Lock()
	taken := s.fresh != h
	s.fresh = nil
	if err == nil && !taken {
		s.idle = append(s.idle, h)
	}
	s.mu.Unlock()
	switch {
	case taken:
	case err != nil:
		h.discard()
		return false
	default:
		h.warm()
	}
	return true
}

// warm tells the idle helpers to get ready for what is new.
func (s *stock) warm() {
	s.mu.Lock()
	idle := slices.Clone(s.idle)
	s.mu.Unlock()
	for _, h := range idle {
		h.warm()
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
	if s.shrink != nil {
		s.shrink.Stop()
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
