//go:build unix

package packet

import (
	"fmt"
	"testing"
)

func BenchmarkRoundTrip(b *testing.B) {
	x, y := pair(b)
	go func() {
		for {
			r, err := y.Receive(background, never)
			if err != nil {
				return
			}
			_ = y.Send(background, never, r.Packet)
			r.Release()
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		send(b, x, Packet{Bytes: []byte("hello")})
		r, err := x.Receive(background, never)
		if err != nil {
			b.Fatal(err)
		}
		r.Release()
	}
}

func BenchmarkStream(b *testing.B) {
	for _, size := range []int{16, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			x, y := pair(b)
			go func() {
				data := make([]byte, size)
				for x.Send(background, never, Packet{Bytes: data}) == nil {
				}
			}()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := y.Receive(background, never)
				if err != nil {
					b.Fatal(err)
				}
				r.Release()
			}
		})
	}
}
