//go:build unix

package spawn

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// NewLifeline makes a lifeline. Processes that are started with r as
// Spec.Lifeline, and what they start with theirs, live as long as w is open in
// any process; nobody but its maker ever gets w.
func NewLifeline() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, fmt.Errorf("making a lifeline: %w", err)
	}
	// All processes of the tree share one open file and with it one blocking
	// mode; Fd makes that blocking, once and before anybody reads.
	r.Fd()
	return r, w, nil
}

// Watch calls ended, normally [KillGroup], on a goroutine of its own when the
// lifeline closes. The goroutine lives as long as the process does, or until
// then. A nil lifeline is never watched.
func Watch(lifeline *os.File, ended func()) {
	if lifeline == nil {
		return
	}
	go func() {
		var b [1]byte
		for {
			n, err := lifeline.Read(b[:])
			if n == 0 && err != nil && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
				ended()
				return
			}
		}
	}()
}

// KillGroup kills every process of the caller's process group, the caller and
// stopped ones included, with SIGKILL. The group is that of the nearest
// ancestor that was started with Spec.Group: a tree whose first process was not
// must not call it.
func KillGroup() {
	// Zero addresses the own group. SIGKILL also ends the caller, so there is no
	// error to report and nobody to report it to.
	_ = syscall.Kill(0, syscall.SIGKILL)
}
