//go:build unix

package mpruntime

import (
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"cuaderno/internal/codec"
	"cuaderno/internal/frame"
	"cuaderno/internal/rights"
	"cuaderno/internal/spawn"

	"golang.org/x/sys/unix"
)

// doorOf returns the outside of a server's door.
func doorOf(t *testing.T) *net.UnixConn {
	t.Helper()
	outside, theirs, err := spawn.Pair()
	if err != nil {
		t.Fatal(err)
	}
	inside, err := spawn.Socket(theirs)
	if err != nil {
		t.Fatal(err)
	}
	m := newManagerServer(newManagerName())
	m.start(func() { m.keepDoor(inside) })
	t.Cleanup(func() {
		outside.Close()
		m.close()
	})
	return outside
}

func TestDoorStaysOpenWhenADescriptorIsLost(t *testing.T) {
	door := doorOf(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	// More than the reader has room for are cut off, as by a limit of open files.
	if err := rights.With(slices.Repeat([]*os.File{w}, rights.Max+3), func(fds []int) error {
		_, _, err := door.WriteMsgUnix([]byte{0}, unix.UnixRights(fds...), nil)
		return err
	}); err != nil {
		t.Skipf("the system does not take so many descriptors: %v", err)
	}
	ours, theirs, err := spawn.Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	_, err = rights.Write(door, []byte{0}, []*os.File{theirs})
	theirs.Close()
	if err != nil {
		t.Fatal(err)
	}
	conn := frame.New(ours)
	request, err := encodeWith(here.domain(), []any{"Create", "list", []any{}}, "the call")
	if err != nil {
		t.Fatal(err)
	}
	if err := sendTo(conn, kindInvoke, request, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := ours.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	kind, m, number, _, err := receiveFrom(conn)
	if err != nil || kind != kindReply || number != 1 {
		t.Errorf("kind %d, request %d, %v", kind, number, err)
	}
	m.Close()
}

// A client that has given up a lock gets it for nobody.
func TestLateLockIsReleased(t *testing.T) {
	ours, theirs, err := spawn.Pair()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := spawn.Socket(theirs)
	if err != nil {
		t.Fatal(err)
	}
	server := frame.New(socket)
	defer server.Close()
	c := &managerClient{name: "late", pending: map[uint64]chan managerReply{}}
	conn := frame.New(ours)
	c.mu.Lock()
	c.connected(conn)
	c.pending[7] = make(chan managerReply, 1)
	c.last = 7
	c.mu.Unlock()
	if !c.giveUp(conn, 7, 3, "Acquire", []any{uint64(5), forever}) {
		t.Fatal("there is an answer")
	}
	if err := sendTo(server, kindReply, codec.Message{}, 7, 3); err != nil {
		t.Fatal(err)
	}
	if err := socket.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	kind, m, _, object, err := receiveFrom(server)
	if err != nil || kind != kindInvoke || object != 3 {
		t.Fatalf("kind %d, object %d, %v", kind, object, err)
	}
	v, err := decodeWith(here.domain(), m)
	if list, _ := v.([]any); err != nil || !slices.Equal(list, []any{"Release", uint64(5)}) {
		t.Errorf("%v, %v", v, err)
	}
}
