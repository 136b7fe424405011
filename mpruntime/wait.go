package mpruntime

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"cuaderno/internal/packet"
)

// A Waitable is what [Wait] waits for: a *Conn or a *SimpleQueue that has something to
// receive or is at its end, a *Listener that has a connection to accept, a *Queue or
// *JoinableQueue that has something to get, a *Process that has ended.
type Waitable interface {
	// source returns what to look at.
	source() (source, error)
}

// A source is ready when one of its descriptors is, its channel is closed, or its
// function, if it has one, says so.
type source struct {
	conns []syscall.Conn
	done  <-chan struct{}
	ready func() (bool, error)
}

// Wait waits until at least one of the objects is ready, no longer than d, and for
// ever if d is negative; an interrupt of the cell ends it (CPython:
// multiprocessing.connection.wait). It returns those that are ready, in the order
// in which they were given, and receives nothing. An object that is closed is
// ready, because its methods do not wait.
func Wait(d time.Duration, objects ...Waitable) []Waitable {
	var limit time.Time
	if d >= 0 {
		limit = deadline(d)
	}
	ready, err := wait(context.Background(), limit, objects)
	if err != nil && cellContext().Err() == nil {
		fail(err)
	}
	return ready
}

// WaitContext is Wait until ctx ends, whose cause it then returns.
func WaitContext(ctx context.Context, objects ...Waitable) ([]Waitable, error) {
	return wait(ctx, time.Time{}, objects)
}

// lookEvery is the longest wait with the descriptors of the objects kept open.
const lookEvery = 50 * time.Millisecond

func wait(ctx context.Context, limit time.Time, objects []Waitable) ([]Waitable, error) {
	w := waiter{}
	for _, object := range objects {
		s, err := object.source()
		if err != nil {
			return nil, errorf("mp: waiting: %w", err)
		}
		w.sources = append(w.sources, s)
	}
	ready, err := w.ready(objects, 0)
	if len(ready) > 0 || err != nil || !limit.IsZero() && !time.Now().Before(limit) {
		return ready, err
	}
	ctx, done := waitContext(ctx)
	defer done()
	if err := w.watch(ctx); err != nil {
		return nil, errorf("mp: waiting: %w", err)
	}
	defer w.close()
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d := lookEvery
		if !limit.IsZero() {
			if d = min(d, time.Until(limit)); d <= 0 {
				return nil, nil
			}
		}
		if ready, err := w.ready(objects, d); len(ready) > 0 || err != nil {
			return ready, err
		}
	}
}

type waiter struct {
	sources []source
	// A pipe wakes the system call when a channel is closed or the context ends.
	r, w     *os.File
	watchers sync.WaitGroup
	stop     chan struct{}
}

// watch starts a goroutine for each channel, and one for ctx.
func (w *waiter) watch(ctx context.Context) (err error) {
	if w.r, w.w, err = os.Pipe(); err != nil {
		return err
	}
	w.stop = make(chan struct{})
	channels := []<-chan struct{}{ctx.Done()}
	for _, s := range w.sources {
		channels = append(channels, s.done)
	}
	for _, c := range channels {
		if c != nil {
			w.watchers.Go(func() {
				select {
				case <-c:
					_, _ = w.w.Write([]byte{0}) // it cannot fail while watchers run
				case <-w.stop:
				}
			})
		}
	}
	return nil
}

func (w *waiter) close() {
	close(w.stop)
	w.watchers.Wait()
	w.w.Close()
	w.r.Close()
}

// ready waits for d and returns the objects that are ready.
func (w *waiter) ready(objects []Waitable, d time.Duration) ([]Waitable, error) {
	var conns []syscall.Conn
	for _, s := range w.sources {
		conns = append(conns, s.conns...)
	}
	var is []bool
	if len(conns) > 0 || w.r != nil {
		if w.r != nil {
			conns = append(conns, w.r)
		}
		var err error
		if is, err = packet.Ready(conns, d); err != nil {
			return nil, errorf("mp: waiting: %w", err)
		}
	}
	var ready []Waitable
	for i, s := range w.sources {
		one := false
		for range s.conns {
			one = one || is[0]
			is = is[1:]
		}
		select {
		case <-s.done:
			one = true
		default:
		}
		if !one && s.ready != nil {
			is, err := s.ready()
			one = is || err != nil
		}
		if one {
			ready = append(ready, objects[i])
		}
	}
	return ready, nil
}

func (c *Conn) source() (source, error) {
	if err := c.canReceive(); err != nil {
		return source{}, err
	}
	if conn, ok := c.socket.(syscall.Conn); ok {
		return source{conns: []syscall.Conn{conn}}, nil
	}
	s := source{ready: c.socket.Ready}
	if stream, ok := c.socket.(*stream); ok {
		s.done = stream.wanted().filled()
	}
	return s, nil
}

func (q *queue) source() (source, error) {
	if err := q.Err(); err != nil {
		return source{}, err
	}
	return source{conns: []syscall.Conn{q.in, q.out}}, nil
}

func (q *SimpleQueue) source() (source, error) {
	if err := q.Err(); err != nil {
		return source{}, err
	}
	return q.r.source()
}

func (p *Process) source() (source, error) {
	if err := p.check("join"); err != nil {
		return source{}, err
	}
	return source{done: p.done}, nil
}

// Sentinel returns a channel that is closed when the process has ended and its
// output has been delivered, to be waited for beside other channels. It fails the
// cell if the process was not started.
func (p *Process) Sentinel() <-chan struct{} {
	if err := p.check("join"); err != nil {
		fail(err)
	}
	return p.done
}
