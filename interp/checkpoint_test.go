package interp

import (
	"context"
	"testing"

	"cuaderno/interp/lang"
)

// TestInterruptedWaitForACheckpoint interrupts cells before they run.
func TestInterruptedWaitForACheckpoint(t *testing.T) {
	s := &Session{evaluator: &evaluator{checking: make(turn, 1)}, checkpoints: &checkpoints{turn: make(turn, 1)}}
	s.checkpoints.lock() // as one that is being taken does
	defer s.checkpoints.unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, code := range []string{"1+1", "%restore"} {
		o := s.Execute(ctx, lang.Cell{Count: 1, Code: code}, nil)
		if o.Err == nil || o.Err.Name != lang.Interrupted || o.Err.Value != "the cell was interrupted before it ran; it has changed nothing" {
			t.Errorf("%s gave %v", code, o.Err)
		}
	}
}
