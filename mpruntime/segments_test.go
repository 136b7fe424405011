//go:build linux

package mpruntime

import (
	"net"
	"testing"
	"time"
)

func TestSilentCallersDoNotKeepSegments(t *testing.T) {
	var s segments
	address := s.reach()
	for range 2 * maxSegmentCallers {
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: address.Socket, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for limit := time.Now().Add(30 * time.Second); ; {
		s.mu.Lock()
		n := len(s.callers)
		s.mu.Unlock()
		if n >= maxSegmentCallers {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("nobody was taken")
		}
	}
	closed := make(chan struct{})
	go func() {
		s.close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(segmentPatience / 2):
		t.Error("closing waits for callers who say nothing")
	}
}
