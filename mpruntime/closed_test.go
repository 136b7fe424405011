//go:build unix

package mpruntime_test

import (
	"errors"
	"testing"

	mp "cuaderno/mpruntime"
)

// What CPython answers after Close is answered here; where it raises an error the
// cell fails.
func TestAskingAfterClose(t *testing.T) {
	q, s := mp.NewQueue(), mp.NewSimpleQueue()
	r, w := mp.NewPipe()
	m := mp.NewSharedMemory("", 100)
	must(t, q.Close(), s.Close(), r.Close(), w.Close(), m.Unlink())
	name := m.Name()
	must(t, m.Close())
	for what, ask := range map[string]func(){
		"Queue.Len":         func() { q.Len() },
		"Queue.Empty":       func() { q.Empty() },
		"Queue.Full":        func() { q.Full() },
		"SimpleQueue.Empty": func() { s.Empty() },
		"Conn.Poll(0)":      func() { r.Poll(0) },
		"Conn.Poll":         func() { r.Poll(generous) },
		"Bytes":             func() { m.Bytes() },
	} {
		c, _, _ := inCell(t, t.Context())
		ask()
		if err := c.failed.Load(); err == nil || !errors.Is(*err, mp.ErrClosed) {
			t.Errorf("%s: the cell does not fail with ErrClosed", what)
		}
	}
	if n := m.Size(); n != 100 || m.Name() != name {
		t.Errorf("%q has %d bytes", m.Name(), n)
	}
}
