// Package kernel is a Jupyter kernel: it receives requests on the sockets of a
// connection file, has a lang.Session evaluate the cells, and publishes what
// they say. It interprets no Go, and outlives its session.
//
//	shell ──► receive ──► queue ──► worker ──► Session.Execute
//	control ► receive ──► handler (also while a cell runs)   │ Output
//	stdin ──► receive ──► asker ◄──────────────────────────── ┤
//	heartbeat ► echo                                          ▼
//	iopub ◄── publisher (one goroutine; coalesces streams) ◄─ output
//
// Every request is handled between a busy and an idle status; what it publishes
// and its reply come in between. Rules cited as "rule N" are those of the
// protocol table in rules_test.go.
package kernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"cuaderno/interp/lang"
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
	// its session is replaced; 0 means 4 s.
	InterruptGrace time.Duration
}

const defaultGrace = 4 * time.Second

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
	queue    *queue
	asker    *asker

	end      context.CancelFunc // ends Run
	work     sync.WaitGroup     // goroutines that Run waits for
	worker   chan struct{}      // closed when the queue's worker has ended
	stopOnce sync.Once

	mu           sync.Mutex
	current      context.CancelFunc // interrupts the running cell; nil at idle
	latest       *origin            // of the newest cell that is not silent
	abortThrough uint64             // execute requests up to this number are aborted

	count int // execution counter; used by the worker only
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
		queue:  newQueue(),
		asker:  newAsker(),
		worker: make(chan struct{}),
	}
	k.pub = newPublisher(codec, k.id, cfg.Logger)
	k.sessions = newKeeper(cfg.Start, k.log, k.sessionLost)
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
		SupportedFeatures: []string{},
	}
}

func goVersion() string { return strings.TrimPrefix(runtime.Version(), "go") }

// Run binds the sockets and serves until a shutdown request or until ctx is
// cancelled; both end the session, deliver what was published, and return nil.
// An error means that the sockets could not be bound. Run waits for the
// goroutines it started, apart from a session that does not return from Close.
func (k *Kernel) Run(ctx context.Context) error {
	ctx, k.end = context.WithCancel(ctx)
	defer k.end()
	k.sessions.launch(ctx)
	bound, err := k.bind()
	if err != nil {
		k.sessions.close()
		return err
	}
	go k.pub.run()
	k.pub.status(nil, wire.Starting)
	k.work.Go(k.echo)
	for _, ch := range []*channel{k.shell, k.control, k.stdin} {
		k.work.Go(func() { k.receive(ctx, ch) })
	}
	go k.serveQueue(ctx)
	if k.cfg.Bound != nil {
		k.cfg.Bound(bound)
	}

	<-ctx.Done()
	k.stop()
	for _, ch := range []*channel{k.shell, k.control, k.stdin, k.heartbeat} {
		if err := ch.sock.Close(); err != nil {
			k.log.Debug("closing a socket", "channel", ch.name, "error", err)
		}
	}
	k.work.Wait()
	k.pub.close()
	return nil
}

// bind opens the five sockets and returns the connection with the ports in use.
func (k *Kernel) bind() (wire.Connection, error) {
	conn := k.cfg.Connection
	var opened []*channel
	for _, b := range []struct {
		name string
		kind transport.Kind
		port *int
		to   **channel
	}{
		{"heartbeat", transport.Router, &conn.HeartbeatPort, &k.heartbeat},
		{"iopub", transport.Pub, &conn.IOPubPort, &k.pub.ch},
		{"control", transport.Router, &conn.ControlPort, &k.control},
		{"stdin", transport.Router, &conn.StdinPort, &k.stdin},
		{"shell", transport.Router, &conn.ShellPort, &k.shell},
	} {
		sock, err := transport.Bind(b.kind, conn.Endpoint(*b.port), k.log.With("channel", b.name))
		if err != nil {
			for _, ch := range opened {
				err = errors.Join(err, ch.sock.Close())
			}
			return conn, fmt.Errorf("opening the %s channel: %w", b.name, err)
		}
		if tcp, ok := sock.Addr().(*net.TCPAddr); ok {
			*b.port = tcp.Port
		}
		*b.to = &channel{name: b.name, sock: sock}
		opened = append(opened, *b.to)
	}
	return conn, nil
}
