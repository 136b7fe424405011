//go:build unix

package conformance_test

import (
	"errors"
	"testing"
	"time"

	mp "cuaderno/mpruntime"
)

// getInt takes an int out of a queue, with a limit.
func getInt(t *testing.T, q interface {
	GetTimeout(d time.Duration) (any, error)
}) int {
	t.Helper()
	v, err := q.GetTimeout(generous)
	ok(t, err)
	n, is := v.(int)
	if !is {
		t.Fatalf("got a %T: %v", v, v)
	}
	return n
}

func closeQueue(t *testing.T, q interface {
	Close() error
	JoinThread() error
}) {
	t.Helper()
	ok(t, q.Close())
	ok(t, q.JoinThread())
}

// failsToEncode is a value whose encoding fails.
type failsToEncode struct{}

var errNotEncoded = errors.New("not today")

func (failsToEncode) MarshalBinary() ([]byte, error) { return nil, errNotEncoded }
func (*failsToEncode) UnmarshalBinary([]byte) error  { return nil }

func TestQueue(t *testing.T) {
	conform(t, "_TestQueue.test_put", func(t *testing.T) {
		q, start, goOn := mp.NewQueue(6), mp.NewEvent(), mp.NewEvent()
		p := daemon(t, func(q *mp.Queue, start, goOn *mp.Event) {
			panicOn(start.Wait())
			for range 6 {
				try(q.Get())
			}
			goOn.Set()
		}, q, start, goOn)
		equal(t, "empty", q.Empty(), true)
		equal(t, "full", q.Full(), false)
		ok(t, q.Put(1))
		ok(t, q.Put(2))
		ok(t, q.PutTimeout(3, generous))
		ok(t, q.PutContext(t.Context(), 4))
		ok(t, q.TryPut(5))
		ok(t, q.TryPut(6))
		eventually(t, "not empty and full", func() bool { return !q.Empty() && q.Full() })
		is(t, q.TryPut(7), mp.ErrFull)
		is(t, q.PutTimeout(7, 0), mp.ErrFull)
		is(t, q.PutTimeout(7, short), mp.ErrFull)
		start.Set()
		ok(t, goOn.WaitTimeout(generous))
		equal(t, "empty", q.Empty(), true)
		equal(t, "full", q.Full(), false)
		ends(t, p)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_get", func(t *testing.T) {
		q, start, goOn := mp.NewQueue(), mp.NewEvent(), mp.NewEvent()
		p := daemon(t, func(q *mp.Queue, start, goOn *mp.Event) {
			panicOn(start.Wait())
			for i := 2; i <= 5; i++ {
				panicOn(q.Put(i))
			}
			goOn.Set()
		}, q, start, goOn)
		equal(t, "empty", q.Empty(), true)
		start.Set()
		ok(t, goOn.WaitTimeout(generous))
		eventually(t, "not empty", func() bool { return !q.Empty() })
		v, err := q.Get()
		ok(t, err)
		equal(t, "Get", v, any(2))
		n, err := mp.Get[int](q)
		ok(t, err)
		equal(t, "Get of an int", n, 3)
		equal(t, "GetTimeout", getInt(t, q), 4)
		v, err = q.TryGet()
		ok(t, err)
		equal(t, "TryGet", v, any(5))
		equal(t, "empty", q.Empty(), true)
		_, err = q.TryGet()
		is(t, err, mp.ErrEmpty)
		_, err = q.GetTimeout(0)
		is(t, err, mp.ErrEmpty)
		_, err = q.GetTimeout(short)
		is(t, err, mp.ErrEmpty)
		ends(t, p)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_fork", func(t *testing.T) {
		q := mp.NewQueue()
		for i := range 10 {
			ok(t, q.Put(i))
		}
		p := daemon(t, func(q *mp.Queue) {
			for i := 10; i < 20; i++ {
				panicOn(q.Put(i)) // the end of the process waits until they are on their way
			}
		}, q)
		for i := range 20 {
			equal(t, "item", getInt(t, q), i)
		}
		_, err := q.TryGet()
		is(t, err, mp.ErrEmpty)
		ends(t, p)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_qsize", func(t *testing.T) {
		q := mp.NewQueue()
		equal(t, "length", q.Len(), 0)
		ok(t, q.Put(1))
		equal(t, "length", q.Len(), 1)
		ok(t, q.Put(5))
		equal(t, "length", q.Len(), 2)
		getInt(t, q)
		equal(t, "length", q.Len(), 1)
		getInt(t, q)
		equal(t, "length", q.Len(), 0)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_task_done", func(t *testing.T) {
		q := mp.NewJoinableQueue()
		var all []*mp.Process
		for range 4 {
			all = append(all, daemon(t, func(q *mp.JoinableQueue) {
				for try(q.Get()) != nil {
					panicOn(q.TaskDone())
				}
			}, q))
		}
		for i := range 10 {
			ok(t, q.Put(i))
		}
		ok(t, q.JoinTimeout(generous))
		for range all {
			ok(t, q.Put(nil))
		}
		ends(t, all...)
		for range all {
			ok(t, q.TaskDone())
		}
		refused(t, "one TaskDone too many", q.TaskDone())
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_timeout", func(t *testing.T) {
		q := mp.NewQueue()
		begun := time.Now()
		_, err := q.GetTimeout(200 * time.Millisecond)
		is(t, err, mp.ErrEmpty)
		if d := time.Since(begun); d < 100*time.Millisecond {
			t.Errorf("it gave up after %v", d)
		}
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_queue_feeder_donot_stop_onexc", func(t *testing.T) {
		q := mp.NewQueue()
		refused(t, "putting what cannot be encoded", q.Put(failsToEncode{}))
		ok(t, q.Put(1))
		equal(t, "the next item", getInt(t, q), 1)
		closeQueue(t, q)

		q = mp.NewQueue(1)
		refused(t, "putting what cannot be encoded", q.Put(failsToEncode{}))
		ok(t, q.TryPut(1))
		equal(t, "length", q.Len(), 1)
		equal(t, "the next item", getInt(t, q), 1)
		equal(t, "empty", q.Empty(), true)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_queue_feeder_on_queue_feeder_error", func(t *testing.T) {
		q := mp.NewQueue()
		is(t, q.Put(failsToEncode{}), errNotEncoded) // Put itself returns what CPython gives to a hook
		is(t, q.Put(make(chan int)), mp.ErrNotCopyable)
		ok(t, q.Put(1))
		equal(t, "the next item", getInt(t, q), 1)
		closeQueue(t, q)
	})
	conform(t, "_TestQueue.test_closed_queue_put_get_exceptions", func(t *testing.T) {
		q, j := mp.NewQueue(), mp.NewJoinableQueue()
		ok(t, q.Close())
		ok(t, j.Close())
		is(t, q.Put("foo"), mp.ErrClosed)
		is(t, j.Put("foo"), mp.ErrClosed)
		_, err := q.Get()
		is(t, err, mp.ErrClosed)
		_, err = j.Get()
		is(t, err, mp.ErrClosed)
	})
}

func TestSimpleQueue(t *testing.T) {
	conform(t, "TestSimpleQueue.test_empty", func(t *testing.T) {
		q, start, goOn := mp.NewSimpleQueue(), mp.NewEvent(), mp.NewEvent()
		p := daemon(t, func(q *mp.SimpleQueue, start, goOn *mp.Event) {
			panicOn(start.Wait())
			panicOn(q.Put(q.Empty()))
			panicOn(q.Put(q.Empty()))
			goOn.Set()
		}, q, start, goOn)
		equal(t, "empty", q.Empty(), true)
		start.Set()
		ok(t, goOn.WaitTimeout(generous))
		equal(t, "empty", q.Empty(), false)
		for _, want := range []bool{true, false} {
			v, err := q.Get()
			ok(t, err)
			equal(t, "empty in the child", v, any(want))
		}
		equal(t, "empty", q.Empty(), true)
		ends(t, p)
	})
	conform(t, "TestSimpleQueue.test_close", func(t *testing.T) {
		q := mp.NewSimpleQueue()
		ok(t, q.Close())
		ok(t, q.Close())
	})
	conform(t, "TestSimpleQueue.test_closed", func(t *testing.T) {
		q := mp.NewSimpleQueue()
		ok(t, q.Close())
		is(t, q.Put(1), mp.ErrClosed)
		_, err := q.Get()
		is(t, err, mp.ErrClosed)
	})
}
