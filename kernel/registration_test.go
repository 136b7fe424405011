package kernel_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"

	"cuaderno/interp/lang/langtest"
	"cuaderno/kernel"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// registry is the other side of the handshake: who starts a kernel and waits for
// its ports.
type registry struct {
	sock  transport.Socket
	codec *wire.Codec
	file  wire.Connection
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	sock, err := transport.Bind("tcp://127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sock.Close() })
	codec, err := wire.NewCodec(wire.SignatureScheme, "key")
	if err != nil {
		t.Fatal(err)
	}
	return &registry{sock, codec, wire.Connection{
		Transport: "tcp", IP: "127.0.0.1", SignatureScheme: wire.SignatureScheme, Key: "key", KernelID: "k1",
		RegistrationIP: "127.0.0.1", RegistrationPort: sock.Addr().(*net.TCPAddr).Port,
	}}
}

// take receives a registration and returns the connection that it describes, and
// what the acknowledgement of it starts with.
func (r *registry) take(t *testing.T) (wire.Connection, [][]byte) {
	t.Helper()
	frames, err := r.sock.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) != 4 || r.codec.CheckAcknowledgement(frames[1:]) != nil {
		t.Fatalf("received %q, which is no signed content", frames)
	}
	var content map[string]string
	if err := json.Unmarshal(frames[3], &content); err != nil {
		t.Fatal(err)
	}
	if content["kernel_id"] != "k1" || len(content) != 6 {
		t.Errorf("registered %v", content)
	}
	port := func(name string) int {
		n, err := strconv.Atoi(content[name+"_port"])
		if err != nil || n == 0 {
			t.Errorf("%s_port: %q", name, content[name+"_port"])
		}
		return n
	}
	c := r.file
	c.RegistrationPort = 0
	c.ControlPort, c.ShellPort, c.StdinPort = port("control"), port("shell"), port("stdin")
	c.IOPubPort, c.HeartbeatPort = port("iopub"), port("hb")
	return c, frames[:2:2]
}

func TestRegistration(t *testing.T) {
	r := newRegistry(t)
	fake := &langtest.Fake{}
	server := kerneltest.Serve(t, kernel.Config{Start: fake.Start, Connection: r.file})
	connection, start := r.take(t)
	for _, rest := range [][][]byte{
		{}, {[]byte("bad"), []byte("ACK")}, // dropped: a stranger's
		r.signed(t, connection),
	} {
		if err := r.sock.Send(append(start, rest...)); err != nil {
			t.Fatal(err)
		}
	}
	f := kerneltest.Connect(t, connection)
	if e := f.Execute("out registered"); e.Text("stdout") != "registered\n" {
		t.Errorf("reply %s", e.Reply.Content)
	}
	f.Reply(f.Send(kerneltest.Control, wire.ShutdownRequest, map[string]any{"restart": false}))
	if err := server.Wait(t); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

// signed is the signature and the content of some content of one frame.
func (r *registry) signed(t *testing.T, c wire.Connection) [][]byte {
	t.Helper()
	frames, err := r.codec.EncodeRegistration(c.Registration())
	if err != nil {
		t.Fatal(err)
	}
	return frames[1:]
}

func TestRegistrationThatNobodyTakes(t *testing.T) {
	closed := newRegistry(t)
	_ = closed.sock.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	accepts := newRegistry(t).file
	accepts.RegistrationPort = mute.Addr().(*net.TCPAddr).Port
	for name, file := range map[string]wire.Connection{
		"closed": closed.file, "silent": accepts, "unacknowledged": newRegistry(t).file,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := &langtest.Fake{}
			k, err := kernel.New(kernel.Config{Start: fake.Start, Connection: file})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "registering the kernel") {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

// A kernel that is told to end while it registers ends, and that is no error.
func TestEndDuringRegistration(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	shakes, waits := newRegistry(t), newRegistry(t)
	shakes.file.RegistrationPort = mute.Addr().(*net.TCPAddr).Port
	for name, test := range map[string]struct {
		file  wire.Connection
		begun func(t *testing.T)
	}{
		"while it shakes hands": {shakes.file, func(t *testing.T) {
			t.Helper()
			c, err := mute.Accept()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
		}},
		"while it waits for the acknowledgement": {waits.file, func(t *testing.T) {
			t.Helper()
			waits.take(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &langtest.Fake{}
			k, err := kernel.New(kernel.Config{Start: fake.Start, Connection: test.file})
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- k.Run(ctx) }()
			test.begun(t)
			end()
			if err := <-ended; err != nil {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}
