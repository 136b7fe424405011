//go:build unix

package mpruntime_test

import (
	"testing"

	mp "cuaderno/mpruntime"
)

// BenchmarkStartJoin is a process that does nothing, one after the other.
func BenchmarkStartJoin(b *testing.B) {
	for b.Loop() {
		p := named("nothing")
		if err := p.Start(); err != nil {
			b.Fatal(err)
		}
		if err := p.Join(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBurst is twenty at once.
func BenchmarkBurst(b *testing.B) {
	for b.Loop() {
		var all []*mp.Process
		for range 20 {
			p := named("nothing")
			if err := p.Start(); err != nil {
				b.Fatal(err)
			}
			all = append(all, p)
		}
		for _, p := range all {
			if err := p.Join(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
