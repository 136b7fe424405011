package rtype_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"cuaderno/interp/rtype"
)

// TestHeap lets the garbage collector work on objects of built types, which
// hold the only pointers to one another.
func TestHeap(t *testing.T) {
	s := twinSession(t)
	node := s.of("Node")
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			var head unsafe.Pointer
			const length = 400
			for i := range length {
				p := rtype.New(node)
				n := (*Node)(p)
				n.Name = fmt.Sprint("node ", g, " ", i)
				n.next = (*Node)(head)
				kids := rtype.MakeMap(s.of("map[string]Node"), 0)
				kid := reflect.New(node)
				(*Node)(kid.UnsafePointer()).Name = strings.Clone("kid")
				name := fmt.Sprint("kid ", i)
				rtype.TypedMove(node, rtype.MapAssign(s.of("map[string]Node"), kids, unsafe.Pointer(&name)), kid.UnsafePointer())
				n.Kids = at[map[string]Node](unsafe.Pointer(&kids))
				list := rtype.Slice{}
				for range 3 {
					list = rtype.GrowSlice(node, list, 1)
					list.Len++
					rtype.TypedMove(node, unsafe.Add(list.Data, uintptr(list.Len-1)*node.Size()), kid.UnsafePointer())
				}
				n.list = at[[]Node](unsafe.Pointer(&list))
				n.face = visitor{reflect.NewAt(node, p).Elem().Interface()}
				n.arr[1] = n
				head = p
				if i%50 == 0 {
					runtime.GC()
				}
			}
			i := length
			for n := (*Node)(head); n != nil; n = n.next {
				i--
				want := fmt.Sprint("node ", g, " ", i)
				if n.Name != want || n.Kids[fmt.Sprint("kid ", i)].Name != "kid" || n.list[2].Name != "kid" || n.arr[1] != n {
					t.Errorf("object %d is %v", i, n)
				}
				if got := fmt.Sprint(n.face.(visitor).held); got != "Node "+want {
					t.Errorf("the object's copy prints as %q", got)
				}
			}
			if i != 0 {
				t.Errorf("%d objects are missing", i)
			}
		})
	}
	group.Wait()
}

type visitor struct{ held any }

func (visitor) Visit(n Node) Node { return n }

// TestHugeHeap uses a type whose mask the runtime makes by itself.
func TestHugeHeap(t *testing.T) {
	s := twinSession(t)
	for range 3 {
		h := (*Huge)(rtype.New(s.of("Huge")))
		h.a[4999].Name = strings.Clone("last")
		h.b = strings.Clone("end")
		h.a[0].next = &h.a[4999]
		runtime.GC()
		if h.a[0].next.Name != "last" || h.b != "end" {
			t.Error("a huge object lost what it points to")
		}
	}
}

// TestStacks calls methods deep enough for stacks to grow and to be scanned
// inside of them.
func TestStacks(t *testing.T) {
	s := twinSession(t)
	call := s.value(Odds{1}).(interface{ Panic() string })
	s.methods["Odds.Panic"] = func(*Odds) string { return "called" }
	var down func(n int, keep string) string
	down = func(n int, keep string) string {
		var pad [128]byte
		pad[n%128] = 1
		if n%500 == 0 {
			runtime.GC()
		}
		if n == 0 {
			return call.Panic() + keep[:1]
		}
		if got := call.Panic(); got != "called" {
			t.Errorf("the method returned %q", got)
		}
		return down(n-int(pad[n%128]), keep)
	}
	done := make(chan string)
	go func() { done <- down(2000, strings.Clone("x")) }()
	if got := <-done; got != "calledx" {
		t.Errorf("the recursion returned %q", got)
	}
}

// TestDying makes types whose session goes away before their values.
func TestDying(t *testing.T) {
	values := make([]any, 50)
	for i := range values {
		s := newSession(t)
		s.declare(`type D struct { Name string; next *D }; func (d *D) String() string { return d.Name }`)
		s.methods["D.String"] = func(d *struct{ Name string }) string { return d.Name }
		v := reflect.New(s.of("D"))
		v.Elem().Field(0).SetString(fmt.Sprint("d", i))
		values[i] = v.Interface()
	}
	for range 3 {
		runtime.GC()
	}
	for i, v := range values {
		data, err := json.Marshal(v)
		if got := fmt.Sprintf("%v %s", v, data); got != fmt.Sprintf(`d%d {"Name":"d%d"}`, i, i) {
			t.Errorf("value %d prints as %s (%v)", i, got, err)
		}
	}
}

// TestUnderStress runs the tests of this package again, with a collector that
// works all the time and checks itself.
func TestUnderStress(t *testing.T) {
	const inner = "CUADERNO_RTYPE_STRESS"
	if os.Getenv(inner) != "" {
		t.Skip("this is the run under stress")
	}
	if testing.Short() {
		t.Skip("short: no runs under stress")
	}
	for _, env := range [][]string{
		{"GOGC=1", "GODEBUG=gccheckmark=1"},
		{"GOGC=5", "GODEBUG=clobberfree=1,gcstoptheworld=1"},
	} {
		t.Run(strings.Join(env, " "), func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.short", "-test.skip=TestStandardLibrary")
			cmd.Env = append(append(os.Environ(), env...), inner+"=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v:\n%s", err, out[max(0, len(out)-4000):])
			}
		})
	}
}
