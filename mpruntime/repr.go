package mpruntime

import (
	"errors"
	"fmt"
	"os"

	"cuaderno/internal/shm"
)

// This file has what objects say of themselves, as CPython's repr does. It is of
// the moment, waits for nobody and fails no cell.

// failedText is what an object says that could not be made.
func failedText(kind string, err error) string { return fmt.Sprintf("<%s failed: %v>", kind, err) }

// ownerText names the process that holds a lock.
func ownerText(o shm.Owner) string {
	if o == 0 {
		return "None"
	}
	pid := o.PID()
	if pid == os.Getpid() {
		return fmt.Sprintf("%s (pid %d)", CurrentProcess().Name, pid)
	}
	if parent := ParentProcess(); parent != nil && parent.PID() == pid {
		return fmt.Sprintf("%s (pid %d)", parent.Name, pid)
	}
	for _, p := range ActiveChildren() {
		if p.PID() == pid {
			return fmt.Sprintf("%s (pid %d)", p.Name, pid)
		}
	}
	return fmt.Sprintf("pid %d", pid)
}

func (x *exclusion) text(kind string) string {
	if err := x.Err(); err != nil {
		return failedText(kind, err)
	}
	return fmt.Sprintf("<%s owner=%s>", kind, ownerText(x.mutex.Owner()))
}

// String says which process holds the lock, if this one knows it by name.
func (l *Lock) String() string { return l.text("Lock") }

// String says which process holds the lock, if this one knows it by name.
func (l *RLock) String() string { return l.text("RLock") }

// String says how many permits there are.
func (s *Semaphore) String() string {
	if err := s.Err(); err != nil {
		return failedText("Semaphore", err)
	}
	return fmt.Sprintf("<Semaphore value=%d>", s.count.Count())
}

// String says how many permits there are, and at most.
func (s *BoundedSemaphore) String() string {
	if err := s.Err(); err != nil {
		return failedText("BoundedSemaphore", err)
	}
	return fmt.Sprintf("<BoundedSemaphore value=%d maxvalue=%d>", s.count.Count(), s.most)
}

// String shows the lock of the condition.
func (c *Condition) String() string {
	if err := c.Err(); err != nil {
		return failedText("Condition", err)
	}
	return fmt.Sprintf("<Condition %v>", c.mutex)
}

// String says how many parties there are and how many wait.
func (b *Barrier) String() string {
	if err := b.Err(); err != nil {
		return failedText("Barrier", err)
	}
	state := ""
	if b.broken.Load() != 0 {
		state = " broken"
	}
	return fmt.Sprintf("<Barrier parties=%d waiting=%d%s>", b.parties, int(b.count.Load())%b.parties, state)
}

// String says what the end can do.
func (c *Conn) String() string {
	if err := c.Err(); err != nil {
		return failedText("Conn", err)
	}
	text := "<Conn"
	if _, err := c.socket.Ready(); errors.Is(err, os.ErrClosed) {
		return text + " closed>"
	}
	if c.receives {
		text += " readable"
	}
	if c.sends {
		text += " writable"
	}
	return text + ">"
}

func (q *queue) text(kind string) string {
	switch err := q.usable(); {
	case errors.Is(err, ErrClosed):
		return "<" + kind + " closed>"
	case err != nil:
		return failedText(kind, err)
	}
	return fmt.Sprintf("<%s len=%d max=%d>", kind, q.items.Load(), q.max)
}

// String says how many items there are, and at most; 0 stands for any number.
func (q *Queue) String() string { return q.text("Queue") }

// String says how many items there are, and at most; 0 stands for any number.
func (q *JoinableQueue) String() string { return q.text("JoinableQueue") }

// String says whether the queue is closed.
func (q *SimpleQueue) String() string {
	if err := q.Err(); err != nil {
		return failedText("SimpleQueue", err)
	}
	if _, err := q.r.socket.Ready(); errors.Is(err, os.ErrClosed) {
		return "<SimpleQueue closed>"
	}
	return "<SimpleQueue>"
}
