package mpruntime

import (
	"testing"
	"time"
)

// TestStockFollowsUse checks that the stock grows with starts in a row, no further
// than its bound, and comes back when they stop.
func TestStockFollowsUse(t *testing.T) {
	var s stock
	s.open()
	if s.size != leastStock {
		t.Fatalf("a new stock keeps %d helpers", s.size)
	}
	for range 3 * s.most {
		if h := s.take(); h != nil {
			t.Fatal("an empty stock gave a helper")
		}
	}
	if s.size != s.most || s.most != leastStock+CPUCount() {
		t.Errorf("after a burst it keeps %d helpers, at most %d", s.size, s.most)
	}
	s.calm() // too early
	if s.size != s.most {
		t.Errorf("just after a burst it keeps %d helpers", s.size)
	}
	s.mu.Lock()
	s.last = time.Now().Add(-2 * rest)
	s.mu.Unlock()
	s.calm()
	if s.size != leastStock {
		t.Errorf("after a rest it keeps %d helpers", s.size)
	}
	s.close()
	var child stock // that of a child
	child.take()
	child.take()
	if child.size != 0 {
		t.Errorf("a child keeps %d helpers", child.size)
	}
}

// TestStockGivesWhatIsAboutToBeReady checks that a start takes over the helper that
// is being made, and takes it once.
func TestStockGivesWhatIsAboutToBeReady(t *testing.T) {
	h := &helper{}
	s := stock{fresh: h}
	if got := s.take(); got != h {
		t.Errorf("the stock gave %p, not the helper that was about to be ready", got)
	}
	if got := s.take(); got != nil {
		t.Error("the stock gave a helper twice")
	}
}
