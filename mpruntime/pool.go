package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"cuaderno/internal/codec"
)

// A Pool is a number of worker processes that run tasks (CPython:
// multiprocessing.Pool). Its tasks are functions like the targets of
// [NewProcess]; they and their arguments are copied to the workers, and the
// results back. Global variables that a function uses are copied with it, and
// keep in a worker the value that they had when the worker first got a function
// that uses them, or that a task or the initializer gave them since.
//
// Where CPython differs: a worker that the system kills fails the tasks that it
// ran with [ErrWorkerDied] and is replaced, where CPython waits for ever; an
// initializer that fails breaks the pool, where CPython starts workers without
// end; and of the tasks that have failed, or were lost, by the end of a Map the first
// in the order of the items counts.
//
// The workers share the processors of the machine: the goroutines of one run on as
// many as there are for each worker, one at least.
//
// What tasks write goes to the cell that waits for them, before it has their
// results. A pool terminates its workers when it is forgotten, and so are the
// results of it that were not got.
type Pool struct{ core *dispatcher }

// PoolOptions are the options of [NewPoolWith]; the zero value of a field means
// its default.
type PoolOptions struct {
	// Workers is the number of processes, by default [CPUCount].
	Workers int
	// Initializer is a function that each worker calls with InitArgs before its
	// first task. If it panics or returns an error the pool is broken.
	Initializer any
	InitArgs    []any
	// MaxTasksPerChild is how many chunks a worker runs before a new process takes
	// its place, by default without limit.
	MaxTasksPerChild int
	// ChunkSize is how many items go to a worker at once, by default a quarter of a
	// worker's share, and one for Imap and ImapUnordered.
	ChunkSize int
}

// NewPool starts a pool of n workers, by default [CPUCount] of them.
func NewPool(n ...int) *Pool {
	if len(n) > 1 {
		return brokenPool(fmt.Errorf("mp.NewPool takes one number of workers, not %d", len(n)))
	}
	var o PoolOptions
	if len(n) == 1 {
		if o.Workers = n[0]; o.Workers < 1 {
			return brokenPool(tooFewWorkers(n[0]))
		}
	}
	return NewPoolWith(o)
}

// NewPoolWith starts a pool.
func NewPoolWith(o PoolOptions) *Pool {
	switch {
	case o.Workers < 0:
		return brokenPool(tooFewWorkers(o.Workers))
	case o.MaxTasksPerChild < 0:
		return brokenPool(fmt.Errorf("MaxTasksPerChild must be at least 1, or 0 for no limit, not %d", o.MaxTasksPerChild))
	case o.ChunkSize < 0:
		return brokenPool(fmt.Errorf("ChunkSize must be at least 1, or 0 for the default, not %d", o.ChunkSize))
	case o.Workers == 0:
		o.Workers = CPUCount()
	}
	core := newDispatcher(o)
	if err := core.prepare(o); err != nil {
		return brokenPool(err)
	}
	if err := core.fill(); err != nil {
		core.terminate()
		return brokenPool(err)
	}
	p := &Pool{core}
	runtime.AddCleanup(p, (*dispatcher).terminate, core)
	return p
}

func tooFewWorkers(n int) error {
	return fmt.Errorf("the number of workers must be at least 1, not %d", n)
}

// brokenPool is a pool whose making failed.
func brokenPool(err error) *Pool {
	core := newDispatcher(PoolOptions{})
	core.broken = note(errorf("mp: making the pool: %w", err))
	return &Pool{core}
}

// errPoolNotMade is the error of a Pool that NewPool did not make.
var errPoolNotMade = errors.New("mp: a Pool is made by mp.NewPool")

func (p *Pool) dispatcher() (*dispatcher, error) {
	if p == nil || p.core == nil {
		return nil, errPoolNotMade
	}
	return p.core, nil
}

// Err returns why the pool is broken, nil if it is not.
func (p *Pool) Err() error {
	core, err := p.dispatcher()
	if err != nil {
		return err
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	return core.broken
}

// String says what the pool does, as CPython's repr.
func (p *Pool) String() string {
	core, err := p.dispatcher()
	if err != nil {
		return "<Pool not made>"
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	state := "running"
	switch {
	case core.broken != nil:
		return fmt.Sprintf("<Pool failed: %s>", strings.TrimPrefix(core.broken.Error(), "mp: "))
	case core.terminated:
		state = "terminated"
	case core.closed:
		state = "closed"
	}
	return fmt.Sprintf("<Pool state=%s workers=%d>", state, len(core.workers))
}

// Workers returns the processes of the pool as they are now.
func (p *Pool) Workers() []*Process {
	core, err := p.dispatcher()
	if err != nil {
		fail(err)
		return nil
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	var list []*Process
	for _, w := range core.workers {
		list = append(list, w.process)
	}
	return list
}

// Close takes no more tasks. The workers end when those that there are have been
// done.
func (p *Pool) Close() error {
	core, err := p.dispatcher()
	if err == nil {
		core.close()
	}
	return err
}

// Terminate ends the workers at once. Tasks that have not been done fail with
// [ErrClosed].
func (p *Pool) Terminate() error {
	core, err := p.dispatcher()
	if err == nil {
		core.terminate()
	}
	return err
}

// Join waits until the workers have ended, which Close or Terminate has told them
// to; without them it is an error. It returns early when the calling cell is
// interrupted.
func (p *Pool) Join() error { return p.JoinContext(context.Background()) }

// JoinContext is Join that also returns, with the context's cause, when ctx ends.
func (p *Pool) JoinContext(ctx context.Context) error {
	core, err := p.dispatcher()
	if err != nil {
		return err
	}
	core.mu.Lock()
	running := !core.closed && core.broken == nil
	core.mu.Unlock()
	if running {
		return errors.New("mp: cannot join a pool that is still running: close or terminate it first")
	}
	defer runtime.KeepAlive(p)
	return await(ctx, core.ended)
}

// await waits for an event, or until ctx or the calling cell ends.
func await(ctx context.Context, event <-chan struct{}) error {
	select {
	case <-event: // an end that is there counts, whatever else is
		return nil
	default:
	}
	interrupted := cellContext()
	select {
	case <-event:
		return nil
	case <-interrupted.Done():
		return context.Cause(interrupted)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A Pool is a handle only to say why it is none.
func (p *Pool) encodeHandle(*codec.Encoder) error {
	return codec.Refuse(reflect.TypeFor[*Pool](), "a pool belongs to the process that made it")
}

func (p *Pool) decodeHandle(*codec.Decoder) error { return errPoolNotMade }
