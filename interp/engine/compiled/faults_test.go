package compiled

import (
	"errors"
	"strings"
	"testing"

	"cuaderno/interp/engine"
)

const faultTypes = `
type S string
type N int
type C complex128
type T struct{ A int }
type E struct{ X int }
func (e E) Error() string { return fmt.Sprintf("E%d\nnext", e.X) }
type St struct{}
func (St) String() string { return "stringer" }
func never() error { return nil }
var m map[string]int
var p *T
c, closed := make(chan int), make(chan int)
close(closed)
xs, zero := []int{1, 2}, 0
big := 1 << 62
`

// The texts are those that go run prints after "panic: ".
func TestPanicTexts(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(faultTypes)
	for _, test := range []struct{ code, want string }{
		{`panic(S("hola\nx"))`, "main.S(\"hola\n\tx\")"},
		{`panic(N(3))`, "main.N(3)"},
		{`panic(C(1+2i))`, "main.C(1+2i)"},
		{`panic(2+3i)`, "(2+3i)"},
		{`panic(1.5)`, "1.5"},
		{`panic(float32(0.1))`, "0.1"},
		{`panic(1e100)`, "1e+100"},
		{`panic('x')`, "120"},
		{`panic(true)`, "true"},
		{`panic(uint8(7))`, "7"},
		{`panic("x\ny")`, "x\n\ty"},
		{`panic(E{1})`, "E1\n\tnext"},
		{`panic(St{})`, "stringer"},
		{`panic(errors.New("boo"))`, "boo"},
		{`panic(T{1})`, "(main.T) {A:1}"},
		{`panic([]int{1})`, "([]int) [1]"},
		{`panic(nil)`, "panic called with nil argument"},
		{`panic(never())`, "panic called with nil argument"},
		{`m["a"] = 1`, "assignment to entry in nil map"},
		{`p.A = 1`, "runtime error: invalid memory address or nil pointer dereference"},
		{`_ = xs[len(xs)]`, "runtime error: index out of range [2] with length 2"},
		{`_ = xs[zero+2 : zero+1]`, "runtime error: slice bounds out of range [2:1]"},
		{`_ = 1 / zero`, "runtime error: integer divide by zero"},
		{`_ = make([]int, zero-1)`, "runtime error: makeslice: len out of range"},
		{`_ = make([]int, big)`, "runtime error: makeslice: len out of range"},
		{`_ = make(chan int, zero-1)`, "makechan: size out of range"},
		{`close(closed)`, "close of closed channel"},
		{`closed <- 1`, "send on closed channel"},
		{`var c chan int; close(c)`, "close of nil channel"},
		{`var x any = 1; _ = x.(string)`, "interface conversion: interface {} is int, not string"},
		{`var f func(); f()`, "runtime error: invalid memory address or nil pointer dereference"},
		{`var wg sync.WaitGroup; wg.Done()`, "sync: negative WaitGroup counter"},
		{`func() { defer func() { r := recover(); panic(r) }(); panic("x") }()`, "x [recovered, repanicked]"},
		{`func() { defer func() { recover(); panic("second") }(); panic("first") }()`, "first [recovered]\n\tpanic: second"},
		{`func() { defer func() { panic("second") }(); panic("first") }()`, "first\n\tpanic: second"},
		{`func() { defer func() { defer func() { panic("third") }(); panic("second") }(); panic("first") }()`, "first\n\tpanic: second\n\tpanic: third"},
		{`func() { defer func() { defer func() { panic(recover()) }(); panic("second") }(); panic("first") }()`, "first\n\tpanic: second [recovered, repanicked]"},
		{`func() { defer func() { panic(fmt.Sprint("wrapped: ", recover())) }(); p.A = 1 }()`,
			"runtime error: invalid memory address or nil pointer dereference [recovered]\n\tpanic: wrapped: runtime error: invalid memory address or nil pointer dereference"},
		{`func() { defer func() { defer func() { recover() }(); panic("second") }(); panic("first") }()`, "first"},
	} {
		if got := n.panics(test.code); got != test.want {
			t.Errorf("%s panics with %q, want %q", test.code, got, test.want)
		}
	}
}

// A panic in any goroutine that runs the notebook's code is the cell's.
func TestPanicsOfOtherGoroutines(t *testing.T) {
	for _, code := range []string{
		"go func() { panic(\"boo\") }(); select {}",
		"var wg sync.WaitGroup; wg.Go(func() { panic(\"boo\") }); wg.Wait(); println(\"no\")",
		"time.AfterFunc(time.Millisecond, func() { panic(\"boo\") }); select {}",
		"ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond); defer cancel(); context.AfterFunc(ctx, func() { panic(\"boo\") }); select {}",
		"ctx, cancel := context.WithCancel(context.Background()); context.AfterFunc(ctx, func() { panic(\"boo\") }); cancel(); select {}",
		"next, stop := iter.Pull(func(yield func(int) bool) { yield(1) }); next(); defer stop(); go func() { var m map[int]int; m[0]++; }(); select {}",
	} {
		t.Run(code, func(t *testing.T) {
			n := newNotebook(t, Options{})
			n.run("a := 1")
			r := n.start("func f() { panic(\"boo\") }\n" + code)
			p := await(t, r.panicked)
			if text := n.e.PanicText(p.g, p.value); text != "boo" && text != "assignment to entry in nil map" {
				t.Errorf("the panic is %q", text)
			}
			calls := n.e.Stack(p.g, p.value)
			if len(calls) == 0 || calls[0].Cell != 2 || calls[0].Line != 2 || !strings.Contains(calls[0].Name, "func") {
				t.Errorf("the stack is %+v", calls)
			}
			await(t, r.ended)
			n.run("println(a)")
			n.says("1")
		})
	}
}

// A panic that a compiled package recovers is none of the cell's.
func TestPanicsThatCompiledCodeRecovers(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(`
server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }))
server.Start()
_, err := http.Get(server.URL)
println(err != nil)
server.Close()
type P struct{}
func (P) String() string { panic("in String") }
println(fmt.Sprint(P{}))
func() {
	defer func() { println(recover().(string)) }()
	slices.SortFunc([]int{2, 1}, func(a, b int) int { panic("in compare") })
}()`)
	n.says("true")
	n.says("%!v(PANIC=String method: in String)")
	n.says("in compare")
}

func TestFatalErrorsAreTheCells(t *testing.T) {
	for code, want := range map[string]string{
		"var mu sync.Mutex; mu.Unlock()":                                      "fatal error: sync: unlock of unlocked mutex",
		"var mu sync.RWMutex; mu.Unlock()":                                    "fatal error: sync: Unlock of unlocked RWMutex",
		"var mu sync.RWMutex; mu.RUnlock()":                                   "fatal error: sync: RUnlock of unlocked RWMutex",
		"var mu sync.Mutex; var l sync.Locker = &mu; l.Unlock()":              "fatal error: sync: unlock of unlocked mutex",
		"func() { defer func() { recover() }(); new(sync.Mutex).Unlock() }()": "fatal error: sync: unlock of unlocked mutex",
	} {
		n := newNotebook(t, Options{})
		n.run("a := 1")
		var fatal *engine.Fatal
		if cause := n.fails(code); !errors.As(cause, &fatal) || cause.Error() != want {
			t.Errorf("%s was stopped by %v, want %s", code, cause, want)
		}
		n.run("println(a)")
		n.says("1")
	}
}

func TestGoexitEndsTheGoroutine(t *testing.T) {
	n := newNotebook(t, Options{})
	if cause := n.fails("defer println(\"deferred\")\nruntime.Goexit()"); cause != nil {
		t.Errorf("the cell was stopped by %v", cause)
	}
	n.says("deferred")
	n.run("c := make(chan int)\ngo func() { defer close(c); runtime.Goexit() }()\n<-c\nprintln(\"on\")")
	n.says("on")
}

// A session whose values pass its limit keeps them.
func TestMemoryLimit(t *testing.T) {
	for name, code := range map[string]string{
		"many slices": "for { kept = append(kept, make([]byte, 1<<20)) }",
		"strings":     "var ss []string\nfor { ss = append(ss, strings.Repeat(\"x\", 1<<14)+\"y\") }",
		"a map":       "m := map[int][1024]byte{}\nfor i := 0; ; i++ { m[i] = [1024]byte{} }",
		"one slice":   "kept = append(kept, make([]byte, 1<<40))",
		"elements":    "type big [1 << 20]byte\n_ = make([]big, 1<<16)",
		"goroutines":  "wg := sync.WaitGroup{}\nfor range 200 { wg.Go(func() { b := make([]byte, 20<<20); b[1] = 1; <-time.After(time.Minute); b[0] = 1 }) }\nwg.Wait()",
		"an array":    "x := new([1 << 33]byte)\nx[1] = 1",
		"a composite": "x := &[1 << 33]byte{5: 1}\nx[1] = 1",
		"a channel":   "c := make(chan [65535]byte, 1<<16)\nprintln(cap(c))",
		"a map hint":  "m := make(map[int]int, 1<<31)\nprintln(len(m))",
		"a list":      "type node struct { next *node; data [4096]byte }\nvar l *node\nfor { l = &node{next: l} }",
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotebook(t, Options{MemoryLimit: heap() + 256<<20})
			n.run("kept, a := [][]byte{}, 1")
			var full *engine.OutOfMemory
			if cause := n.fails(code); !errors.As(cause, &full) || full.Used <= full.Limit {
				t.Errorf("the cell was stopped by %v", cause)
			}
			n.run("kept = nil\nprintln(a)")
			n.says("1")
		})
	}
}
