package compiled

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"cuaderno/interp/check"
	"cuaderno/interp/engine"
	"cuaderno/interp/stdlib"
)

// A printing runs cells that say what they find with println.
type printing struct {
	checker *check.Session
	engine  *Engine
	count   int

	mu   sync.Mutex
	text strings.Builder
}

func newPrinting(t *testing.T) *printing {
	t.Helper()
	importer, err := stdlib.NewImporter()
	if err != nil {
		t.Fatal(err)
	}
	s := &printing{}
	if s.checker, err = check.New(importer, map[string]string{}); err != nil {
		t.Fatal(err)
	}
	s.engine, err = New(importer, s.checker.Fset, Options{Print: func(p []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.text.Write(p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a cell and returns what it printed, with how it ended.
func (s *printing) run(t *testing.T, src string) (printed string, cell *engine.Cell, value any) {
	t.Helper()
	s.count++
	u, err := s.checker.Check(s.count, src)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.engine.Load(s.count, u)
	if err != nil {
		t.Fatal(err)
	}
	u.Commit()
	cell = engine.NewCell(s.count, discard{}, func(*engine.Goroutine, any) {})
	ended := make(chan any, 1)
	cell.Run(p.Run, func(_ *engine.Goroutine, v any) { ended <- v })
	value = await(t, ended)
	s.mu.Lock()
	defer s.mu.Unlock()
	printed = s.text.String()
	s.text.Reset()
	return printed, cell, value
}

func TestCellsSeeTheirStack(t *testing.T) {
	for name, test := range map[string]struct{ src, want string }{
		"caller": {
			"import \"runtime\"\nfunc where() {\n\tpc, file, line, ok := runtime.Caller(1)\n\tprintln(runtime.FuncForPC(pc).Name(), file, line, ok)\n}\n\nfunc f() {\n\twhere()\n}\nf()",
			"main.f In [1] 8 true\n",
		},
		"line directive": {
			"import \"runtime\"\nfunc f() {\n\t_, file, line, _ := runtime.Caller(0)\n\tprintln(file, line)\n//line other.go:70\n\t_, file, line, _ = runtime.Caller(0)\n\tprintln(file, line)\n}\nf()",
			"In [1] 3\nother.go 70\n",
		},
		"names": {
			"import \"runtime\"\ntype T struct{}\nfunc name() { pc, _, _, _ := runtime.Caller(1); println(runtime.FuncForPC(pc).Name()) }\n" +
				"func (*T) p() { name() }\nfunc (T) v() { name() }\nfunc g[X any]() { name() }\n" +
				"func f() { func() { name(); func() { name() }() }() }\nnew(T).p()\nT{}.v()\ng[int]()\nf()",
			"main.(*T).p\nmain.T.v\nmain.g[...]\nmain.f.func1\nmain.f.func1.1\n",
		},
		"function values": {
			"import (\"reflect\"; \"runtime\")\nfunc f(int) {}\nfunc g(int) {}\n" +
				"for _, h := range []func(int){f, g} { println(runtime.FuncForPC(reflect.ValueOf(h).Pointer()).Name()) }",
			"main.f\nmain.g\n",
		},
		"what panicked": {
			"import \"runtime\"\nfunc f(p *int) {\n\t_ = *p\n}\nfunc g() {\n\tdefer func() {\n\t\trecover()\n\t\tpcs := make([]uintptr, 20)\n" +
				"\t\tframes := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])\n\t\tfor {\n\t\t\tf, more := frames.Next()\n\t\t\tprintln(f.Function)\n\t\t\tif !more { break }\n\t\t}\n\t}()\n\tf(nil)\n}\ng()",
			"main.g.func1\nruntime.gopanic\nruntime.panicmem\nruntime.sigpanic\nmain.f\nmain.g\n",
		},
		"text": {
			"import (\"runtime/debug\"; \"strings\")\nfunc f() {\n\ts := string(debug.Stack())\n\tprintln(strings.Contains(s, \"\\nmain.f()\\n\\tIn [1]:3 +0x\"), strings.Contains(s, \"compiled\"))\n}\nf()",
			"true false\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			printed, _, v := newPrinting(t).run(t, test.src)
			if v != nil || !strings.HasPrefix(printed, test.want) {
				t.Errorf("printed %q, want %q; ended with %v", printed, test.want, v)
			}
		})
	}
}

func TestCollectionsFindWhatNobodyReads(t *testing.T) {
	printed, _, v := newPrinting(t).run(t, `
import "runtime"
type object [8]int
func use(p *object) { p[0]++ }
func f() {
	ended := make(chan bool, 1)
	p := new(object)
	runtime.SetFinalizer(p, func(*object) { ended <- true })
	use(p)
	runtime.GC()
	select {
	case <-ended:
		println("too early")
	default:
	}
	use(p)
	runtime.GC()
	println(<-ended)
}
f()`)
	if printed != "true\n" || v != nil {
		t.Errorf("printed %q, ended with %v", printed, v)
	}
}

func TestRecursions(t *testing.T) {
	s := newPrinting(t)
	printed, _, v := s.run(t, "func depth(n int) int { if n == 0 { return 0 }; return depth(n-1) + 1 }\nprintln(depth(200_000))")
	if printed != "200000\n" || v != nil {
		t.Errorf("a deep recursion printed %q and ended with %v", printed, v)
	}
	for _, src := range []string{
		"func endless(n int) int { return endless(n+1) + 1 }\nendless(0)",
		"func deferred() { defer deferred() }\ndeferred()",
		"import \"fmt\"\ntype T struct{ n int }\nfunc (t T) String() string { return fmt.Sprint(t) }\nprintln(T{}.String())",
		"func guarded() { defer func() { recover() }(); guarded() }\nguarded()",
	} {
		_, cell, v := s.run(t, src)
		var overflow *engine.StackOverflow
		if _, exited := v.(engine.Goexit); !exited || !errors.As(cell.Cause(), &overflow) {
			t.Errorf("%s: ended with %v because of %v", src, v, cell.Cause())
		}
	}
}

func TestRecoverThroughReflection(t *testing.T) {
	printed, _, v := newPrinting(t).run(t, `
import "reflect"
type T struct{}
func (T) M() { println(recover() != nil) }
func value() { defer reflect.ValueOf(T{}).Method(0).Interface().(func())(); panic(1) }
func function() {
	f := reflect.MakeFunc(reflect.TypeOf(func() {}), func([]reflect.Value) []reflect.Value {
		println(recover() != nil)
		return nil
	})
	defer f.Interface().(func())()
	panic(2)
}
value()
function()
func() {
	defer println("deferred")
	defer func() { defer recover() }()
	panic(3)
}()`)
	if printed != "true\ntrue\ndeferred\n" || v != nil {
		t.Errorf("printed %q, ended with %v", printed, v)
	}
}
