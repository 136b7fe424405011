package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// A process is a kernel as Jupyter starts it.
type process struct {
	*scope
	connection wire.Connection
	command    *exec.Cmd
	log        bytes.Buffer // read after ended only
	ended      chan struct{}

	// world is held by everyone who has a request under way, and alone by who
	// needs that nobody has.
	world   sync.RWMutex
	trouble disturbances
	// epoch counts the sessions of the kernel: a new one has no variables.
	epoch atomic.Int64
	// cells is how many have run.
	cells atomic.Int64
	// session is the pid of MainProcess.
	session atomic.Int64

	mu    sync.Mutex
	boxes []*mailbox // of the front ends that read
}

// disturbances tell when cells may end otherwise than they would: an interrupt,
// or an error that aborts what waits.
type disturbances struct {
	mu     sync.Mutex
	begun  int
	active int
}

func (d *disturbances) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun++
	d.active++
}

func (d *disturbances) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.active--
}

// since returns how many have begun, and whether one goes on.
func (d *disturbances) since() (begun int, active bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begun, d.active > 0
}

// start starts a kernel and waits until it answers. It returns nil, and has said
// why, when there is none.
func (s *soak) start(ctx context.Context, name string, random *rand.Rand) *process {
	k := &process{scope: &scope{tally: s.tally, who: name}, ended: make(chan struct{})}
	dir, err := os.MkdirTemp("", "soak")
	if err == nil {
		k.Cleanup(func() { _ = os.RemoveAll(dir) })
		k.connection, err = connection(random)
	}
	file := filepath.Join(dir, "connection.json")
	var content []byte
	if err == nil {
		content, err = json.Marshal(k.connection)
	}
	if err == nil {
		err = os.WriteFile(file, content, 0o600)
	}
	if err != nil {
		k.Errorf("preparing a kernel: %v", err)
		k.end()
		return nil
	}
	k.command = exec.Command(s.cuaderno, "kernel", "-f", file)
	k.command.Env = append(os.Environ(), "CUADERNO_LOG=error", "CUADERNO_HISTORY="+filepath.Join(dir, "history.db"), "JPY_PARENT_PID="+strconv.Itoa(os.Getpid()))
	k.command.Dir = dir
	k.command.Stdout, k.command.Stderr = &k.log, &k.log
	k.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if abs, err := filepath.Abs(s.cuaderno); err == nil {
		k.command.Path = abs
	}
	if err := k.command.Start(); err != nil {
		k.Errorf("starting a kernel: %v", err)
		k.end()
		return nil
	}
	go func() {
		defer close(k.ended)
		_ = k.command.Wait() // the state says it
	}()
	for !k.listens() {
		select {
		case <-k.ended:
			k.Errorf("the kernel ended: %v\n%s", k.command.ProcessState, k.log.Bytes())
			k.end()
			return nil
		default:
		}
		if !pause(ctx, 5*time.Millisecond) {
			k.kill()
			return nil
		}
	}
	return k
}

func (k *process) listens() bool {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", k.connection.ShellPort))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was said
	return true
}

// connection chooses ports that are free, as Jupyter does. They are below those
// that the system gives to connections, of which the peers open many.
func connection(random *rand.Rand) (wire.Connection, error) {
	c := wire.Connection{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: wire.SignatureScheme, Key: uuid.NewString()}
	for _, port := range []*int{&c.ShellPort, &c.ControlPort, &c.StdinPort, &c.IOPubPort, &c.HeartbeatPort} {
		for tries := 0; *port == 0; tries++ {
			at := 10_000 + random.IntN(20_000)
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", at))
			if err == nil {
				defer l.Close() // after all five are known
				*port = at
			} else if tries == 100 {
				return c, fmt.Errorf("finding a free port: %w", err)
			}
		}
	}
	return c, nil
}

func (k *process) pid() int { return k.command.Process.Pid }

// kill ends the kernel, whatever it does, and forgets it.
func (k *process) kill() {
	_ = k.command.Process.Kill()
	<-k.ended
	k.end()
}

// endLimit is how long a kernel and all that it started may take to go.
const endLimit = 10 * time.Second

// awaitEnd waits until the kernel has ended and nothing of it is left.
func (k *process) awaitEnd(left []started) {
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	select {
	case <-k.ended:
	case <-limit.C:
		k.tally.fault(k.who, "the kernel does not end")
		k.kill()
		return
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		alive := living(left)
		if len(alive) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			k.tally.fault(k.who, "%d processes outlived the kernel: %v", len(alive), alive)
			for _, p := range alive {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
			return
		}
	}
}

// connect connects one more front end.
func (k *process) connect(s *scope) *kerneltest.FrontEnd { return kerneltest.Connect(s, k.connection) }

// awaitGone waits until none of some processes lives.
func (k *process) awaitGone(left []started, of string) {
	deadline := time.Now().Add(endLimit)
	for len(living(left)) > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if alive := living(left); len(alive) > 0 {
		k.tally.fault(k.who, "%d processes of %s live on: %v", len(alive), of, alive)
	}
}

// leave is for a front end that reads no longer.
func (k *process) leave(box *mailbox) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.boxes = slices.DeleteFunc(k.boxes, func(b *mailbox) bool { return b == box })
}

// enlist has the statuses that a front end sees be checked when nothing runs.
func (k *process) enlist(box *mailbox) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.boxes = append(k.boxes, box)
}

func (k *process) enlisted() []*mailbox {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*mailbox(nil), k.boxes...)
}
