package compiled

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"testing"
	"time"

	"cuaderno/interp/engine"
)

// waits are statements that wait for ever, for names that TestStop declares.
var waits = map[string]string{
	"mutex":           "mu.Lock()",
	"deferred unlock": "func() { mu2.Lock(); defer mu2.Unlock(); mu2.Lock() }()",
	"method value":    "lock := mu.Lock; lock()",
	"locker":          "var locker sync.Locker = &mu; locker.Lock()",
	"embedded":        "e.Lock()",
	"read lock":       "rw.RLock()",
	"write lock":      "rw.Lock()",
	"read locker":     "rw.RLocker().Lock()",
	"group":           "wg.Wait()",
	"condition":       "func() { cond.L.Lock(); defer cond.L.Unlock(); cond.Wait() }()",
	"once":            "once.Do(func() { select {} })",
	"once elsewhere":  "in := make(chan int); go once.Do(func() { close(in); select {} }); <-in; once.Do(func() {}); select {}",
	"sleep":           "time.Sleep(time.Hour)",
	"after":           "<-time.After(time.Hour)",
	"timer":           "<-time.NewTimer(time.Hour).C",
	"ticker":          "for range time.Tick(time.Hour) { }",
	"context":         "ctx, cancel := context.WithTimeout(context.Background(), time.Hour); defer cancel(); <-ctx.Done()",
	"pipe":            "io.ReadAll(reader)",
	"pipe read":       "reader.Read(make([]byte, 1))",
	"pipe as reader":  "var r io.Reader = reader; r.Read(make([]byte, 1))",
	"os pipe":         "r, w, _ := os.Pipe(); defer w.Close(); r.Read(make([]byte, 1))",
	"accept":          "l.Accept()",
	"net read":        "c, err := net.Dial(\"tcp\", l.Addr().String()); println(err == nil); c.Read(make([]byte, 1))",
	"command":         "exec.Command(\"sleep\", \"3600\").Run()",
	"request":         "http.Get(\"http://\" + l.Addr().String())",
	"server":          "http.ListenAndServe(\"127.0.0.1:0\", nil)",
	"defers":          "func() { defer func() { recover(); println(\"deferred\") }(); mu.Lock() }()",
	"goroutines":      "for range 100 { go func() { mu.Lock() }(); go func() { select {} }() }; wg.Wait()",
	"busy goroutines": "for range 100 { go func() { for { } }() }; wg.Wait()",
	"recursion":       "fib(90)",
	"busy recursions": "for range 100 { go fib(90) }; wg.Wait()",
	"group of one":    "wg.Go(func() { mu.Lock() }); wg.Wait()",
}

func TestStopEndsWaitsForObjects(t *testing.T) {
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			n := newNotebook(t, Options{})
			n.run(`
func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }
var mu, mu2 sync.Mutex
var e struct{ sync.Mutex }
var rw sync.RWMutex
var wg sync.WaitGroup
var once sync.Once
cond := sync.NewCond(new(sync.Mutex))
reader, writer := io.Pipe()
_ = writer
_ = os.Getpid
_ = exec.Command
_ = http.Get
_ = context.Background
l, err := net.Listen("tcp", "127.0.0.1:0")
if err != nil { panic(err) }
mu.Lock()
e.Lock()
rw.Lock()
wg.Add(1)
n := 1`)
			r := n.start("println(\"ready\")\n" + wait)
			n.says("ready")
			awaitWait(t, r)
			r.cell.Stop(context.Canceled)
			if e := await(t, r.ended); e.value != (engine.Goexit{}) {
				t.Errorf("the cell ended with %v", e.value)
			}
			n.run("mu.Unlock(); mu.Lock(); mu2.Lock(); rw.Unlock(); rw.Lock(); cond.L.Lock(); writer.Close(); l.Close(); n++")
		})
	}
}

// awaitWait awaits that the cell's first goroutine waits, or has run for a while.
func awaitWait(t *testing.T, r *running) {
	t.Helper()
	limit := time.After(100 * time.Millisecond)
	for {
		for _, w := range r.n.e.Waits() {
			if w.Main && w.Cell == r.cell.Count {
				return
			}
		}
		select {
		case <-limit:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// What an abandoned wait gets later, it gives back.
func TestAbandonedWaitsGiveBack(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run("var mu sync.Mutex; var rw sync.RWMutex; cond := sync.NewCond(&mu); mu.Lock(); rw.Lock(); said := false")
	for _, wait := range []string{"mu.Lock()", "rw.RLock()", "rw.Lock()"} {
		r := n.start(wait)
		awaitWait(t, r)
		r.cell.Stop(context.Canceled)
		await(t, r.ended)
	}
	n.run("mu.Unlock(); mu.Lock(); mu.Unlock(); rw.Unlock(); rw.Lock(); rw.Unlock(); rw.RLock(); rw.RUnlock()")
	r := n.start("mu.Lock(); defer mu.Unlock(); cond.Wait()")
	awaitWait(t, r)
	r.cell.Stop(context.Canceled)
	await(t, r.ended)
	// One signal must reach the one that still waits.
	n.run(`
woken := make(chan bool)
go func() { mu.Lock(); defer mu.Unlock(); for !said { cond.Wait() }; woken <- true }()
for range 100 { runtime.Gosched() }
mu.Lock()
said = true
mu.Unlock()
cond.Signal()
<-woken`)
}

func TestObjectsAreTheSameForCompiledCode(t *testing.T) {
	n := newNotebook(t, Options{})
	n.run(`
var mu sync.Mutex
var wg sync.WaitGroup
m, total := map[int]int{}, 0
for i := range 8 {
	wg.Go(func() {
		for range 1000 { mu.Lock(); m[i]++; total++; mu.Unlock() }
	})
}
wg.Wait()
println(total)
var rw sync.RWMutex
for range 4 {
	wg.Add(2)
	go func() { defer wg.Done(); for range 500 { rw.Lock(); total++; rw.Unlock() } }()
	go func() { defer wg.Done(); for range 500 { rw.RLock(); _ = total; rw.RUnlock() } }()
}
wg.Wait()
println(total)
var once sync.Once
for range 4 { wg.Go(func() { once.Do(func() { mu.Lock(); defer mu.Unlock(); total++ }) }) }
wg.Wait()
println(total)`)
	n.says("8000")
	n.says("10000")
	n.says("10001")
}

func TestDeadlocksAreFound(t *testing.T) {
	for code, want := range map[string]string{
		"c := make(chan int)\nc <- 1": "chan send",
		"\n<-make(chan int)":          "chan receive",
		"var c chan int\n<-c":         "chan receive (nil chan)",
		"\nselect {}":                 "select (no cases)",
		"c, d := make(chan int), make(chan int)\nselect { case <-c: case <-d: }":            "select",
		"var mu sync.Mutex; mu.Lock()\nmu.Lock()":                                           "sync.Mutex.Lock",
		"var mu sync.RWMutex; mu.Lock()\nmu.RLock()":                                        "sync.RWMutex.RLock",
		"var wg sync.WaitGroup; wg.Add(1); go func() { }()\nwg.Wait()":                      "sync.WaitGroup.Wait",
		"var wg sync.WaitGroup; wg.Go(func() { select {} })\nwg.Wait()":                     "sync.WaitGroup.Wait",
		"c := sync.NewCond(new(sync.Mutex)); c.L.Lock()\nc.Wait()":                          "sync.Cond.Wait",
		"c := make(chan int); go func() { c <- 1; <-make(chan int) }()\nfor range c { }":    "chan receive",
		"ctx, cancel := context.WithCancel(context.Background()); _ = cancel\n<-ctx.Done()": "chan receive",
		"time.AfterFunc(time.Millisecond, func() { })\nselect {}":                           "select (no cases)",
		"func() { defer func() { recover() }(); var c chan int; close(c) }()\nselect {}":    "select (no cases)",
	} {
		t.Run(code, func(t *testing.T) {
			n := newNotebook(t, Options{})
			n.run("a, b := 1, make(chan int)\ngo func() { <-b }()\nprintln(a)")
			n.says("1")
			r := n.start(code)
			await(t, r.ended)
			var dead *engine.Deadlock
			if !errors.As(r.cell.Cause(), &dead) {
				t.Fatalf("the cell was stopped by %v", r.cell.Cause())
			}
			for _, w := range dead.Waits {
				if w.Main {
					if w.State != want || len(w.Calls) != 1 || w.Calls[0].Line != 2 || w.Calls[0].Cell != 2 {
						t.Errorf("the cell waits: %+v; want %q in line 2", w, want)
					}
				}
			}
			n.run("println(a)")
			n.says("1")
		})
	}
}

// Cells that look dead and are not, each of which says "alive" in the end.
func TestNoFalseDeadlocks(t *testing.T) {
	const pause = 4 * watchInterval
	// The goroutine that os/signal starts at its first use is to belong to no cell.
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	signal.Stop(c)
	for _, code := range []string{
		"time.Sleep(pause)",
		"<-time.After(pause)",
		"c := make(chan int); time.AfterFunc(pause, func() { c <- 1 }); <-c",
		"c := make(chan int); t := time.AfterFunc(time.Hour, func() { c <- 1 }); t.Stop(); t.Reset(pause); <-c",
		"ctx, cancel := context.WithTimeout(context.Background(), pause); defer cancel(); <-ctx.Done()",
		"c := make(chan int); go func() { time.Sleep(pause); c <- 1 }(); <-c",
		"var mu sync.Mutex; mu.Lock(); time.AfterFunc(pause, mu.Unlock); mu.Lock()",
		"var wg sync.WaitGroup; wg.Go(func() { time.Sleep(pause) }); wg.Wait()",
		"c := make(chan int); ctx, cancel := context.WithTimeout(context.Background(), pause); defer cancel(); context.AfterFunc(ctx, func() { c <- 1 }); <-c",
		"r, w := io.Pipe(); c := make(chan int); go func() { r.Read(make([]byte, 1)); c <- 1 }(); time.AfterFunc(pause, func() { w.Write([]byte{1}) }); <-c",
		"c := make(chan int); go func() { exec.Command(\"sleep\", \"0.4\").Run(); c <- 1 }(); <-c",
		"c := make(chan int); go func() { for start := time.Now(); time.Since(start) < pause; { }; c <- 1 }(); <-c",
		"c := make(chan os.Signal, 1); signal.Notify(c, os.Interrupt); time.AfterFunc(pause, func() { signal.Stop(c); c <- os.Interrupt }); <-c",
	} {
		t.Run(code, func(t *testing.T) {
			n := newNotebook(t, Options{})
			n.run("const pause = " + strings.ReplaceAll(pause.String(), "ms", " * time.Millisecond") + "\n" + code + "\nprintln(\"alive\")")
			n.says("alive")
		})
	}
}

func TestWaitsAreListed(t *testing.T) {
	n := newNotebook(t, Options{})
	r := n.start("var mu sync.Mutex\nmu.Lock()\ngo func() {\n\tmu.Lock()\n}()\ntime.Sleep(time.Hour)")
	for listed := false; !listed; {
		waits := n.e.Waits()
		listed = len(waits) == 2 && waits[0].State == "sleep" && waits[0].Calls[0].Line == 6 &&
			waits[1].State == "sync.Mutex.Lock" && waits[1].Calls[0].Line == 4
		if !listed {
			select {
			case e := <-r.ended:
				t.Fatalf("the cell ended with %v", e.value)
			case <-time.After(time.Millisecond):
			}
		}
	}
	r.cell.Stop(context.Canceled)
	await(t, r.ended)
}
