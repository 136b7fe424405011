package kernel

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cuaderno/interp/lang"
)

// closeLimit bounds how long the end of the kernel waits for its session and its
// cells. Front ends lose patience after 2.5 s (jupyter_client,
// shutdown_wait_time / 2).
const closeLimit = 1900 * time.Millisecond

// A keeper keeps one session alive: it starts the first, and a fresh one when
// it has died. It may be used from any goroutine.
type keeper struct {
	start lang.Starter
	log   *slog.Logger
	// lost is called when a session that held variables was replaced and no call
	// of it is there to tell people.
	lost func(err error, remains []string)
	// gone is called when a session has ended, whatever the reason.
	gone func(lang.Session)
	work sync.WaitGroup

	mu     sync.Mutex
	ctx    context.Context // of the kernel; sessions are started under it
	newest *lease
	closed bool
}

// A lease is one session, or the attempt to start one. session and err are set
// when ready is closed.
type lease struct {
	ready   chan struct{}
	session lang.Session
	// previous is the session whose place this one takes, nil for the first.
	previous lang.Session
	err      error

	// Guarded by keeper.mu.
	used  bool // it may hold variables
	calls int  // that run the notebook's code
	end   end  // of the session, once it has been replaced
	told  bool // people have been told of end, or are about to be
}

// An end is how a session that was replaced has ended.
type end struct {
	replaced bool     // a fresh session takes its place; false while the kernel ends
	err      error    // why it had ended; nil when it lived
	remains  []string // what its successor can restore

	first  bool // the call that asks has replaced it
	untold bool // nobody has told people of it
}

func newKeeper(start lang.Starter, log *slog.Logger, lost func(error, []string), gone func(lang.Session)) *keeper {
	return &keeper{start: start, log: log, lost: lost, gone: gone}
}

// launch starts the first session; it does not wait.
func (k *keeper) launch(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ctx = ctx
	k.renew()
}

// renew starts a session in place of the newest. The caller holds mu.
func (k *keeper) renew() {
	if k.closed {
		return
	}
	l := &lease{ready: make(chan struct{})}
	if old := k.newest; old != nil {
		if l.previous = old.session; l.previous == nil {
			l.previous = old.previous
		}
	}
	k.newest = l
	k.work.Go(func() {
		l.session, l.err = k.start(k.ctx, l.previous)
		if l.err == nil && l.session == nil {
			l.err = errors.New("the starter returned no session")
		}
		close(l.ready)
		if l.err != nil {
			k.log.Error("no session could be started", "error", l.err)
			return
		}
		<-l.session.Done()
		k.gone(l.session)
		k.died(l)
	})
}

// died replaces a session that ended between cells. One that no cell had used
// is replaced when a cell wants it, lest a session that cannot live be started
// for ever.
func (k *keeper) died(l *lease) {
	k.mu.Lock()
	idle := l.used && l.calls == 0 && !k.closed
	k.mu.Unlock()
	if idle {
		k.supersede(l)
		k.tell(l)
	}
}

// supersede starts a fresh session in place of the newest, l: it notes how that
// has ended and what remains of it, and closes it. It is false when l has been
// replaced before, or the kernel ends.
func (k *keeper) supersede(l *lease) bool {
	end := end{replaced: true}
	if l.session != nil {
		end.err, end.remains = l.session.Err(), l.session.Remains() // which Close forgets
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.newest != l {
		return false
	}
	l.end = end
	k.renew()
	if l.session != nil {
		k.log.Warn("a fresh session takes the place of one", "error", end.err)
		k.discard(l)
	}
	return true
}

// tell tells of a session that was replaced while it held variables, unless a
// call of it does or has done so.
func (k *keeper) tell(l *lease) {
	k.mu.Lock()
	quiet := !l.end.replaced || !l.used || l.calls > 0 || l.told
	l.told = l.told || !quiet
	k.mu.Unlock()
	if !quiet {
		k.lost(l.end.err, l.end.remains)
	}
}

// discard closes a session without waiting for it.
func (k *keeper) discard(l *lease) {
	k.work.Go(func() {
		if err := l.session.Close(); err != nil {
			k.log.Warn("closing a session", "error", err)
		}
	})
}

// acquire waits for a live session and counts a call of it. If the newest could not
// be started or has died, it starts one more.
func (k *keeper) acquire(ctx context.Context) (*lease, error) {
	for retried := false; ; retried = true {
		l, err := k.live(ctx)
		if err == nil {
			return l, nil
		}
		if retried || ctx.Err() != nil {
			return nil, err
		}
		k.supersede(l)
		k.tell(l)
	}
}

var errEnded = errors.New("the session ended as soon as it had started")

// live waits for the newest session and counts a call of it if it lives. The
// lease is returned in any case.
func (k *keeper) live(ctx context.Context) (*lease, error) {
	l, err := k.peek(ctx)
	if err != nil {
		return l, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if ended(l.session) || k.newest != l {
		return l, errors.Join(errEnded, l.session.Err())
	}
	l.used = true
	l.calls++
	return l, nil
}

// peek waits for the newest session to have started.
func (k *keeper) peek(ctx context.Context) (*lease, error) {
	k.mu.Lock()
	l := k.newest
	k.mu.Unlock()
	select {
	case <-l.ready:
		return l, l.err
	case <-ctx.Done():
		return l, ctx.Err()
	}
}

// release ends a call.
func (k *keeper) release(l *lease) {
	k.mu.Lock()
	l.calls--
	k.mu.Unlock()
	if ended(l.session) {
		k.died(l)
	}
}

// replace ends a call and its session, and starts a fresh one unless that has
// been done; it does not wait. Whoever calls it tells people of the end.
func (k *keeper) replace(l *lease) end {
	first := k.supersede(l)
	k.mu.Lock()
	defer k.mu.Unlock()
	l.calls--
	if k.closed {
		return end{}
	}
	end := l.end
	end.first, end.untold = first, !l.told
	l.told = true
	return end
}

// close ends the session, and the starting of it, and waits until limit ends.
func (k *keeper) close(limit context.Context) {
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return
	}
	k.closed = true
	l := k.newest
	k.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-l.ready
		if l.err == nil {
			if err := l.session.Close(); err != nil {
				k.log.Warn("closing the session", "error", err)
			}
		}
		k.work.Wait()
	}()
	select {
	case <-done:
	case <-limit.Done():
		k.log.Warn("the session did not close in time")
	}
}

// sessionLost tells in the newest cell that the session has died. That is no late
// output of the cell, so it has an origin of its own.
func (k *Kernel) sessionLost(err error, remains []string) {
	k.mu.Lock()
	o := k.latest
	k.mu.Unlock()
	text := []string{"The session ended between two cells."}
	if err != nil {
		text = append(text, err.Error())
	}
	text = append(append(text, freshSession), remains...)
	if o != nil {
		k.pub.write(&origin{parent: o.parent}, "stderr", []byte(strings.Join(text, "\n")+"\n"))
	}
}
