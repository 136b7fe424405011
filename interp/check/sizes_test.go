package check_test

import (
	"strings"
	"testing"
)

func TestTypesThatAreTooLarge(t *testing.T) {
	n := newNotebook(t)
	n.run("type Caja[T any] struct{ c chan T }\nfunc haz[T any](n int) chan T { return make(chan T, n) }")
	for src, want := range map[string]string{
		"ch := make(chan [65536]byte, 10)":                                  "1:12: channel element type too large (>64kB)",
		"func f() { ch := make(chan [65536]byte); ch <- [65536]byte{} }":    "channel element type too large (>64kB)",
		"type C chan<- struct{ a, b [1 << 15]byte }":                        "channel element type too large (>64kB)",
		"var c Caja[[1 << 16]byte]":                                         "channel element type too large (>64kB)",
		"c := haz[[1 << 16]byte](1)":                                        "channel element type too large (>64kB)",
		"var v [1 << 40][1 << 40]byte":                                      "larger than address space",
		"package main\n\nfunc main() { println(make(chan [1 << 16]byte)) }": "channel element type too large (>64kB)",
	} {
		if got := n.refuse(src); !strings.Contains(got, want) {
			t.Errorf("%s\nis refused with %q, want %q", src, got, want)
		}
	}
	n.run("ch := make(chan [65535]byte)\nc := haz[[65535]byte](1)\nvar p *[1 << 40]int\n_, _, _ = ch, c, p")
}
