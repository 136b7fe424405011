// Package kernel is a Jupyter kernel: it receives requests on the sockets of a
// connection file, has a lang.Session evaluate the cells, and publishes what
// they say. It interprets no Go, and outlives its session.
//
//	shell ──► receive ─┬► queue of the shell ──► worker ──► Session.Execute, Comm
//	control ► receive ─┼► desk of the channel ─► worker ──► Session.Complete, …
//	                   └► interrupts reach what runs at once    │ Output
//	stdin ──► receive ──► asker ◄────────────────────────────── ┤
//	heartbeat ► echo                                            ▼
//	iopub ◄── publisher (one goroutine; coalesces streams) ◄─ output
//
// A receiver handles nothing. Cells and messages of comms wait in the queue of
// the shell that they name, of which there may be several (JEP 91). All else is
// answered while cells run, in order among what came by the same channel.
//
// Every request is handled between a busy and an idle status; what it publishes
// and its reply come in between. Rules cited as "rule N" are those of the
// protocol table in rules_test.go.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"cuaderno/interp/lang"
	"cuaderno/kernel/history"
	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// Config is what a kernel needs. Connection and Start are required.
type Config struct {
	// Connection says where to listen. Ports of 0 are chosen by the system and
	// told to Bound.
	Connection wire.Connection
	// Start starts a session: the first one when Run begins, and a fresh one
	// after each that ended.
	Start lang.Starter
	// Logger receives what goes wrong; nil discards it.
	Logger *slog.Logger
	// Version is what kernel_info_reply calls the version of the kernel.
	Version string
	// Bound, when set, is called once, when the sockets are bound, with the
	// ports in use.
	Bound func(wire.Connection)
	// InterruptGrace is how long an interrupted cell may take to stop before
	// its session is replaced; 0 means 3 s.
	InterruptGrace time.Duration
	// History is the file that keeps the history of cells over restarts; empty
	// keeps it in memory.
	History string
}

// A Kernel serves one connection. Run may be called once.
type Kernel struct {
	cfg    Config
	log    *slog.Logger
	codec  *wire.Codec
	info   wire.KernelInfo
	id     string // of the kernel's own protocol session (rule 15)
	routes map[wire.Type]route

	shell, control, stdin, heartbeat *channel

	pub      *publisher
	sessions *keeper
	asker    *asker
	light    light
	comms    comms
	past     *history.History
	count    atomic.Int64 // execution counter, of all shells

	end      context.CancelFunc // ends Run
	bound    wire.Connection    // with the ports in use; set by Run
	work     sync.WaitGroup     // goroutines that Run waits for
	stopOnce sync.Once

	mu     sync.Mutex
	shells []*shell // that have not ended, oldest first; the main one is the first
	ending bool     // no more are opened
	latest *origin  // of the newest cell that is not silent
}

// New returns a kernel that has not bound its sockets yet.
func New(cfg Config) (*Kernel, error) {
	if cfg.Start == nil {
		return nil, errors.New("kernel: no Starter")
	}
	if err := cfg.Connection.Validate(); err != nil {
		return nil, err
	}
	codec, err := wire.NewCodec(cfg.Connection.SignatureScheme, cfg.Connection.Key)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.InterruptGrace == 0 {
		cfg.InterruptGrace = defaultGrace
	}
	if cfg.Connection.Key == "" {
		cfg.Logger.Warn("the connection file has no key: whoever reaches the ports can run code")
	}
	k := &Kernel{
		cfg:    cfg,
		log:    cfg.Logger,
		codec:  codec,
		info:   kernelInfo(cfg.Version),
		id:     uuid.NewString(),
		routes: routes(),
		asker:  newAsker(),
	}
	k.pub = newPublisher(codec, k.id, cfg.Logger)
	k.sessions = newKeeper(cfg.Start, k.log, k.sessionLost, k.closeComms)
	return k, nil
}

func kernelInfo(version string) wire.KernelInfo {
	return wire.KernelInfo{
		Status:                wire.OK,
		ProtocolVersion:       wire.ProtocolVersion,
		Implementation:        "cuaderno",
		ImplementationVersion: version,
		LanguageInfo: wire.LanguageInfo{
			Name:              "go",
			Version:           goVersion(),
			MIMEType:          "text/x-go",
			FileExtension:     ".go",
			PygmentsLexer:     "go",
			CodeMirrorMode:    "go",
			NBConvertExporter: "script",
		},
		Banner: strings.TrimSpace("Cuaderno "+version) + ": Go " + goVersion() + " in Jupyter, with real processes",
		HelpLinks: []wire.HelpLink{
			{Text: "Go specification", URL: "https://go.dev/ref/spec"},
			{Text: "Go standard library", URL: "https://pkg.go.dev/std"},
		},
		SupportedFeatures: []string{featureSubshells},
	}
}

func goVersion() string { return strings.TrimPrefix(runtime.Version(), "go") }

// Run binds the sockets and serves until a shutdown request or until ctx is
// cancelled; both end the session, deliver what was published, and return nil.
// An error means that the sockets could not be bound, or the kernel not be
// registered. Run waits for the goroutines it started, but for at most closeLimit
// for those of the session and of the shells: a cell may not return.
func (k *Kernel) Run(ctx context.Context) error {
	ctx, k.end = context.WithCancel(ctx)
	defer k.end()
	k.sessions.launch(ctx)
	bound, err := k.bind()
	if err != nil {
		k.stop()
		return err
	}
	k.bound = bound
	k.past = history.Open(k.cfg.History, k.log)
	defer k.past.Close()
	go k.pub.run()
	k.pub.statusNow(nil, wire.Starting)
	k.open(ctx, "")
	k.work.Go(k.echo)
	for _, ch := range []*channel{k.shell, k.control, k.stdin} {
		k.work.Go(func() { k.receive(ctx, ch) })
	}
	if k.cfg.Bound != nil {
		k.cfg.Bound(bound)
	}
	failure := k.register(ctx, bound)
	if failure != nil {
		k.end()
	}

	<-ctx.Done()
	k.stop()
	for _, ch := range []*channel{k.shell, k.control, k.stdin, k.heartbeat} {
		// Beside each other: each gives what it sent some time to leave.
		k.work.Go(func() {
			if err := ch.sock.Close(); err != nil {
				k.log.Debug("closing a socket", "channel", ch.name, "error", err)
			}
		})
	}
	k.pub.close()
	k.work.Wait()
	return failure
}

// bind opens the five sockets and returns the connection with the ports in use.
func (k *Kernel) bind() (wire.Connection, error) {
	conn := k.cfg.Connection
	var opened []io.Closer
	use := func(name string, port *int, sock interface {
		io.Closer
		Addr() net.Addr
	}, err error) error {
		if err != nil {
			for _, s := range opened {
				err = errors.Join(err, s.Close())
			}
			return fmt.Errorf("opening the %s channel: %w", name, err)
		}
		if tcp, ok := sock.Addr().(*net.TCPAddr); ok {
			*port = tcp.Port
		}
		opened = append(opened, sock)
		return nil
	}
	err := k.pub.bind(conn.Endpoint(conn.IOPubPort))
	if err := use("iopub", &conn.IOPubPort, k.pub.sock, err); err != nil {
		return conn, err
	}
	for _, b := range []struct {
		name string
		port *int
		to   **channel
	}{
		{"heartbeat", &conn.HeartbeatPort, &k.heartbeat},
		{"control", &conn.ControlPort, &k.control},
		{"stdin", &conn.StdinPort, &k.stdin},
		{"shell", &conn.ShellPort, &k.shell},
	} {
		sock, err := transport.Bind(conn.Endpoint(*b.port), k.log.With("channel", b.name))
		if err := use(b.name, b.port, sock, err); err != nil {
			return conn, err
		}
		*b.to = &channel{name: b.name, sock: sock}
	}
	return conn, nil
}
