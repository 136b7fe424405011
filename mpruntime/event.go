package mpruntime

import (
	"context"
	"fmt"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// An Event is a flag that processes wait for (CPython: multiprocessing.Event).
type Event struct {
	shared
	turn shm.Word // counts the changes of the flag: odd while it is set
}

// eventSize is the turn.
const eventSize = 4

// NewEvent makes an event that is not set.
func NewEvent() *Event {
	e := &Event{shared: newShared("event", markEvent, eventSize)}
	e.attach()
	return e
}

func (e *Event) attach() {
	if e.region != nil {
		e.turn = e.region.Word(sharedAt)
	}
}

// Set sets the flag and wakes all that wait.
func (e *Event) Set() {
	if e.become(true) {
		e.turn.WakeAll()
	}
}

// Clear takes the flag back.
func (e *Event) Clear() { e.become(false) }

// become gives the flag a value and reports whether it had the other.
func (e *Event) become(set bool) bool {
	if err := e.Err(); err != nil {
		fail(err)
		return false
	}
	for {
		turn := e.turn.Load()
		if turn%2 == 1 == set {
			return false
		}
		if e.turn.CompareAndSwap(turn, turn+1) {
			return true
		}
	}
}

// IsSet reports whether the flag is set.
func (e *Event) IsSet() bool {
	if err := e.Err(); err != nil {
		fail(err)
		return false
	}
	return e.turn.Load()%2 == 1
}

// String says whether the flag is set.
func (e *Event) String() string {
	switch {
	case e.Err() != nil:
		return fmt.Sprintf("<Event failed: %v>", e.Err())
	case e.IsSet():
		return "<Event set>"
	}
	return "<Event unset>"
}

// Wait returns nil when the flag is set or was set meanwhile, and an error when
// the cell is interrupted.
func (e *Event) Wait() error { return e.wait(cellContext(), time.Time{}) }

// WaitTimeout is Wait that gives up after d with [ErrTimeout].
func (e *Event) WaitTimeout(d time.Duration) error { return e.wait(cellContext(), deadline(d)) }

// WaitContext is Wait that also returns, with the context's cause, when ctx ends.
func (e *Event) WaitContext(ctx context.Context) error {
	ctx, done := waitContext(ctx)
	defer done()
	return e.wait(ctx, time.Time{})
}

func (e *Event) wait(ctx context.Context, limit time.Time) error {
	if err := e.Err(); err != nil {
		return err
	}
	before := e.turn.Load()
	if before%2 == 1 {
		return nil
	}
	for e.turn.Load() == before {
		if err := e.turn.Wait(ctx, before, limit); err != nil {
			return err
		}
	}
	return nil
}

func (e *Event) encodeHandle(enc *codec.Encoder) error { return e.encode(enc) }

func (e *Event) decodeHandle(d *codec.Decoder) (err error) {
	if e.shared, err = decodeShared(d, markEvent, eventSize); err == nil {
		e.attach()
	}
	return err
}
