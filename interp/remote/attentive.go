package remote

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// An attentive connection is read in time where a thousand goroutines of a cell want
// to run, or wake each other all the time. The runtime puts a goroutine behind all of
// these when what it waits for has arrived; whom a timer wakes it runs before them. So
// where there is a crowd, the reader looks at the connection from time to time instead
// of waiting for it.
type attentive struct {
	io.ReadWriteCloser
	socket socket
	looks  atomic.Bool // the reader does not wait
}

// A socket is what a connection must have to be read without waiting.
type socket interface {
	syscall.Conn
	SetReadDeadline(time.Time) error
}

const (
	// readerCrowd is how many goroutines make one for the reader. The engine speaks of a
	// crowd at fewer, which only let each other run more often then.
	readerCrowd = 500
	// glanceInterval is how often the reader looks at the connection then.
	glanceInterval = 5 * time.Millisecond
	// crowdInterval is how often it is found out, while a cell runs, whether there is
	// a crowd.
	crowdInterval = 20 * time.Millisecond
)

// Read waits for something to read.
func (a *attentive) Read(p []byte) (int, error) {
	for {
		n, err := a.readOrLook(p)
		switch {
		case n == 0 && errors.Is(err, os.ErrDeadlineExceeded): // attend has woken it
			if err := a.socket.SetReadDeadline(time.Time{}); err != nil {
				return 0, err
			}
		case n == 0 && errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
			time.Sleep(glanceInterval)
		default:
			return n, err
		}
	}
}

func (a *attentive) readOrLook(p []byte) (n int, err error) {
	crowded := runtime.NumGoroutine() > readerCrowd
	a.looks.Store(crowded)
	if !crowded {
		return a.ReadWriteCloser.Read(p)
	}
	raw, err := a.socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	rawErr := raw.Read(func(fd uintptr) bool {
		n, err = syscall.Read(int(fd), p)
		return true
	})
	switch {
	case rawErr != nil:
		return 0, rawErr
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// attend wakes the reader when there is a crowd, until ctx ends.
func (a *attentive) attend(ctx context.Context) {
	armed := make(chan struct{})
	var timer *time.Timer
	timer = time.AfterFunc(crowdInterval, func() {
		<-armed
		if ctx.Err() != nil {
			return
		}
		if runtime.NumGoroutine() > readerCrowd && !a.looks.Load() {
			_ = a.socket.SetReadDeadline(time.Unix(1, 0)) // a broken connection is noticed by its reader
		}
		timer.Reset(crowdInterval)
	})
	close(armed)
}
