package mpruntime

import (
	"context"
	"time"
)

// A QueueProxy stands for a queue in a manager. Its methods are those of [Queue]
// and, for one of [Manager.JoinableQueue], of [JoinableQueue].
type QueueProxy struct{ remote }

// Queue makes a queue of no more than max items, by default of any number.
func (m *Manager) Queue(max ...int) *QueueProxy { return &QueueProxy{m.make("queue", anys(max)...)} }

// JoinableQueue makes a queue that can be joined.
func (m *Manager) JoinableQueue(max ...int) *QueueProxy {
	return &QueueProxy{m.make("joinable queue", anys(max)...)}
}

func anys(list []int) []any {
	var out []any
	for _, n := range list {
		out = append(out, n)
	}
	return out
}

// Put adds a copy of v; it waits while the queue is full.
func (q *QueueProxy) Put(v any) error { return q.PutContext(context.Background(), v) }

// PutContext is Put that also returns, with the context's cause, when ctx ends.
func (q *QueueProxy) PutContext(ctx context.Context, v any) error {
	_, err := q.call(ctx, "PutContext", v)
	return err
}

// PutTimeout is Put that gives up after d, with [ErrFull].
func (q *QueueProxy) PutTimeout(v any, d time.Duration) error { return q.do("PutTimeout", v, d) }

// TryPut is Put that does not wait.
func (q *QueueProxy) TryPut(v any) error { return q.do("TryPut", v) }

// Get removes the first item and returns it; it waits for one.
func (q *QueueProxy) Get() (any, error) { return q.GetContext(context.Background()) }

// GetContext is Get that also returns, with the context's cause, when ctx ends.
func (q *QueueProxy) GetContext(ctx context.Context) (any, error) {
	results, err := q.call(ctx, "GetContext")
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// GetTimeout is Get that gives up after d, with [ErrEmpty].
func (q *QueueProxy) GetTimeout(d time.Duration) (any, error) { return q.get("GetTimeout", d) }

// TryGet is Get that does not wait.
func (q *QueueProxy) TryGet() (any, error) { return q.get("TryGet") }

// GetInto is Get into the variable that to points to; see [Conn.RecvInto].
func (q *QueueProxy) GetInto(to any) error { return q.into(to, "GetContext") }

// Len returns the number of items.
func (q *QueueProxy) Len() int { return q.seeInt("Len") }

// Empty reports whether there are no items.
func (q *QueueProxy) Empty() bool { return q.seeBool("Empty") }

// Full reports whether no item can be added.
func (q *QueueProxy) Full() bool { return q.seeBool("Full") }

// TaskDone says that an item has been dealt with.
func (q *QueueProxy) TaskDone() error { return q.do("TaskDone") }

// Join waits until all items have been dealt with.
func (q *QueueProxy) Join() error { return q.JoinContext(context.Background()) }

// JoinContext is Join that also returns, with the context's cause, when ctx ends.
func (q *QueueProxy) JoinContext(ctx context.Context) error {
	_, err := q.call(ctx, "JoinContext")
	return err
}
