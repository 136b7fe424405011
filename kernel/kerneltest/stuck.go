package kerneltest

import (
	"net"
	"strconv"

	"cuaderno/kernel/wire"
)

// Stick connects a front end that subscribes to all of iopub and never reads, until
// the end of the test. It speaks raw ZMTP (rfc.zeromq.org/spec/37), over TCP.
func Stick(t T, conn wire.Connection) {
	t.Helper()
	const (
		signature = "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f"
		greeting  = signature + "\x03\x01" + "NULL"
		size      = 64 // of a greeting
		ready     = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
		subscribe = "\x00\x01\x01"
	)
	c, err := net.Dial("tcp", net.JoinHostPort(conn.IP, strconv.Itoa(conn.IOPubPort)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	var hello [size]byte
	copy(hello[:], greeting)
	if _, err := c.Write(append(hello[:], ready+subscribe...)); err != nil {
		t.Fatal(err)
	}
}
