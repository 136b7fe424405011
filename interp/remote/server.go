package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"cuaderno/internal/frame"
	"cuaderno/interp/lang"
)

// A Server answers for one session.
type server struct {
	conn    *frame.Conn
	session lang.Session
	queue   *queue

	mu      sync.Mutex
	cancel  map[uint64]context.CancelFunc // running executions
	answers map[uint64]chan answer
	asks    uint64
	wg      sync.WaitGroup
}

// Serve greets the kernel at the other end of conn and answers its requests
// with session until it asks to close or is gone. It closes the session, and
// returns when everything that was said has been sent.
func Serve(ctx context.Context, conn io.ReadWriteCloser, session lang.Session) error {
	s := &server{
		conn:    frame.New(conn),
		session: session,
		cancel:  map[uint64]context.CancelFunc{},
		answers: map[uint64]chan answer{},
	}
	if err := s.conn.Greet(frame.BuildID()); err != nil {
		return fmt.Errorf("greeting the kernel: %w", err)
	}
	s.queue = newQueue(s.conn)
	ctx, cancel := context.WithCancel(ctx)
	err := s.serve(ctx)
	cancel()
	closeErr := session.Close()
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
		var m execute
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading an execute message: %w", err)
		}
		s.execute(ctx, m)
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
	case kindComplete:
		var m query
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading an is-complete message: %w", err)
		}
		status, err := s.session.IsComplete(ctx, m.Code)
		s.queue.send(kindCompletion, encode(completion{m.ID, status, errorName(err)}))
	case kindAnswer:
		var m answer
		if err := json.Unmarshal(payload, &m); err != nil {
			return fmt.Errorf("reading an answer: %w", err)
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
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.cancel[m.Serial] = cancel
	s.mu.Unlock()
	s.wg.Go(func() {
		defer cancel()
		result := s.session.Execute(ctx, m.Cell, &output{s, m.Serial})
		s.mu.Lock()
		delete(s.cancel, m.Serial)
		s.mu.Unlock()
		s.queue.send(kindOutcome, encode(outcome{m.Serial, encodableOutcome(result)}))
	})
}
