package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/shm"
)

// A Barrier lets a number of parties wait until all have come (CPython:
// multiprocessing.Barrier), again and again.
//
// One that leaves before the others have come, because its time is up, its cell
// was interrupted or its process was killed, breaks the barrier: the others get
// [ErrBrokenBarrier], in the last case within some 50 ms. The barrier knows nothing
// of a process that was killed before it came: there a time limit helps.
type Barrier struct {
	shared
	action  func()
	guard   *shm.Mutex // of count, broken, outcomes and arrivals, and changes of turn
	parties int
	turn    shm.Word // how many rounds have ended
	count   *atomic.Uint32
	broken  *atomic.Uint32
}

// Layout of a barrier, from sharedAt. Outcomes are of the last rounds: twice the
// turn, and one more if the round was broken. Arrivals are the processes that
// wait in the present round.
const (
	guardAt     = sharedAt
	partiesAt   = sharedAt + 8
	countAt     = sharedAt + 12
	turnAt      = sharedAt + 16
	brokenAt    = sharedAt + 20
	outcomesAt  = sharedAt + 64
	outcomes    = 64
	arrivalsAt  = outcomesAt + outcomes*8
	maxParties  = 1 << 20
	barrierSize = arrivalsAt - sharedAt
)

// NewBarrier makes a barrier for n parties. The last to come calls action, if there
// is one, before all go on.
func NewBarrier(n int, action ...func()) *Barrier {
	b := &Barrier{}
	err := checkParties(n)
	if len(action) > 1 {
		err = fmt.Errorf("it takes one action, not %d", len(action))
	}
	if err != nil {
		b.shared = failedShared("barrier", err)
		return b
	}
	if len(action) == 1 {
		b.action = action[0]
	}
	if b.shared = newShared("barrier", markBarrier, barrierSize+8*n); b.err == nil {
		b.region.Uint32(partiesAt).Store(uint32(n))
		b.attach()
	}
	return b
}

func checkParties(n int) error {
	if n < 1 || n > maxParties {
		return fmt.Errorf("the number of parties must be at least 1, and at most %d, not %d", maxParties, n)
	}
	return nil
}

func (b *Barrier) attach() {
	b.guard, b.turn = b.region.Mutex(guardAt), b.region.Word(turnAt)
	b.parties = int(b.region.Uint32(partiesAt).Load())
	b.count, b.broken = b.region.Uint32(countAt), b.region.Uint32(brokenAt)
}

// Wait waits until all parties have come and returns in which place this one came,
// from 0; each place is one party's.
func (b *Barrier) Wait() (place int, err error) { return b.wait(cellContext(), time.Time{}) }

// WaitTimeout is Wait that breaks the barrier after d.
func (b *Barrier) WaitTimeout(d time.Duration) (place int, err error) {
	return b.wait(cellContext(), deadline(d))
}

// WaitContext is Wait that breaks the barrier, and returns the context's cause, when
// ctx ends.
func (b *Barrier) WaitContext(ctx context.Context) (place int, err error) {
	ctx, done := waitContext(ctx)
	defer done()
	return b.wait(ctx, time.Time{})
}

// Abort breaks the barrier: all that wait, and that come, get [ErrBrokenBarrier].
func (b *Barrier) Abort() error {
	if err := b.enter(context.Background()); err != nil {
		return err
	}
	b.endRound(true)
	b.broken.Store(1)
	b.guard.Unlock()
	return nil
}

// Reset makes the barrier as new. Those that wait get [ErrBrokenBarrier].
func (b *Barrier) Reset() error {
	if err := b.enter(context.Background()); err != nil {
		return err
	}
	if b.count.Load() > 0 {
		b.endRound(true)
	}
	b.broken.Store(0)
	b.guard.Unlock()
	return nil
}

// Parties returns how many parties the barrier is for.
func (b *Barrier) Parties() int {
	if err := b.Err(); err != nil {
		fail(err)
		return 0
	}
	return b.parties
}

// NWaiting returns how many parties wait at the moment.
func (b *Barrier) NWaiting() int {
	if err := b.Err(); err != nil {
		fail(err)
		return 0
	}
	return int(b.count.Load()) % b.parties // all of them wait for the action only
}

// Broken reports whether the barrier is broken.
func (b *Barrier) Broken() bool {
	if err := b.Err(); err != nil {
		fail(err)
		return false
	}
	return b.broken.Load() != 0
}

// enter takes the guard. What a process that was killed with it has left half done
// counts as broken.
func (b *Barrier) enter(ctx context.Context) error {
	if err := b.Err(); err != nil {
		return err
	}
	died, err := b.guard.Lock(ctx, time.Time{})
	if err == nil && died != 0 {
		b.endRound(true)
		b.broken.Store(1)
	}
	return err
}

// endRound lets all that wait go. The caller has the guard.
func (b *Barrier) endRound(broken bool) {
	turn := b.turn.Load()
	outcome := uint64(turn) << 1
	if broken {
		outcome |= 1
	}
	b.outcome(turn).Store(outcome)
	b.count.Store(0)
	b.turn.Store(turn + 1)
	b.turn.WakeAll()
}

func (b *Barrier) outcome(turn uint32) *atomic.Uint64 {
	return b.region.Uint64(outcomesAt + 8*int(turn%outcomes))
}

func (b *Barrier) arrival(place int) *atomic.Uint64 { return b.region.Uint64(arrivalsAt + 8*place) }

// breakRound breaks the barrier if the round is not over.
func (b *Barrier) breakRound(turn uint32) {
	if b.enter(context.Background()) != nil {
		return
	}
	if b.turn.Load() == turn {
		b.endRound(true)
		b.broken.Store(1)
	}
	b.guard.Unlock()
}

func (b *Barrier) wait(ctx context.Context, limit time.Time) (place int, err error) {
	turn, place, err := b.arrive(ctx, limit)
	if err != nil {
		return 0, err
	}
	if place == b.parties-1 {
		return place, b.complete(turn)
	}
	for b.turn.Load() == turn {
		err := b.turn.Wait(ctx, turn, limit)
		switch {
		case b.turn.Load() != turn:
		case err != nil:
			b.breakRound(turn)
			if !errors.Is(err, ErrTimeout) {
				return 0, err
			}
		case b.lost():
			b.breakRound(turn)
		}
	}
	return place, b.result(turn)
}

// result returns the error of a round that is over.
func (b *Barrier) result(turn uint32) error {
	if b.outcome(turn).Load() == uint64(turn)<<1|1 {
		return ErrBrokenBarrier
	}
	return nil
}

// arrive takes the next place of a round.
func (b *Barrier) arrive(ctx context.Context, limit time.Time) (turn uint32, place int, err error) {
	for {
		if err := b.enter(ctx); err != nil {
			return 0, 0, err
		}
		turn, place = b.turn.Load(), int(b.count.Load())
		if b.broken.Load() != 0 {
			b.guard.Unlock()
			return 0, 0, ErrBrokenBarrier
		}
		if place < b.parties {
			b.arrival(place).Store(uint64(shm.Self()))
			b.count.Store(uint32(place + 1))
			b.guard.Unlock()
			return turn, place, nil
		}
		b.guard.Unlock() // the action of the present round runs
		if err := b.turn.Wait(ctx, turn, limit); err != nil {
			return 0, 0, err // of a round in which this party has no part
		}
		if b.lost() {
			b.breakRound(turn)
		}
	}
}

// lost reports whether a process that waits, or runs the action, has ended.
func (b *Barrier) lost() bool {
	var before shm.Owner
	for place := range min(int(b.count.Load()), b.parties) {
		owner := shm.Owner(b.arrival(place).Load())
		if owner != before && !owner.Alive() {
			return true
		}
		before = owner
	}
	return false
}

// complete ends the round for the last to come. An action that panics breaks the
// barrier.
func (b *Barrier) complete(turn uint32) error {
	if b.action != nil {
		defer b.breakRound(turn) // which does nothing to a round that is over
		b.action()
	}
	if err := b.enter(context.Background()); err != nil {
		return err
	}
	if b.turn.Load() == turn {
		b.endRound(false)
	}
	b.guard.Unlock()
	return b.result(turn)
}

func (b *Barrier) encodeHandle(e *codec.Encoder) error {
	if err := b.encode(e); err != nil {
		return err
	}
	return e.Encode(reflect.ValueOf(&b.action).Elem(), "the action of a barrier")
}

func (b *Barrier) decodeHandle(d *codec.Decoder) (err error) {
	defer func() { b.discardAfter(err) }()
	if b.shared, err = decodeShared(d, markBarrier, barrierSize+8); err != nil {
		return err
	}
	b.attach()
	if b.parties < 1 || b.region.Size()-arrivalsAt < 8*b.parties {
		return errors.New("mp: decoding a value: the memory is no barrier")
	}
	return d.Decode(reflect.ValueOf(&b.action).Elem())
}
