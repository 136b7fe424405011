package mpruntime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"cuaderno/internal/codec"
	"cuaderno/internal/packet"
)

// record is what a process knows about itself.
type record struct {
	host      atomic.Pointer[installed] // nil: none
	mu        sync.Mutex
	self      *Process
	parent    *Process // nil in MainProcess
	identity  []int    // position in the tree: empty in MainProcess, {3, 1} in Process-3:1
	daemon    bool
	made      int          // processes made here, for their default names
	children  []*Process   // started here and not known to have ended, in order
	ending    bool         // no more starts
	place     *os.File     // that this process has, nil where there are none
	free      atomic.Int64 // a place that is likely to be free
	stock     stock
	plain     *codec.Domain // where there is no host
	managers  map[string]*managerClient
	streamed  *codec.Domain                   // of network connections
	brief     map[*codec.Domain]*codec.Domain // of texts of proxies
	logging   *slog.Level                     // nil if nothing is logged
	segments  segments
	buffers   packet.Buffers // of pipes and queues
	feeders   feeders
	endpoints endpoints
	smaller   atomic.Int64 // the limit of messages in tests, 0 for that of [record.largest]

	supervisors sync.WaitGroup // one per started child
	quit        chan struct{}  // closed by Shutdown: nobody reads the output of orphans any more
	quitting    sync.Once
}

// here is the record of the current process, the package's only state.
var here = &record{self: &Process{Name: "MainProcess", role: roleSelf, pid: os.Getpid()}, quit: make(chan struct{})}

// Install gives the current process, MainProcess, its host. It is called once,
// before anything else; a second call is an error. What was installed ends with
// [Shutdown].
func Install(h Host) error {
	here.mu.Lock()
	defer here.mu.Unlock()
	if here.host.Load() != nil {
		return errors.New("mp: installing a host: this process has one already")
	}
	here.host.Store(&installed{h, h.Domain()})
	here.stock.open()
	return nil
}

// Prepare starts helpers in the background, so that the next Start finds one
// waiting. It returns at once and is meant to be called when it becomes likely
// that processes will be started.
func Prepare() { here.refill() }

// Shutdown ends what MainProcess started, as CPython's atexit does: daemons are
// terminated, other children joined. Those that still run when ctx ends are
// killed, and the cells that started them are told. Nothing can be started
// afterwards.
func Shutdown(ctx context.Context) {
	here.end(ctx)
	here.mu.Lock()
	left := slices.Clone(here.children)
	here.mu.Unlock()
	tellKilled(left)
	for _, p := range left {
		_ = p.helper.proc.Signal(syscall.SIGKILL) // it may just have ended
	}
	for _, p := range left {
		<-p.done
	}
	here.quitting.Do(func() { close(here.quit) })
	here.supervisors.Wait()
	here.segments.close()
}

// tellKilled has a line for each cell say which of its processes had not ended.
func tellKilled(left []*Process) {
	names := map[Cell][]string{}
	var cells []Cell
	for _, p := range left {
		if p.startedDaemon {
			continue
		}
		if names[p.cell] == nil {
			cells = append(cells, p.cell)
		}
		names[p.cell] = append(names[p.cell], fmt.Sprintf("%s (pid %d)", p.Name, p.PID()))
	}
	for _, c := range cells {
		fmt.Fprintf(c.Stderr(), "mp: at the end of MainProcess these processes still ran and were killed: %s; Join waits for a process\n", strings.Join(names[c], ", "))
	}
}

// end terminates daemons, waits for all children until ctx ends, ends the stock,
// and leaves to other processes what is in the buffers of queues.
func (r *record) end(ctx context.Context) {
	r.mu.Lock()
	r.ending = true
	children := slices.Clone(r.children)
	r.mu.Unlock()
	defer r.endpoints.close()
	defer r.feeders.end(ctx)
	r.stock.close()
	for _, p := range children {
		if p.startedDaemon {
			_ = p.helper.proc.Signal(syscall.SIGTERM) // it may just have ended
			// A daemon that ignores the signal ends when its parent seems gone.
			p.helper.conn.Close()
		}
	}
	for _, p := range children {
		select {
		case <-p.done:
		case <-ctx.Done():
			return
		}
	}
}

// Interrupt interrupts (SIGINT) the children that the cell started and that still
// run: the third step of an interrupt, after the cell itself was told to stop.
func Interrupt(c Cell) {
	for _, p := range ActiveChildren() {
		if p.cell == c && p.service == "" {
			p.helper.interrupt()
		}
	}
}

// newIdentity returns the position of the next process made here.
func (r *record) newIdentity() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	return append(slices.Clone(r.identity), r.made)
}

// defaultName is CPython's: Process-2 in MainProcess, Process-2:1 in its child.
func defaultName(identity []int) string {
	parts := make([]string, len(identity))
	for i, n := range identity {
		parts[i] = strconv.Itoa(n)
	}
	return "Process-" + strings.Join(parts, ":")
}

// installed is a host, and what it always says.
type installed struct {
	Host
	domain *codec.Domain
}

// getHost returns nil if there is none.
func (r *record) getHost() Host {
	if i := r.host.Load(); i != nil {
		return i.Host
	}
	return nil
}

// stderr returns where what this package has to say goes: to the calling
// goroutine's cell, or the process's own.
func (r *record) stderr() io.Writer {
	if host := r.getHost(); host != nil {
		return host.Cell().Stderr()
	}
	return os.Stderr
}

// isDaemon reports whether the current process is a daemon.
func (r *record) isDaemon() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.daemon
}

func (r *record) forget(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.children = slices.DeleteFunc(r.children, func(q *Process) bool { return q == p })
}

// CurrentProcess returns the current process: the one named MainProcess, or what
// [ParentProcess]'s process started.
func CurrentProcess() *Process {
	here.mu.Lock()
	defer here.mu.Unlock()
	return here.self
}

// ParentProcess returns the process that started this one, nil in MainProcess.
// It can be asked for its Name, PID and IsAlive, and be joined.
func ParentProcess() *Process {
	here.mu.Lock()
	defer here.mu.Unlock()
	return here.parent
}

// ActiveChildren returns the children of this process that have not ended, in
// the order in which they were started.
func ActiveChildren() []*Process {
	here.mu.Lock()
	defer here.mu.Unlock()
	return slices.Clone(here.children)
}

// CPUCount returns the number of processors of the machine that this process
// may use.
func CPUCount() int { return runtime.NumCPU() }
