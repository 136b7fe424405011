package compiled

import (
	"context"
	"reflect"
	"runtime"
	"sync"
	"time"

	"cuaderno/interp/engine"
)

// The notebook's calls of the synchronization types work on the very objects
// that compiled packages use. A call that need not wait is the type's own; one
// that must is made by another goroutine, so that a stop of the cell ends the
// waiting, and what the call then acquires is given back.

// lockTries is how often a lock that is taken is tried again, letting others
// run, before the goroutine waits: most are held for an instant.
const lockTries = 4

// stoppedTries is how often a goroutine that a stop ends tries to get back the
// lock of a condition.
const stoppedTries = 100

// replacements are the functions that the engine puts in place of compiled ones, by
// import path and name.
func (e *Engine) replacements() map[string]map[string]reflect.Value {
	table := map[string]map[string]any{
		"sync": {
			"(*Mutex).Lock":      e.lock,
			"(*Mutex).Unlock":    e.unlock,
			"(*RWMutex).Lock":    e.writeLock,
			"(*RWMutex).Unlock":  e.writeUnlock,
			"(*RWMutex).RLock":   e.readLock,
			"(*RWMutex).RUnlock": e.readUnlock,
			"(*rlocker).Lock":    func(l pointer) { e.readLock((*sync.RWMutex)(l)) },
			"(*rlocker).Unlock":  func(l pointer) { e.readUnlock((*sync.RWMutex)(l)) },
			"(*WaitGroup).Wait":  e.groupWait,
			"(*WaitGroup).Go":    e.groupGo,
			"(*Cond).Wait":       e.condWait,
		},
		"time": {
			"Sleep":          e.sleep,
			"AfterFunc":      e.afterFunc,
			"(*Timer).Reset": e.resetTimer,
		},
		"context": {
			"WithTimeout":       e.withTimeout,
			"WithTimeoutCause":  e.withTimeoutCause,
			"WithDeadline":      e.withDeadline,
			"WithDeadlineCause": e.withDeadlineCause,
		},
	}
	for path, functions := range e.blockingCalls() {
		if table[path] == nil {
			table[path] = map[string]any{}
		}
		for name, f := range functions {
			table[path][name] = f
		}
	}
	values := map[string]map[string]reflect.Value{}
	for path, functions := range table {
		values[path] = map[string]reflect.Value{}
		for name, f := range functions {
			values[path][name] = reflect.ValueOf(f)
		}
	}
	return values
}

// acquire tries a lock some times, and then waits for it.
func (e *Engine) acquire(s waitState, try func() bool, lock, unlock func()) {
	th, _ := current()
	if th.g == nil {
		lock()
		return
	}
	for range lockTries {
		runtime.Gosched()
		if try() {
			return
		}
	}
	if handOver(th, s, lock, unlock) {
		th.stop()
	}
}

func (e *Engine) lock(mu *sync.Mutex) {
	if !mu.TryLock() {
		e.acquire(inMutex, mu.TryLock, mu.Lock, mu.Unlock)
	}
}

func (e *Engine) unlock(mu *sync.Mutex) {
	// What can be locked was not. The runtime would end the process.
	if mu.TryLock() {
		mu.Unlock()
		fatal("sync: unlock of unlocked mutex")
		return
	}
	mu.Unlock()
}

func (e *Engine) writeLock(mu *sync.RWMutex) {
	if !mu.TryLock() {
		e.acquire(inWriteLock, mu.TryLock, mu.Lock, mu.Unlock)
	}
}

func (e *Engine) writeUnlock(mu *sync.RWMutex) {
	if mu.TryRLock() {
		mu.RUnlock()
		fatal("sync: Unlock of unlocked RWMutex")
		return
	}
	mu.Unlock()
}

func (e *Engine) readLock(mu *sync.RWMutex) {
	if !mu.TryRLock() {
		e.acquire(inReadLock, mu.TryRLock, mu.RLock, mu.RUnlock)
	}
}

func (e *Engine) readUnlock(mu *sync.RWMutex) {
	if mu.TryLock() {
		mu.Unlock()
		fatal("sync: RUnlock of unlocked RWMutex")
		return
	}
	mu.RUnlock()
}

// fatal fails the cell of the calling goroutine as the runtime fails a process:
// no recover helps. It returns on a goroutine that a stop is ending already,
// whose deferred calls may unlock what a wait did not get.
func fatal(text string) {
	th, _ := current()
	if th.g == nil {
		panic(text)
	}
	if th.g.Cell.Cause() != nil {
		return
	}
	th.g.Cell.Stop(&engine.Fatal{G: th.g, Text: text})
	runtime.Goexit()
}

func (e *Engine) groupWait(wg *sync.WaitGroup) {
	th, _ := current()
	if th.g == nil {
		wg.Wait()
		return
	}
	// A panic in one of the group has stopped the cell before the wait was over.
	if handOver(th, inGroup, wg.Wait, nil) || th.g.Cell.Cause() != nil {
		th.stop()
	}
}

// groupGo starts f as a go statement of the notebook does.
func (e *Engine) groupGo(wg *sync.WaitGroup, f func()) {
	wg.Add(1)
	if engine.Current() == nil {
		go func() {
			defer wg.Done()
			f()
		}()
		return
	}
	e.start(func() {
		defer func() {
			// A panic stops the cell before whoever waits goes on as if f had returned.
			// The group stays of use to the cells that follow.
			if v := recover(); v != nil {
				g := engine.Current()
				g.Cell.Ended(g, v)
			}
			wg.Done()
		}()
		f()
	})
}

// condWait lets another goroutine unlock c.L, wait, and lock c.L for the caller.
// After a stop the caller locks c.L for the deferred call that will unlock it,
// unless somebody keeps it, and sends the other goroutine away.
func (e *Engine) condWait(c *sync.Cond) {
	th, _ := current()
	if th.g == nil {
		c.Wait()
		return
	}
	undo := func() {
		c.L.Unlock()
		c.Signal() // which the wait may have taken from another
	}
	if !handOver(th, inCond, c.Wait, undo) {
		return
	}
	if l, ok := c.L.(interface{ TryLock() bool }); ok {
		for range stoppedTries {
			if l.TryLock() {
				break
			}
			runtime.Gosched()
		}
	}
	c.Broadcast()
	th.stop()
}

func (e *Engine) sleep(d time.Duration) {
	th, _ := current()
	if th.g == nil || d <= 0 {
		time.Sleep(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	th.wait(th.top, inSleep)
	select {
	case <-timer.C:
	case <-th.done():
		th.stop()
	}
	th.woken()
}

func (e *Engine) afterFunc(d time.Duration, f func()) *time.Timer {
	e.census.timer(d)
	return time.AfterFunc(d, e.Guarded(f))
}

func (e *Engine) resetTimer(t *time.Timer, d time.Duration) bool {
	e.census.timer(d)
	return t.Reset(d)
}

func (e *Engine) withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	e.census.timer(d)
	return context.WithTimeout(ctx, d)
}

func (e *Engine) withTimeoutCause(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	e.census.timer(d)
	return context.WithTimeoutCause(ctx, d, cause)
}

func (e *Engine) withDeadline(ctx context.Context, t time.Time) (context.Context, context.CancelFunc) {
	e.census.timer(time.Until(t))
	return context.WithDeadline(ctx, t)
}

func (e *Engine) withDeadlineCause(ctx context.Context, t time.Time, cause error) (context.Context, context.CancelFunc) {
	e.census.timer(time.Until(t))
	return context.WithDeadlineCause(ctx, t, cause)
}
