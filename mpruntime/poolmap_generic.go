package mpruntime

import (
	"context"
	"iter"
	"time"
)

// Map calls f for each of items in the workers of a pool and returns the results
// in their order. See [Pool.Map]; for a function that can fail there is [MapErr],
// since Go infers R from one form of a function only.
func Map[T, R any](p *Pool, f func(T) R, items []T) ([]R, error) {
	return MapAsync(p, f, items).Get()
}

// MapErr is Map of a function that also returns an error.
func MapErr[T, R any](p *Pool, f func(T) (R, error), items []T) ([]R, error) {
	return MapErrAsync(p, f, items).Get()
}

// MapAsync is Map that does not wait.
func MapAsync[T, R any](p *Pool, f func(T) R, items []T) *Future[R] {
	var out []R
	return &Future[R]{p.mapTyped(f, inChunks(f), items, &out)}
}

// MapErrAsync is MapErr that does not wait.
func MapErrAsync[T, R any](p *Pool, f func(T) (R, error), items []T) *Future[R] {
	var out []R
	return &Future[R]{p.mapTyped(f, inChunksErr(f), items, &out)}
}

// inChunks returns the function that a worker calls: at says where it is.
func inChunks[T, R any](f func(T) R) func(items []T, at *int) []R {
	return func(items []T, at *int) []R {
		out := make([]R, len(items))
		for i, item := range items {
			*at = i
			out[i] = f(item)
		}
		return out
	}
}

func inChunksErr[T, R any](f func(T) (R, error)) func(items []T, at *int) ([]R, error) {
	return func(items []T, at *int) ([]R, error) {
		out := make([]R, len(items))
		for i, item := range items {
			*at = i
			r, err := f(item)
			if err != nil {
				return nil, err
			}
			out[i] = r
		}
		return out, nil
	}
}

// Imap is Map that yields each result as soon as it and all before it are there.
// See [Pool.Imap].
func Imap[T, R any](p *Pool, f func(T) R, items []T) iter.Seq2[R, error] {
	var out []R
	return eachOf[R](p.imapTyped(f, inChunks(f), items, &out, true))
}

// ImapUnordered is Imap that yields results in the order in which they come.
func ImapUnordered[T, R any](p *Pool, f func(T) R, items []T) iter.Seq2[R, error] {
	var out []R
	return eachOf[R](p.imapTyped(f, inChunks(f), items, &out, false))
}

// eachOf yields what next returns.
func eachOf[R any](next func(to any) (ok bool, err error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		for {
			var r R
			ok, err := next(&r)
			if !ok && err == nil || !yield(r, err) || !ok {
				return
			}
		}
	}
}

// Apply calls f with one argument in a worker and returns its result. See
// [Pool.Apply] for other functions.
func Apply[T, R any](p *Pool, f func(T) R, x T) (R, error) {
	rs, err := Map(p, f, []T{x})
	if err != nil {
		var none R
		return none, err
	}
	return rs[0], nil
}

// A Future is the result of tasks that go on, one of [MapAsync]. Its methods are
// those of [AsyncResult].
type Future[R any] struct{ result *AsyncResult }

// Get waits for the results and returns them, or the error of the tasks.
func (f *Future[R]) Get() ([]R, error) { return f.GetContext(context.Background()) }

// GetTimeout is Get for no longer than d; then it returns [ErrTimeout].
func (f *Future[R]) GetTimeout(d time.Duration) ([]R, error) {
	var out []R
	err := f.result.intoTimeout(d, &out)
	return out, err
}

// GetContext is Get that also returns, with the context's cause, when ctx ends.
func (f *Future[R]) GetContext(ctx context.Context) ([]R, error) {
	var out []R
	err := f.result.into(ctx, &out)
	return out, err
}

// Wait waits no longer than d and reports whether the results are there.
func (f *Future[R]) Wait(d time.Duration) bool { return f.result.Wait(d) }

// Ready reports whether the results are there or the tasks have failed.
func (f *Future[R]) Ready() bool { return f.result.Ready() }

// Successful reports whether the tasks have succeeded.
func (f *Future[R]) Successful() bool { return f.result.Successful() }

// String says how far the tasks have come.
func (f *Future[R]) String() string { return futureText(f.result) }
