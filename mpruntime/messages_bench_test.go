//go:build unix

package mpruntime_test

import (
	"testing"

	mp "cuaderno/mpruntime"
)

func BenchmarkPipeRoundTrip(b *testing.B) {
	x, y := mp.NewPipe()
	p := startProcess(b, func(c *mp.Conn) {
		for {
			v, err := c.Recv()
			if err != nil || c.Send(v) != nil {
				return
			}
		}
	}, y)
	y.Close()
	b.ReportAllocs()
	for b.Loop() {
		noError(b, x.Send(1))
		if _, err := x.Recv(); err != nil {
			b.Fatal(err)
		}
	}
	x.Close()
	p.Join()
}

// stream measures 1 MiB messages to a child, which answers the last.
func stream(b *testing.B, child func(c *mp.Conn), send func(c *mp.Conn, data []byte) error) {
	b.Helper()
	x, y := mp.NewPipe()
	p := startProcess(b, child, y)
	y.Close()
	data := make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		noError(b, send(x, data))
	}
	noError(b, x.Send("end"))
	if _, err := x.Recv(); err != nil {
		b.Fatal(err)
	}
	p.Join()
}

func BenchmarkSendBytes1MiB(b *testing.B) {
	stream(b, func(c *mp.Conn) {
		for {
			if v, err := c.RecvBytes(); err != nil || string(v) == "end" {
				c.Send("done")
				return
			}
		}
	}, (*mp.Conn).SendBytes)
}

func BenchmarkSend1MiB(b *testing.B) {
	stream(b, func(c *mp.Conn) {
		for {
			if v, err := c.Recv(); err != nil || v == any("end") {
				c.Send("done")
				return
			}
		}
	}, func(c *mp.Conn, data []byte) error { return c.Send(any(data)) })
}

func benchmarkQueue(b *testing.B, producers int) {
	b.Helper()
	q := mp.NewQueue()
	each := b.N/producers + 1
	var ps []*mp.Process
	start := mp.NewQueue()
	for range producers {
		ps = append(ps, startProcess(b, func(q, start *mp.Queue, n int) {
			q.Put(-1)
			start.Get()
			for i := range n {
				q.Put(i)
			}
		}, q, start, each))
	}
	for range producers {
		q.Get()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range producers {
		start.Put(true)
	}
	for range producers * each {
		if _, err := q.Get(); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	for _, p := range ps {
		p.Join()
	}
}

func BenchmarkQueue1(b *testing.B) { benchmarkQueue(b, 1) }
func BenchmarkQueue4(b *testing.B) { benchmarkQueue(b, 4) }
