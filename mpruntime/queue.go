package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/packet"
	"cuaderno/internal/shm"
)

// A Queue is a first-in, first-out queue of any number of processes that put and
// get (CPython: multiprocessing.Queue). Items are copies. Those that one process
// puts keep their order.
//
// Put does not wait for a receiver: what the kernel does not take at once stays in
// a buffer of the putting process, without a limit but for that of the queue, and
// a goroutine, the feeder, sends it on. At its end a process leaves what is left
// in its buffer to the others, so that, other than in CPython, a child may be
// joined before its items are got.
//
// An item is in the queue whole or not at all, also when its putter is killed; the
// items in the buffer of a killed process are lost and no longer counted. A
// process that is killed in Put may let the queue hold one item more than its
// maximum, until it is empty, and Join of a [JoinableQueue] not wait for that item.
// One that is killed in Get takes at most the item that it was getting; if the item
// was among those that a process has left at its end, also those left with it.
//
// Whoever has a queue may put, so that Get cannot know that nothing will come. A
// Queue may be used from any goroutine and travels as a Conn does.
type Queue struct{ queue }

// NewQueue makes a queue for at most max items, for any number without max or if
// it is not positive.
func NewQueue(max ...int) *Queue {
	q := &Queue{}
	q.make("queue", false, max)
	return q
}

func (q *Queue) encodeHandle(e *codec.Encoder) error { return q.encode(e) }
func (q *Queue) decodeHandle(d *codec.Decoder) error { return q.decode(d, "queue", false) }

// queue is what Queue and JoinableQueue have in common.
//
// Items go from the socket out to the socket in. The other direction takes what is
// left in the buffers of processes that end (spill.go).
type queue struct {
	shared
	what     string
	joinable bool
	max      int
	in, out  *packet.Socket

	items      shm.Word // put and not got, those in buffers included
	waiting    shm.Word // putters that wait for items to become fewer
	unfinished shm.Word // of a JoinableQueue: put and not done
	joining    shm.Word // callers of Join
	spilled    shm.Word // batches in the other direction, or more

	mu       sync.Mutex
	closed   bool
	backlog  backlog
	feeding  chan struct{} // while the feeder runs: closed at its end
	stop     context.CancelFunc
	dropped  bool // by CancelJoinThread: the end of the process does not keep the buffer
	claiming sync.Once
	row      row
}

const (
	markQueue    mark = 0x6d70_0100
	markJoinable mark = 0x6d70_0101

	itemsAt      = sharedAt
	waitingAt    = sharedAt + 4
	unfinishedAt = sharedAt + 8
	joiningAt    = sharedAt + 12
	spilledAt    = sharedAt + 16
	rowsAt       = sharedAt + 64
	queueSize    = rowsAt + rowCount*rowSize - sharedAt
)

func (q *queue) mark() mark {
	if q.joinable {
		return markJoinable
	}
	return markQueue
}

func (q *queue) make(what string, joinable bool, max []int) {
	q.what, q.joinable = what, joinable
	if len(max) > 1 {
		q.err = note(fmt.Errorf("mp: making the %s: %d limits are given instead of one", what, len(max)))
		return
	}
	if len(max) == 1 && max[0] > 0 {
		q.max = max[0]
	}
	if q.shared = newShared(what, q.mark(), queueSize); q.err != nil {
		return
	}
	var err error
	if q.out, q.in, err = packet.Pair(&here.buffers); err != nil {
		q.region.Close()
		q.shared = failedShared(what, err)
		return
	}
	q.attach()
}

func (q *queue) attach() {
	q.items, q.waiting = q.region.Word(itemsAt), q.region.Word(waitingAt)
	q.unfinished, q.joining = q.region.Word(unfinishedAt), q.region.Word(joiningAt)
	q.spilled = q.region.Word(spilledAt)
}

func (q *queue) encode(e *codec.Encoder) error {
	if err := q.usable(); err != nil {
		return err
	}
	e.Uvarint(uint64(q.max))
	if err := q.shared.encode(e); err != nil {
		return err
	}
	for _, s := range []*packet.Socket{q.in, q.out} {
		if err := e.Descriptor(s); err != nil {
			return pipeError("passing on a "+q.what, err)
		}
	}
	return nil
}

func (q *queue) decode(d *codec.Decoder, what string, joinable bool) (err error) {
	q.what, q.joinable = what, joinable
	defer func() {
		if err != nil {
			q.discardHandle()
		}
	}()
	if q.max, err = d.Int(); err != nil {
		return err
	}
	if q.shared, err = decodeShared(d, q.mark(), queueSize); err != nil {
		return err
	}
	if q.in, err = decodeSocket(d); err != nil {
		return err
	}
	if q.out, err = decodeSocket(d); err != nil {
		return err
	}
	q.attach()
	return nil
}

// discardHandle gives back what decoding has opened. The processes that have the
// queue keep it.
func (q *queue) discardHandle() {
	for _, s := range []*packet.Socket{q.in, q.out} {
		if s != nil {
			_ = s.Close() // nobody has used it
		}
	}
	q.shared.discardHandle()
}

// usable returns the error of a method.
func (q *queue) usable() error {
	if q == nil || q.region == nil {
		return q.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	return nil
}

// Err returns why the queue could not be made, nil if it was.
func (q *queue) Err() error {
	if q == nil {
		return errUnmade
	}
	return q.shared.Err()
}

// Put puts a copy of v, as it is now, into the queue. It waits while the queue is
// full. Errors about v wrap [ErrNotCopyable]; the error is [ErrClosed] after Close.
func (q *queue) Put(v any) error { return q.put(context.Background(), time.Time{}, true, v) }

// PutContext is Put that also returns, with the context's cause, when ctx ends.
func (q *queue) PutContext(ctx context.Context, v any) error {
	return q.put(ctx, time.Time{}, true, v)
}

// PutTimeout is Put that gives up after d with [ErrFull].
func (q *queue) PutTimeout(v any, d time.Duration) error {
	return q.put(context.Background(), deadline(d), true, v)
}

// TryPut is Put that does not wait and returns [ErrFull] (CPython: put_nowait).
func (q *queue) TryPut(v any) error {
	return q.put(context.Background(), time.Time{}, false, v)
}

func (q *queue) put(ctx context.Context, limit time.Time, wait bool, v any) error {
	if err := q.usable(); err != nil {
		return err
	}
	m, err := encodeMessage(v, "the item")
	if err != nil {
		return err
	}
	if err := q.reserve(ctx, limit, wait); err != nil {
		m.Close()
		return err
	}
	if err := q.feed(m); err != nil {
		m.Close()
		q.cancel(1)
		return err
	}
	return nil
}

// Get takes the next item out of the queue and waits for one.
func (q *queue) Get() (any, error) { return q.get(context.Background(), time.Time{}, true) }

// GetContext is Get that also returns, with the context's cause, when ctx ends.
func (q *queue) GetContext(ctx context.Context) (any, error) { return q.get(ctx, time.Time{}, true) }

// GetTimeout is Get that gives up after d with [ErrEmpty].
func (q *queue) GetTimeout(d time.Duration) (any, error) {
	return q.get(context.Background(), deadline(d), true)
}

// TryGet is Get that does not wait and returns [ErrEmpty] (CPython: get_nowait).
// An item that another process has put may still be in that process's buffer.
func (q *queue) TryGet() (any, error) { return q.get(context.Background(), time.Time{}, false) }

// GetInto is Get into the variable that to points to; an item of another type is
// lost. See [Conn.RecvInto].
func (q *queue) GetInto(to any) error {
	v, err := q.Get()
	if err != nil {
		return err
	}
	return assign(to, v)
}

func (q *queue) get(ctx context.Context, limit time.Time, wait bool) (any, error) {
	r, err := q.take(ctx, limit, wait)
	if err != nil {
		return nil, err
	}
	q.taken(1)
	return decodeReceived(&r, here.domain())
}

// take receives an item.
func (q *queue) take(ctx context.Context, limit time.Time, wait bool) (packet.Received, error) {
	if err := q.usable(); err != nil {
		return packet.Received{}, err
	}
	for {
		r, ok, err := q.in.TryReceive()
		if err == nil && !ok {
			if r, ok, err = q.takeSpilled(); err == nil && !ok {
				if !wait {
					return r, ErrEmpty
				}
				r, err = q.await(ctx, limit)
			}
		}
		if err != nil {
			if err = pipeError("getting an item", err); errors.Is(err, ErrTimeout) {
				err = ErrEmpty
			}
			return packet.Received{}, err
		}
		if r.Kind != packetLook {
			return r, nil
		}
		r.Release()
	}
}

func (q *queue) await(ctx context.Context, limit time.Time) (packet.Received, error) {
	ctx, done := waitContext(ctx)
	defer done()
	return q.in.Receive(ctx, limit)
}

// Len returns the number of items, those in the buffers of processes included
// (CPython: qsize). Like Empty and Full it may be out of date at once.
func (q *queue) Len() int {
	if q.failed() {
		return 0
	}
	q.reclaim(false)
	return int(q.items.Load())
}

// Empty reports whether there is nothing to get.
func (q *queue) Empty() bool {
	if q.failed() {
		return true
	}
	return q.items.Load() == 0 || q.nothing()
}

// nothing reports whether no item is on its way, whatever is counted.
func (q *queue) nothing() bool {
	for _, s := range []*packet.Socket{q.in, q.out} {
		if ready, err := s.Ready(); ready || err != nil {
			return false
		}
	}
	return q.unsent() == 0
}

// Full reports whether Put would wait.
func (q *queue) Full() bool {
	if q.failed() || q.max == 0 || int(q.items.Load()) < q.max {
		return false
	}
	q.reclaim(false)
	return int(q.items.Load()) >= q.max
}

// failed fails the calling cell if the queue cannot be used.
func (q *queue) failed() bool {
	err := q.usable()
	if err != nil {
		fail(err)
	}
	return err != nil
}

// Close ends the use of the queue in this process. What it has put stays in the
// queue for others. Later calls, and those that wait, return [ErrClosed]; a second
// Close is no error.
func (q *queue) Close() error {
	if err := q.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	q.mu.Unlock()
	if !q.flush() { // the feeder goes on, and closes the rest
		return q.in.Close()
	}
	return errors.Join(q.in.Close(), q.out.Close())
}

// JoinThread waits until what this process has put has left its buffer. The queue
// must be closed.
func (q *queue) JoinThread() error {
	if err := q.Err(); err != nil {
		return err
	}
	q.mu.Lock()
	closed, feeding := q.closed, q.feeding
	q.mu.Unlock()
	if !closed {
		return fmt.Errorf("mp: cannot join the feeder of the %s while that is open: close it first", q.what)
	}
	if feeding == nil {
		return nil
	}
	ctx := cellContext()
	select {
	case <-feeding:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// CancelJoinThread lets this process lose what is in its buffer at Close and at its
// end.
func (q *queue) CancelJoinThread() {
	if err := q.Err(); err != nil {
		fail(err)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped = true
}
