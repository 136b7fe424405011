package mpruntime

import (
	"context"
	"reflect"
	"sync"
)

// A sequence is the results of a job as Imap yields them. It is used up like
// CPython's iterators: who ranges over it again goes on where the last one ended.
type sequence struct {
	pool    *Pool // as long as the sequence is there
	job     *job
	err     error // why there is no job
	inOrder bool

	mu     sync.Mutex
	number int    // chunks taken
	came   []bool // of the chunks, if they are taken in order
	batch  reflect.Value
	at     int // in batch
}

func newSequence(p *Pool, j *job, err error, inOrder bool) *sequence {
	s := &sequence{pool: p, job: j, err: err, inOrder: inOrder}
	if j != nil {
		s.came = make([]bool, j.chunks)
	}
	return s
}

// next waits for the next result. ok says that there is one, or the error of the
// tasks in its place; without it err is why there will be none.
func (s *sequence) next() (v reflect.Value, ok bool, err error) {
	if s.err != nil {
		return v, false, s.err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.batch.IsValid() || s.at == s.batch.Len() {
		number, err := s.await()
		if err != nil || number < 0 {
			return v, false, err
		}
		if s.batch, err = s.take(number); err != nil {
			return v, true, err
		}
		s.at = 0
	}
	s.at++
	return s.batch.Index(s.at - 1), true, nil
}

// into is next that sets the variable to points to.
func (s *sequence) into(to any) (ok bool, err error) {
	v, ok, err := s.next()
	if v.IsValid() {
		reflect.ValueOf(to).Elem().Set(v)
	}
	return ok, err
}

// await waits for the next chunk and returns its number, -1 after the last.
func (s *sequence) await() (int, error) {
	for s.number < s.job.chunks {
		if s.inOrder && s.came[s.number] {
			return s.number, nil
		}
		number, err := s.job.awaitChunk()
		if err != nil {
			return 0, err
		}
		s.came[number] = true
		if !s.inOrder {
			return number, nil
		}
	}
	return -1, nil
}

// take takes the results of a chunk.
func (s *sequence) take(number int) (reflect.Value, error) {
	s.number++
	s.job.pool.mu.Lock()
	a := s.job.answers[number]
	s.job.pool.mu.Unlock()
	if err := a.error(); err != nil {
		return reflect.Value{}, err
	}
	return s.job.decodeChunk(number)
}

// awaitChunk returns the number of a chunk that has been answered.
func (j *job) awaitChunk() (int, error) {
	select {
	case number := <-j.arrived:
		return number, nil
	default:
	}
	interrupted := cellContext()
	select {
	case number := <-j.arrived:
		return number, nil
	case <-interrupted.Done():
		return 0, context.Cause(interrupted)
	case <-j.done:
		select {
		case number := <-j.arrived:
			return number, nil
		default:
			return 0, j.err
		}
	}
}
