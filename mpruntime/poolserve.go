package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// errCancelled is the cause of a cancelled task.
var errCancelled = errors.New("mp: the task was cancelled")

// A poolServer is a worker of a pool in its own process. One goroutine reads what
// the pool sends, the other runs it in order.
type poolServer struct {
	conn  *frame.Conn
	known map[uint64]*taskCode // belongs to the goroutine that runs

	mu        sync.Mutex
	arrival   sync.Cond
	recalled  chan letter // answers to what was recalled, for their writer
	queue     []letter
	eof       bool
	current   uint64                  // the job of the chunk that runs
	cancel    context.CancelCauseFunc // stops it
	cancelled map[uint64]bool         // jobs that the pool has not forgotten
}

// A letter is a message of the pool.
type letter struct {
	kind        byte
	message     codec.Message
	job, number uint64
}

// taskCode is the function of a job.
type taskCode struct {
	mode     mode
	function reflect.Value
	sig      signature
	err      error // why it cannot be called
}

// servePool is a worker until the pool closes the connection.
func servePool(conn *frame.Conn) (exitCode int) {
	s := &poolServer{conn: conn, known: map[uint64]*taskCode{}, cancelled: map[uint64]bool{}}
	s.arrival.L = &s.mu
	s.recalled = make(chan letter, 1)
	go s.read() // it ends with the connection, which the caller closes
	for {
		l, ok := s.next()
		if !ok {
			return 0
		}
		err := s.handle(l)
		var exit *ExitError
		switch {
		case errors.As(err, &exit):
			return exit.Code
		case err != nil:
			return 0 // the pool is gone
		}
	}
}

// read never writes: the pool may be waiting for it in the middle of a message,
// and the goroutine that runs for the pool to read its own.
func (s *poolServer) read() {
	var writer sync.WaitGroup
	writer.Go(func() {
		for l := range s.recalled {
			_ = sendTo(s.conn, l.kind, codec.Message{}, l.job, l.number) // a pool that is gone is noticed by reading
		}
	})
	defer writer.Wait()
	defer close(s.recalled)
	for {
		kind, m, job, number, err := receiveFrom(s.conn)
		s.mu.Lock()
		switch {
		case err != nil:
			s.eof = true
		case kind == kindCancel:
			s.cancelled[job] = true
			if s.cancel != nil && s.current == job {
				s.cancel(errCancelled)
			}
		case kind == kindRecall:
			kind = s.handBack(job, number)
			s.mu.Unlock()
			s.recalled <- letter{kind: kind, job: job, number: number} // the pool recalls one after the other
			s.mu.Lock()
		default:
			s.queue = append(s.queue, letter{kind, m, job, number})
		}
		s.mu.Unlock()
		s.arrival.Signal()
		if err != nil {
			return
		}
	}
}

// handBack takes a chunk from the queue.
func (s *poolServer) handBack(job, number uint64) (kind byte) {
	for i, l := range s.queue {
		if (l.kind == kindChunk && l.number == number || l.kind == kindCall) && l.job == job {
			l.message.Close()
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			return kindReturned
		}
	}
	return kindKept
}

// next waits for a letter.
func (s *poolServer) next() (letter, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.eof {
		s.arrival.Wait()
	}
	if s.eof {
		return letter{}, false
	}
	l := s.queue[0]
	s.queue[0] = letter{}
	s.queue = s.queue[1:]
	return l, true
}

// handle does what a letter says. Its error is an [*ExitError], or that of the
// connection.
func (s *poolServer) handle(l letter) error {
	switch l.kind {
	case kindInitialize, kindStart:
		useProcessors(int(l.number))
	}
	switch l.kind {
	case kindStart:
		return sendTo(s.conn, kindReady, codec.Message{}, 0, 0)
	case kindInitialize:
		return s.initialize(l.message)
	case kindFunction:
		s.known[l.job] = newTaskCode(l.message, mode(l.number))
	case kindForget:
		delete(s.known, l.job)
		s.mu.Lock()
		delete(s.cancelled, l.job)
		s.mu.Unlock()
	case kindChunk:
		return s.run(l, func() (*taskCode, codec.Message, error) {
			if code := s.known[l.job]; code != nil {
				return code, l.message, nil
			}
			return nil, l.message, errors.New("mp: the function of the task did not arrive")
		})
	case kindCall:
		how := mode(l.number)
		l.number = 0
		return s.run(l, func() (*taskCode, codec.Message, error) {
			function, args, err := splitMessage(l.message)
			if err != nil {
				return nil, l.message, err
			}
			code := &taskCode{mode: how}
			code.unpack(function)
			return code, args, nil
		})
	}
	return nil
}

// useProcessors has the worker's goroutines share n processors. With one each, as
// many workers as there are processors neither contend for them nor wake threads
// in vain.
func useProcessors(n int) {
	if n > 0 && n < runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(n)
	}
}

// initialize calls the initializer.
func (s *poolServer) initialize(m codec.Message) error {
	var failed error
	err := callUser(context.Background(), func() {
		var v any
		if v, failed = unpack(m); failed != nil {
			return
		}
		list, _ := v.([]any)
		if len(list) == 0 {
			failed = errors.New("it did not arrive")
			return
		}
		f, sig, err := taskFunction(list[0])
		if err != nil {
			failed = err
			return
		}
		args := make([]reflect.Value, len(list)-1)
		for i, arg := range list[1:] {
			if args[i], failed = argument(reflect.ValueOf(arg), sig.parameter(i)); failed != nil {
				failed = errorf("its argument %d: %w", i+1, failed)
				return
			}
		}
		_, failed = sig.call(f, args)
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		return sendTo(s.conn, kindReady, codec.Message{}, 0, 0)
	}
	m, encodeErr := encodeFailure(err, 0)
	if encodeErr != nil {
		fmt.Fprintf(here.stderr(), "mp: the initializer failed: %v\n", err)
		return &ExitError{1}
	}
	defer m.Close()
	if err := sendTo(s.conn, kindUnfit, m, 0, 0); err != nil {
		return err
	}
	return &ExitError{1}
}

// An outcome is what has come of a chunk.
type outcome struct {
	results []codec.Message
	err     error
	at      int // the item that it was at
}

// run runs a chunk and answers. task returns the function and its arguments.
func (s *poolServer) run(l letter, task func() (*taskCode, codec.Message, error)) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s.mu.Lock()
	if s.cancelled[l.job] {
		cancel(errCancelled)
	}
	s.current, s.cancel = l.job, cancel
	s.mu.Unlock()
	done := make(chan outcome, 1) // a task that does not stop may run on
	err := context.Cause(ctx)
	if err == nil {
		err = callUser(ctx, func() {
			var o outcome
			defer func() { done <- o }() // also of a panic
			var code *taskCode
			var args codec.Message
			if code, args, o.err = task(); o.err == nil {
				o.results, o.err = code.run(args, &o.at)
			}
		})
	}
	s.mu.Lock()
	s.cancel = nil
	s.mu.Unlock()
	var o outcome
	select {
	case o = <-done:
		l.message.Close()
	default: // it has not begun, or runs on
	}
	if err == nil {
		err = o.err
	}
	if err == nil {
		defer closeMessages(o.results)
		return s.sendResults(o.results, l.job, l.number)
	}
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return err
	}
	return s.sendFailure(kindFailure, err, o.at, l.job, l.number)
}

// newTaskCode unpacks the function of a job.
func newTaskCode(m codec.Message, how mode) *taskCode {
	c := &taskCode{mode: how}
	if err := callUser(context.Background(), func() { c.unpack(m) }); err != nil {
		c.err = err
	}
	return c
}

func (c *taskCode) unpack(m codec.Message) {
	var f any
	if f, c.err = unpack(m); c.err == nil {
		c.function, c.sig, c.err = taskFunction(f)
	}
}

// run calls the function for the items in m. at is kept at the item where it is.
func (c *taskCode) run(m codec.Message, at *int) ([]codec.Message, error) {
	if c.err != nil {
		return nil, c.err
	}
	d, err := codec.NewDecoder(m, here.domain())
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var results reflect.Value
	switch c.mode {
	case modeBulk:
		results, err = c.bulk(d, at)
	case modeEach:
		results, err = c.each(d, at)
	case modeStar:
		results, err = c.star(d, at)
	}
	if err != nil {
		return nil, err
	}
	return encodeResults(results, at)
}

func (c *taskCode) bulk(d *codec.Decoder, at *int) (reflect.Value, error) {
	items := reflect.New(c.sig.function.In(0)).Elem()
	if err := d.Decode(items); err != nil {
		return reflect.Value{}, err
	}
	return c.sig.call(c.function, []reflect.Value{items, reflect.ValueOf(at)})
}

func (c *taskCode) each(d *codec.Decoder, at *int) (reflect.Value, error) {
	items := reflect.New(reflect.SliceOf(c.sig.parameter(0))).Elem()
	if err := d.Decode(items); err != nil {
		return reflect.Value{}, err
	}
	if results, ok := directly(c.function.Interface(), items.Interface(), at); ok {
		return reflect.ValueOf(results), nil
	}
	results := reflect.MakeSlice(reflect.SliceOf(c.sig.result), items.Len(), items.Len())
	args := make([]reflect.Value, 1)
	for i := range items.Len() {
		*at, args[0] = i, items.Index(i)
		result, err := c.sig.call(c.function, args)
		if err != nil {
			return reflect.Value{}, err
		}
		results.Index(i).Set(result)
	}
	return results, nil
}

func (c *taskCode) star(d *codec.Decoder, at *int) (reflect.Value, error) {
	n, err := d.Int()
	if err != nil {
		return reflect.Value{}, err
	}
	results := reflect.MakeSlice(reflect.SliceOf(c.sig.result), 0, min(n, 1<<10))
	for i := range n {
		*at = i
		given, err := d.Int()
		if err == nil {
			err = c.sig.takes(given)
		}
		if err != nil {
			return reflect.Value{}, err
		}
		args := make([]reflect.Value, given)
		for k := range args {
			args[k] = reflect.New(c.sig.parameter(k)).Elem()
			if err := d.Decode(args[k]); err != nil {
				return reflect.Value{}, err
			}
		}
		result, err := c.sig.call(c.function, args)
		if err != nil {
			return reflect.Value{}, err
		}
		results = reflect.Append(results, result)
	}
	return results, nil
}
