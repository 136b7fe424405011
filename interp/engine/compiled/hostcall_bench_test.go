package compiled

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

//go:noinline
func addOne(a int) int { return a + 1 }

//go:noinline
func isLess(a, b int) bool { return a < b }

//go:noinline
func meanOf(a, b float64) float64 { return (a + b) / 2 }

//go:noinline
func sumOf(a, b, c, d, e, f int) int { return a + b + c + d + e + f }

//go:noinline
func prefixOf(s string, n int) (string, error) { return s[:n], nil }

//go:noinline
func suffixOf(s []byte, n int) ([]byte, error) { return s[n:], nil }

//go:noinline
func swapped(a [2]int) [2]int { return [2]int{a[1], a[0]} }

func BenchmarkHostCall(b *testing.B) {
	var (
		one  = addOne
		less = isLess
		avg  = meanOf
		sum  = sumOf
		spl  = prefixOf
		tl   = suffixOf
		buf  strings.Builder
		word = [1]byte{}
	)
	native := map[string]func(n int){
		"int": func(n int) {
			for i := range n {
				one(i)
			}
		},
		"less": func(n int) {
			for i := range n {
				less(i, n)
			}
		},
		"floats": func(n int) {
			for range n {
				avg(1, 2)
			}
		},
		"six": func(n int) {
			for i := range n {
				sum(i, i, i, i, i, i)
			}
		},
		"string+error": func(n int) {
			for range n {
				_, _ = spl("abc", 2)
			}
		},
		"slice+error": func(n int) {
			for range n {
				_, _ = tl(word[:], 0)
			}
		},
		"method": func(n int) {
			for range n {
				buf.Len()
			}
		},
	}
	for _, f := range []struct {
		name string
		f    any
	}{
		{"int", addOne}, {"less", isLess}, {"floats", meanOf}, {"six", sumOf}, {"string+error", prefixOf},
		{"slice+error", suffixOf}, {"method", (*strings.Builder).Len}, {"reflect", swapped},
	} {
		l := newLayout(reflect.TypeOf(f.f), 0)
		block := blockOf(l)
		switch f.name {
		case "string+error":
			*(*string)(block) = "abc"
		case "slice+error":
			*(*[]byte)(block) = word[:]
		case "method":
			*(**strings.Builder)(block) = &buf
		}
		call, fv := hostCall(l), funcWord(f.f)
		if run := native[f.name]; run != nil {
			b.Run(f.name+"/native", func(b *testing.B) { run(b.N) })
		}
		b.Run(f.name+"/host", func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				call(fv, block)
			}
		})
	}
}

func BenchmarkTrampoline(b *testing.B) {
	less := notebookCallback[func(i, j int) bool](func(fr *frame, l *layout) {
		*(*bool)(unsafe.Add(unsafe.Pointer(fr), l.results[0].off)) = true
	})
	b.Run("typed", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			less(i, 0)
		}
	})
	arrays := notebookCallback[func(a [2]int) [2]int](func(*frame, *layout) {})
	b.Run("reflect", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			arrays([2]int{})
		}
	})
	tr, fv := trampolineOf(reflect.TypeFor[func(i, j int) bool]()), funcWord(less)
	b.Run("recognise", func(b *testing.B) {
		for range b.N {
			if tr.function(fv) == nil {
				b.Fatal("not recognised")
			}
		}
	})
}
