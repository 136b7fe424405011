package packet

import (
	"context"
	"os"
	"time"
)

// Await waits until something can be received from ready, and receives it; or until
// ctx ends, deadline passes, which is ErrTimeout, or ended is closed, which is
// os.ErrClosed. A deadline may be zero and ended nil: there is none.
func Await[T any](ctx context.Context, deadline time.Time, ready <-chan T, ended <-chan struct{}) error {
	select {
	case <-ready: // what is there counts, whatever else is
		return nil
	default:
	}
	var late <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-ready:
		return nil
	case <-ended:
		return os.ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-late:
		return ErrTimeout
	}
}

// A turn is held by one goroutine at a time: who has received it.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}
