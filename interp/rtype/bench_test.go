package rtype_test

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"cuaderno/interp/rtype"
)

// BenchmarkMake makes a type with two methods, as a new declaration of it does.
func BenchmarkMake(b *testing.B) {
	s := newSession(b)
	s.LimitSlots(20000)
	const batch = 500
	var source strings.Builder
	for i := range batch {
		fmt.Fprintf(&source, "type T%d struct { p *T%d; s []string; n int }\nfunc (t T%d) String() string { return t.s[0] }\nfunc (t *T%d) Set(n int) {}\n", i, i, i, i)
	}
	made := 0
	for b.Loop() {
		if made%batch == 0 {
			b.StopTimer()
			s.pkg = types.NewPackage("main", "main")
			s.declare(source.String())
			b.StartTimer()
		}
		if s.Of(s.pkg.Scope().Lookup(fmt.Sprint("T", made%batch)).Type()) == nil {
			b.Fatal("no type")
		}
		made++
	}
}

// BenchmarkOf asks for a type that is there.
func BenchmarkOf(b *testing.B) {
	s := twinSession(b)
	typ := s.typ("map[Str][]*Node")
	for b.Loop() {
		s.Of(typ)
	}
}

// BenchmarkSlot calls a method through an interface; BenchmarkNoSlot calls a
// compiled one.
func BenchmarkSlot(b *testing.B) {
	s := newSession(b)
	s.declare("type T struct { n int }\nfunc (t *T) Get() int { return t.n }")
	get := func(p unsafe.Pointer) int { return *(*int)(p) }
	set := rtype.NewTypes(func(*types.TypeName) reflect.Type { return nil }, func(*types.Selection, reflect.Type) unsafe.Pointer {
		return *(*unsafe.Pointer)(unsafe.Pointer(&get))
	})
	x := reflect.New(set.Of(s.typ("T"))).Interface().(interface{ Get() int })
	for b.Loop() {
		x.Get()
	}
}

type compiledGetter struct{ n int }

//go:noinline
func (g *compiledGetter) Get() int { return g.n }

func BenchmarkNoSlot(b *testing.B) {
	var x interface{ Get() int } = reflect.New(reflect.TypeFor[compiledGetter]()).Interface().(interface{ Get() int })
	for b.Loop() {
		x.Get()
	}
}
