package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// Pauses are how a session's goroutines stand still for the one that takes a
// picture of memory: who sees On at a poll, or on the way from compiled code back
// to the notebook's, parks until the pause is over. One goroutine pauses the others
// at a time. A nil Pauses has none. It is safe for concurrent use.
type Pauses struct {
	on   atomic.Bool
	turn chan struct{} // holds a token while somebody pauses

	mu   sync.Mutex
	over chan struct{} // closed at the end of the pause
	firm bool
}

// NewPauses returns Pauses of which none goes on.
func NewPauses() *Pauses { return &Pauses{turn: make(chan struct{}, 1)} }

// On reports whether goroutines are to park.
func (p *Pauses) On() bool { return p != nil && p.on.Load() }

// Begin begins a pause, after the end of one that goes on. The function that it
// returns ends it; it may be called more than once, by the same goroutine.
func (p *Pauses) Begin() (end func()) {
	p.turn <- struct{}{}
	return p.begin(false)
}

// BeginFirm is Begin of a pause that is short, which nobody leaves before its end:
// what a stopped goroutine has deferred waits for it too. It is not ok if the pause
// that goes on lasts for longer than limit.
func (p *Pauses) BeginFirm(limit time.Duration) (end func(), ok bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case p.turn <- struct{}{}:
		return p.begin(true), true
	case <-timer.C:
		return nil, false
	}
}

func (p *Pauses) begin(firm bool) (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over, p.firm = make(chan struct{}), firm
	p.on.Store(true)
	return sync.OnceFunc(func() {
		p.mu.Lock()
		p.on.Store(false)
		close(p.over)
		p.mu.Unlock()
		<-p.turn
	})
}

// Park waits for the end of the pause, if one goes on, or until done is closed,
// unless the pause is firm.
func (p *Pauses) Park(done <-chan struct{}) {
	p.mu.Lock()
	over := p.over
	if p.firm {
		done = nil
	}
	p.mu.Unlock()
	if !p.On() {
		return
	}
	select {
	case <-over:
	case <-done:
	}
}
