package transport

import (
	"errors"
	"fmt"
	"net"
)

// DialStuck connects a subscriber that never reads to a PUB socket at a TCP
// address, for tests of what one bad front end does to the others.
func DialStuck(address string) (net.Conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting a stuck subscriber: %w", err)
	}
	hello := greeting()

	const (
		ready     = "\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
		subscribe = "\x00\x01\x01"
	)
	if _, err := c.Write([]byte(string(hello) + ready + subscribe)); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting a stuck subscriber: %w", err), c.Close())
	}
	return c, nil
}
