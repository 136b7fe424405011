package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"cuaderno/interp/lang"
)

// A Cell is one run of a cell: the goroutines it started, which may outlive it,
// and the state they share. A stop is a state: once stopped, every check of
// every goroutine of the cell ends that goroutine as runtime.Goexit does, running
// what it deferred: no recover can swallow it, and unlike a panic it unwinds
// deep recursions in linear time.
type Cell struct {
	Count int
	// Out receives what the cell's goroutines say.
	Out lang.Output
	// Pauses are those of its session, nil where there are none. They are set before
	// Run.
	Pauses *Pauses
	name   string
	ctx    context.Context
	cancel context.CancelCauseFunc

	// cause is why the cell was stopped, nil while it was not. It is set before
	// ctx ends: whatever wakes up by that finds the cell stopped.
	cause   atomic.Pointer[error]
	onPanic func(g *Goroutine, value any)

	in input

	mu      sync.Mutex
	result  Value
	ignored map[string]bool
	unseen  []error
	settled bool
}

// A Value is what the last expression of a cell gave.
type Value struct {
	Set bool
	// V is the value, of whatever type the engine represents it in, or a Tuple.
	V any
	// Text is what the value says of itself, if HasText.
	Text    string
	HasText bool
	// Err is the error in the last place.
	Err error
}

// A Tuple is the values of an expression that has several, without the error in the
// last place.
type Tuple []any

// NewCell returns a cell that writes to out. onPanic is called on a goroutine,
// started by a go statement, that ends by a panic which nobody recovered.
func NewCell(count int, out lang.Output, onPanic func(*Goroutine, any)) *Cell {
	c := &Cell{Count: count, Out: out, name: fmt.Sprintf("In [%d]", count), onPanic: onPanic}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// Context ends when the cell is stopped.
func (c *Cell) Context() context.Context { return c.ctx }

// Stop stops the cell. The first cause counts.
func (c *Cell) Stop(cause error) {
	c.cause.CompareAndSwap(nil, &cause)
	c.cancel(c.Cause())
}

// Cause returns why the cell was stopped, nil if it was not.
func (c *Cell) Cause() error {
	if cause := c.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// Stopped reports whether the cell was stopped.
func (c *Cell) Stopped() bool { return c.cause.Load() != nil }

// Check ends the calling goroutine if the cell was stopped.
func (c *Cell) Check() {
	if c.cause.Load() != nil {
		runtime.Goexit()
	}
}

// Run runs f on a new goroutine of the cell. On its way out the goroutine calls
// end with what f panicked with: nil if it returned, Goexit if it did neither.
func (c *Cell) Run(f func(), end func(g *Goroutine, value any)) {
	g := newGoroutine(c)
	go func() {
		defer g.Enter()()
		c.guard(g, f, end)
	}()
}

func (c *Cell) guard(g *Goroutine, f func(), end func(g *Goroutine, value any)) {
	returned := false
	defer func() {
		value := recover()
		if value == nil && !returned {
			value = Goexit{}
		}
		end(g, value)
	}()
	f()
	returned = true
}

// Go runs f on a new goroutine of the cell, for which nobody waits.
func (c *Cell) Go(f func()) { c.Run(f, c.Ended) }

// Ended is the end of a goroutine of the cell that nobody waits for.
func (c *Cell) Ended(g *Goroutine, value any) {
	switch value.(type) {
	case nil, Goexit:
	default:
		c.onPanic(g, value)
	}
}

// Guard returns a function that runs f as a goroutine of the calling one's cell,
// for compiled code that will call it on a goroutine of its own making.
func Guard(f func()) func() {
	caller := Current()
	if caller == nil {
		return f
	}
	return func() {
		g := newGoroutine(caller.Cell)
		defer g.Enter()()
		caller.Cell.guard(g, f, caller.Cell.Ended)
	}
}

// Exit is the cause of a stop by os.Exit.
type Exit struct{ Code int }

func (e Exit) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// ExitCell is os.Exit for the notebook: it stops the cell of the calling
// goroutine. The process lives; the goroutine waits for ever, because os.Exit runs
// nothing that was deferred.
func ExitCell(code int) {
	g := Current()
	if g == nil {
		panic(Exit{code})
	}
	g.Cell.Stop(Exit{code})
	Leave()
	select {}
}

// Goexit stands for the panic of a goroutine that runtime.Goexit ended, or a
// stop of its cell.
type Goexit struct{}

// Ignored says on the cell's stderr, once for each text, that a statement did not
// look at an error. An object whose making failed returns the same error from
// all its methods. What a stop of the cell caused needs no saying.
func (c *Cell) Ignored(err error) {
	if c.cause.Load() != nil {
		return
	}
	c.mu.Lock()
	told := c.ignored[err.Error()]
	if c.ignored == nil {
		c.ignored = map[string]bool{}
	}
	c.ignored[err.Error()] = true
	c.mu.Unlock()
	if !told {
		c.Out.Stderr([]byte("error not looked at: " + err.Error() + "\n"))
	}
}

// Unseen is Ignored of an error that no statement has had a chance to look at: it
// is told when the cell ends, unless the cell fails with it.
func (c *Cell) Unseen(err error) {
	c.mu.Lock()
	settled := c.settled
	if !settled {
		c.unseen = append(c.unseen, err)
	}
	c.mu.Unlock()
	if settled {
		c.Ignored(err)
	}
}

// Settle tells the errors that are unseen when the cell's statements have ended by
// a panic with value, or without one if it is nil. The cell fails with that, or with
// the error that is its result.
func (c *Cell) Settle(value any) {
	c.mu.Lock()
	unseen := c.unseen
	c.unseen, c.settled = nil, true
	failure := c.result.Err
	c.mu.Unlock()
	if err, ok := value.(error); ok {
		failure = err
	}
	for _, err := range unseen {
		if !errors.Is(failure, err) {
			c.Ignored(err)
		}
	}
}

// SetResult keeps the value of the cell's last expression.
func (c *Cell) SetResult(v Value) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Set = true
	c.result = v
}

// Result returns the value of the cell's last expression.
func (c *Cell) Result() Value {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.result
}
