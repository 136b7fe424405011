package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"cuaderno/internal/frame"
	"cuaderno/interp/lang"
)

// A Server answers for one session.
type server struct {
	conn    *frame.Conn
	attend  func(context.Context) // while a cell runs
	session lang.Session
	queue   *queue

	mu      sync.Mutex
	cancel  map[uint64]context.CancelFunc // of executions and queries under way
	answers map[uint64]chan answer
	asks    uint64
	wg      sync.WaitGroup
}

// Serve greets the kernel at the other end of conn and answers its requests
// with session until it asks to close or is gone. It closes the session, and
// returns when everything that was said has been sent.
func Serve(ctx context.Context, conn io.ReadWriteCloser, session lang.Session) error {
	return newServer(conn, session).run(ctx, frame.MaxPayload)
}

func newServer(conn io.ReadWriteCloser, session lang.Session) *server {
	s := &server{
		attend:  func(context.Context) {},
		session: session,
		cancel:  map[uint64]context.CancelFunc{},
		answers: map[uint64]chan answer{},
	}
	if c, ok := conn.(socket); ok {
		a := &attentive{ReadWriteCloser: conn, socket: c}
		conn, s.attend = a, a.attend
	}
	s.conn = frame.New(conn)
	return s
}

// run is Serve with messages of at most limit bytes.
func (s *server) run(ctx context.Context, limit int64) error {
	if err := s.conn.Greet(frame.BuildID()); err != nil {
		return fmt.Errorf("greeting the kernel: %w", err)
	}
	s.conn.SetLimit(limit)
	s.queue = newQueue(s.conn)
	ctx, cancel := context.WithCancel(ctx)
	err := s.serve(ctx)
	cancel()
	closeErr := s.session.Close()
	s.wg.Wait()
	s.queue.close()
	if err != nil {
		return err
	}
	return closeErr
}

func (s *server) serve(ctx context.Context) error {
	for {
		kind, payload, err := s.conn.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading from the kernel: %w", err)
		}
		if kind == kindClose {
			return nil
		}
		if err := s.handle(ctx, kind, payload); err != nil {
			return err
		}
	}
}

func (s *server) handle(ctx context.Context, kind byte, payload []byte) error {
	switch kind {
	case kindExecute:
		m, err := decode[execute](payload, "an execute message")
		if err != nil {
			return err
		}
		s.start(ctx, m.Serial, func(ctx context.Context) { s.execute(ctx, m) })
	case kindInterrupt:
		serial, _, err := cutSerial(payload)
		if err != nil {
			return err
		}
		s.mu.Lock()
		if cancel := s.cancel[serial]; cancel != nil {
			cancel()
		}
		s.mu.Unlock()
	case kindQuery:
		m, err := decode[query](payload, "a query")
		if err != nil {
			return err
		}
		s.start(ctx, m.ID, func(ctx context.Context) { s.answer(ctx, m) })
	case kindComm:
		m, err := decodeComm(payload)
		if err != nil {
			return err
		}
		s.start(ctx, m.serial, func(ctx context.Context) { s.take(ctx, m) })
	case kindAnswer:
		m, err := decode[answer](payload, "an answer")
		if err != nil {
			return err
		}
		s.mu.Lock()
		if waiting := s.answers[m.ID]; waiting != nil {
			waiting <- m
			delete(s.answers, m.ID)
		}
		s.mu.Unlock()
	default:
		return fmt.Errorf("the kernel sent a message of unknown kind %d", kind)
	}
	return nil
}

func (s *server) execute(ctx context.Context, m execute) {
	s.attend(ctx)
	out := s.newOutput(m.Serial)
	result := s.session.Execute(ctx, m.Cell, out)
	s.queue.send(kindOutcome, s.fitting(outcome{m.Serial, encodableOutcome(result)}, func(e *lang.Error) any {
		return outcome{m.Serial, lang.Outcome{Err: e}}
	}))
	runtime.KeepAlive(out) // the outcome goes first
}

// take gives a message of a comm to the session.
func (s *server) take(ctx context.Context, m comm) {
	s.attend(ctx)
	out := s.newOutput(m.serial)
	end := taken{Serial: m.serial}
	err := s.session.Comm(ctx, m.message, out)
	switch {
	case err == nil:
	case errors.Is(err, lang.ErrNoComm):
		end.NoComm = true
	case !errors.As(err, &end.Err):
		end.Err = &lang.Error{Name: "error", Value: err.Error(), Traceback: []string{err.Error()}}
	}
	s.queue.send(kindTaken, s.fitting(end, func(e *lang.Error) any { return taken{Serial: m.serial, Err: e} }))
	runtime.KeepAlive(out) // the end goes first
}

// start runs what the kernel may interrupt by its serial number.
func (s *server) start(ctx context.Context, serial uint64, run func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancel[serial] = cancel
	s.mu.Unlock()
	s.wg.Go(func() {
		defer cancel()
		run(ctx)
		s.mu.Lock()
		delete(s.cancel, serial)
		s.mu.Unlock()
	})
}

// answer answers a query.
func (s *server) answer(ctx context.Context, m query) {
	var answer any
	var err error
	switch m.Subject {
	case completeness:
		answer, err = s.session.IsComplete(ctx, m.Code)
	case completion:
		answer, err = s.session.Complete(ctx, m.Code, m.Cursor)
	case inspection:
		var in lang.Inspection
		in, err = s.session.Inspect(ctx, m.Code, m.Cursor, m.Detail)
		if in.Bundle != nil {
			b := encodable(*in.Bundle)
			in.Bundle = &b
		}
		answer = in
	default:
		err = fmt.Errorf("the kernel asked for %q, which this session does not know", m.Subject)
	}
	s.queue.send(kindAnswered, s.fitting(answered{ID: m.ID, Answer: encode(answer), Err: errorName(err)}, func(e *lang.Error) any {
		return answered{ID: m.ID, Err: e.Value}
	}))
}
