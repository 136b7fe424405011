//go:build unix

package packet

import (
	"context"
	"errors"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A side is the receiving or the sending of a Socket. All but turn belongs to who
// has the turn.
type side struct {
	turn        turn
	call        func(fd uintptr) syscall.Errno // one system call, which is repeated while it returns EAGAIN
	attempt     func(fd uintptr) (done bool)   // call, made once because closures are allocated
	setDeadline func(time.Time) error

	data   []byte // of the packet
	rights []byte
	n, nr  int // received of both
	flags  int

	spins bool // before it parks

	patience
	err error
}

// patience is how long a side waits for its socket.
type patience struct {
	wait     bool
	ctx      context.Context
	deadline time.Time
	armed    bool          // what ends the wait is set
	stop     func() bool   // of the function that ctx calls at its end
	ended    chan struct{} // closed by that function
}

// errTurn says that another goroutine waits at this side.
var errTurn = errors.New("another goroutine is first")

// enter waits for the turn.
func (s *side) enter(ctx context.Context, deadline time.Time, wait bool) error {
	if wait {
		return Await(ctx, deadline, s.turn, nil)
	}
	select {
	case <-s.turn:
		return nil
	default:
		return errTurn
	}
}

// leave gives the turn to the next.
func (s *side) leave() {
	s.data, s.rights = nil, nil
	s.turn <- struct{}{}
}

// do makes the call, with op, which waits for the socket as often as the attempt is
// not done.
func (s *side) do(ctx context.Context, deadline time.Time, wait bool, op func(func(uintptr) bool) error) error {
	s.patience = patience{wait: wait, ctx: ctx, deadline: deadline}
	err := op(s.attempt)
	ended := s.disarm()
	switch {
	case err == nil:
		return s.err
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case ended:
		return context.Cause(ctx)
	}
	return ErrTimeout
}

// try is the attempt.
func (s *side) try(fd uintptr) (done bool) {
	s.err = nil
	if errno := s.call(fd); errno != 0 {
		s.err = errno
	}
	if s.err != unix.EAGAIN || !s.wait { //nolint:errorlint // it is never wrapped
		return true
	}
	if !s.armed {
		if s.spin(fd) {
			return true
		}
		s.arm()
	}
	return false
}

// spinTime is how long a receiver looks again before it parks: about as long as an
// answer takes that another processor is working on, or as parking and waking take.
const spinTime = 40 * time.Microsecond

// spin repeats the call of a receiver for a short time. In between it leaves the
// processor to others, among which the sender may be.
func (s *side) spin(fd uintptr) (done bool) {
	if !s.spins || runtime.GOMAXPROCS(0) == 1 {
		return false
	}
	for start := time.Now(); time.Since(start) < spinTime; {
		if errno := s.call(fd); errno != unix.EAGAIN {
			s.err = nil
			if errno != 0 {
				s.err = errno
			}
			return true
		}
		yield()
	}
	return false
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// arm sets what ends a wait. The functions fail when the socket is closed, which
// ends the wait as well.
func (s *side) arm() {
	s.armed = true
	if !s.deadline.IsZero() {
		_ = s.setDeadline(s.deadline)
	}
	if s.ctx.Done() == nil {
		return
	}
	ended := make(chan struct{})
	s.ended = ended
	s.stop = context.AfterFunc(s.ctx, func() {
		_ = s.setDeadline(past)
		close(ended)
	})
}

// disarm undoes arm and reports whether ctx has ended the wait.
func (s *side) disarm() (ended bool) {
	if !s.armed {
		return false
	}
	if s.stop != nil && !s.stop() {
		<-s.ended
		ended = true
	}
	if ended || !s.deadline.IsZero() {
		_ = s.setDeadline(time.Time{})
	}
	return ended
}

// errnoOf returns the number of a system call's error, 0 for nil.
func errnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if errno, ok := err.(syscall.Errno); ok { //nolint:errorlint // package unix returns it as it is
		return errno
	}
	return unix.EINVAL
}
