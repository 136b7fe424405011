package mpruntime

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
)

// Messages on a helper's control connection.
const (
	// kindBoot makes the idle helper a child. The payload is a
	// 4-byte big-endian length, a boot as JSON of that length, and the bytes of the
	// host's bundle, whose files come along.
	kindBoot byte = 1
	// kindWarm, without a payload, may come before: see [Warmer].
	kindWarm byte = 2
	// kindInterrupt, without a payload, may follow: SIGINT for a child that was not
	// one yet when it was interrupted.
	kindInterrupt byte = 3
)

// boot is what a child is told about itself.
type boot struct {
	Name       string   `json:"name"`
	Identity   []int    `json:"identity"`
	Daemon     bool     `json:"daemon"`
	ParentPID  int      `json:"parent_pid"`
	ParentName string   `json:"parent_name"`
	Dir        string   `json:"dir"`
	Env        []string `json:"env"`
	Service    service  `json:"service,omitempty"`
	// Logging is the level from which on [Logger] writes, nil for none.
	Logging *slog.Level `json:"logging,omitempty"`
	// Placed says that the last file is the place of the process.
	Placed bool `json:"placed,omitempty"`
	// Segments is where the names of shared memory are.
	Segments segmentsAddress `json:"segments"`
}

func newBoot(p *Process) boot {
	self := CurrentProcess()
	dir, env := environment()
	return boot{
		Name: p.Name, Identity: p.identity, Daemon: p.Daemon,
		ParentPID: os.Getpid(), ParentName: self.Name,
		Dir: dir, Env: env, Service: p.service, Logging: here.logLevel(), Segments: here.segments.reach(),
	}
}

func (b boot) encode(bundle []byte) ([]byte, error) {
	header, err := json.Marshal(b)
	if err != nil {
		return nil, errorf("writing the boot message: %w", err)
	}
	message := make([]byte, 0, 4+len(header)+len(bundle))
	message = binary.BigEndian.AppendUint32(message, uint32(len(header)))
	message = append(message, header...)
	return append(message, bundle...), nil
}

func decodeBoot(message []byte) (b boot, bundle []byte, err error) {
	if len(message) < 4 || uint64(len(message)-4) < uint64(binary.BigEndian.Uint32(message)) {
		return b, nil, errors.New("reading the boot message: it is cut short")
	}
	end := 4 + int(binary.BigEndian.Uint32(message))
	if err := json.Unmarshal(message[4:end], &b); err != nil {
		return b, nil, errorf("reading the boot message: %w", err)
	}
	return b, message[end:], nil
}

// exitOrphan is the exit code of a daemon that ended because its parent did: what
// a shell shows for SIGTERM.
const exitOrphan = 128 + 15

// ServeChild is the main function of a helper in the role of a child. It waits
// idly on control, the helper's end of the control connection, until its parent
// sends it what to run; then it is that process, and returns its exit code when
// the target has returned, its daemons are terminated and its other children
// joined. The caller exits with the code at once. 0 is also the code of a helper
// that was never needed.
//
// The process is interrupted by SIGINT, or by ending ctx. The caller sees to it
// that SIGINT does not end a helper that still waits. A daemon ends when its parent does, even if the target has not returned; other
// children live on as orphans.
func ServeChild(ctx context.Context, control io.ReadWriteCloser, host Host) (exitCode int) {
	conn := frame.New(control)
	defer conn.Close()
	if err := conn.Greet(frame.BuildID()); err != nil {
		return idleEnd(err)
	}
	work := awaitWork(conn, host)
	if work.err != nil {
		return idleEnd(work.err)
	}
	b, bundle, err := decodeBoot(work.payload)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mp:", err)
		return 1
	}
	if n := len(work.files) - 1; b.Placed && n >= 0 {
		here.place, work.files = work.files[n], work.files[:n]
	}
	message := codec.Message{Bytes: bundle, Files: work.files}
	adopt(b.Dir, b.Env, os.Stderr)
	parent := &Process{Name: b.ParentName, role: roleParent, pid: b.ParentPID, done: make(chan struct{})}
	here.mu.Lock()
	here.host.Store(&installed{host, host.Domain()})
	here.parent, here.identity, here.daemon = parent, b.Identity, b.Daemon
	here.logging = b.Logging
	here.segments.join(b.Segments)
	here.self = &Process{Name: b.Name, Daemon: b.Daemon, role: roleSelf, identity: b.Identity, pid: os.Getpid()}
	here.mu.Unlock()

	ctx, interrupt := context.WithCancel(ctx)
	defer interrupt()
	// Nothing follows the boot message but an interrupt and the end of the parent.
	// This goroutine ends with that, or with the deferred Close.
	go func() {
		defer close(parent.done)
		for {
			switch kind, _, err := conn.Read(); {
			case err != nil:
				return
			case kind == kindInterrupt:
				interrupt()
			}
		}
	}()
	var orphaned <-chan struct{} // of a daemon
	if b.Daemon {
		orphaned = parent.done
	}
	// A helper that waits for its work has nothing that could be interrupted; from
	// here on an interrupt is one of the target.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	_ = stop // a target that still runs at the end must not take it for an interrupt
	ended := make(chan int, 1)
	go func() {
		code := b.run(ctx, host, message)
		here.end(ctx)
		ended <- code
	}()
	select {
	case code := <-ended:
		return code
	case <-orphaned:
		return exitOrphan
	}
}

// idleEnd is the exit code of a helper that got no work because of err.
func idleEnd(err error) int {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return 0 // the parent needed no further process, or has ended
	}
	fmt.Fprintln(os.Stderr, "mp: waiting for work:", err)
	return 1
}
