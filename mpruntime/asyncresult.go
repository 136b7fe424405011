package mpruntime

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"
	"time"
)

// An AsyncResult is the result of tasks that go on (CPython:
// multiprocessing.pool.AsyncResult). The result of Apply is one value, that of Map
// a []any. Until it has been got it keeps the pool from being forgotten.
type AsyncResult struct {
	pool   atomic.Pointer[Pool]
	job    *job
	err    error // why there is no job
	single bool
}

func newResult(p *Pool, j *job, err error) *AsyncResult {
	r := &AsyncResult{job: j, err: err}
	r.pool.Store(p)
	return r
}

func failedResult(err error) *AsyncResult { return &AsyncResult{err: err} }

// WaitContext waits until the result is there or the tasks have failed; its error
// is only that of the wait, when ctx or the calling cell ends.
func (r *AsyncResult) WaitContext(ctx context.Context) error {
	if r.err != nil {
		return nil
	}
	defer runtime.KeepAlive(r)
	return await(ctx, r.job.done)
}

// Wait is WaitContext for no longer than d; it reports whether the result is
// there.
func (r *AsyncResult) Wait(d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return r.WaitContext(ctx) == nil
}

// Ready reports whether the result is there or the tasks have failed.
func (r *AsyncResult) Ready() bool {
	if r.err != nil {
		return true
	}
	select {
	case <-r.job.done:
		return true
	default:
		return false
	}
}

// Successful reports whether the tasks have succeeded. It is false before they
// have been done, where CPython raises ValueError.
func (r *AsyncResult) Successful() bool {
	if !r.Ready() {
		return false
	}
	_, err := r.collect()
	return err == nil
}

// Get waits for the result and returns it, or the error of the tasks.
func (r *AsyncResult) Get() (any, error) { return r.GetContext(context.Background()) }

// GetTimeout is Get for no longer than d; then it returns [ErrTimeout].
func (r *AsyncResult) GetTimeout(d time.Duration) (any, error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, ErrTimeout)
	defer cancel()
	return r.GetContext(ctx)
}

// GetContext is Get that also returns, with the context's cause, when ctx ends.
func (r *AsyncResult) GetContext(ctx context.Context) (any, error) {
	if err := r.WaitContext(ctx); err != nil {
		return nil, err
	}
	values, err := r.collect()
	if err != nil {
		return nil, err
	}
	if r.single {
		return r.job.sig.value(values.Index(0)), nil
	}
	list := make([]any, values.Len())
	for i := range list {
		list[i] = r.job.sig.value(values.Index(i))
	}
	return list, nil
}

func (r *AsyncResult) collect() (reflect.Value, error) {
	if r.err != nil {
		return reflect.Value{}, r.err
	}
	defer r.pool.Store(nil)
	return r.job.collect()
}

// String says how far the tasks have come.
func (r *AsyncResult) String() string { return "<AsyncResult " + r.state() + ">" }

func (r *AsyncResult) state() string {
	switch {
	case r.job == nil && r.err == nil:
		return "of no pool"
	case !r.Ready():
		return "ready=false"
	}
	return fmt.Sprintf("ready=true successful=%t", r.Successful())
}

// futureText is String of a [Future].
func futureText(r *AsyncResult) string {
	if r == nil {
		return "<Future of no pool>"
	}
	return "<Future " + r.state() + ">"
}

// list is Get of a result that is a list.
func (r *AsyncResult) list() ([]any, error) {
	v, err := r.Get()
	list, _ := v.([]any)
	return list, err
}

// into waits for the results and sets out, a pointer to their slice.
func (r *AsyncResult) into(ctx context.Context, out any) error {
	if err := r.WaitContext(ctx); err != nil {
		return err
	}
	values, err := r.collect()
	if err == nil {
		reflect.ValueOf(out).Elem().Set(values)
	}
	return err
}

// intoTimeout is into for no longer than d.
func (r *AsyncResult) intoTimeout(d time.Duration, out any) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, ErrTimeout)
	defer cancel()
	return r.into(ctx, out)
}

// Then has f called with the result, or the error, when it is there (CPython:
// callback and error_callback). The call is made on a goroutine of the calling
// cell, which a panic in f fails.
func (r *AsyncResult) Then(f func(value any, err error)) {
	go guarded(func() { // it ends with the tasks, or with the cell
		switch err := r.WaitContext(context.Background()); {
		case err != nil && !r.Ready():
		default:
			f(r.Get())
		}
	})()
}
