//go:build linux

package main

import (
	"strconv"
	"strings"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// TestInterrupt interrupts cells that never end, each in a session that has a
// variable, a closure over it and a function. Each cell prints a line that
// starts with "ready", followed by the pids of children that must end too.
func TestInterrupt(t *testing.T) {
	for name, code := range map[string]string{
		"loop":             `fmt.Println("ready"); for {}`,
		"loop that counts": `fmt.Println("ready"); for i := 0; ; i++ { vueltas = i }`,
		"loop in a function": `
func gira() { for {} }
fmt.Println("ready")
gira()`,
		"loop in a literal":  `fmt.Println("ready"); func() { for {} }()`,
		"loop that recovers": "fmt.Println(\"ready\")\nfor { func() { defer func() { recover() }(); for {} }() }",
		"loop that labels": `
fmt.Println("ready")
fuera:
for { for { continue fuera } }`,
		"goto":           "fmt.Println(\"ready\")\notra:\nvueltas++\ngoto otra",
		"sleep":          `fmt.Println("ready"); time.Sleep(time.Hour)`,
		"timer":          `fmt.Println("ready"); <-time.After(time.Hour)`,
		"receive":        `fmt.Println("ready"); <-make(chan int)`,
		"send":           `fmt.Println("ready"); make(chan int) <- 1`,
		"select":         `fmt.Println("ready"); select {}`,
		"range":          `fmt.Println("ready"); for range make(chan int) {}`,
		"wait group":     `var wg sync.WaitGroup; wg.Add(1); fmt.Println("ready"); wg.Wait()`,
		"mutex":          `var mu sync.Mutex; mu.Lock(); fmt.Println("ready"); mu.Lock()`,
		"condition":      `c := sync.NewCond(&sync.Mutex{}); c.L.Lock(); fmt.Println("ready"); c.Wait()`,
		"compiled code":  `fmt.Println("ready"); io.ReadAll(lector)`,
		"deep recursion": "func baja(n int) int { if n == 0 { return 0 }; return 1 + baja(n-1) }\nfmt.Println(\"ready\")\nfor { baja(20000) }",
		"wide recursion": "func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }\nfmt.Println(\"ready\")\nfib(90)",
		"goroutines that loop": `
for range 500 { go func() { for {} }() }
fmt.Println("ready")
select {}`,
		"storm of goroutines": `
for i := 0; ; i++ {
	go func() { time.Sleep(time.Hour) }()
	if i == 1000 { fmt.Println("ready") }
}`,
		"join": `
func siesta() { fmt.Println("ready", os.Getpid()); time.Sleep(time.Hour) }
p := mp.NewProcess(siesta)
p.Start()
p.Join()`,
		"join of a child that loops": `
func gira() { fmt.Println("ready", os.Getpid()); for {} }
p := mp.NewProcess(gira)
p.Start()
p.Join()`,
		"join in a loop": `
func siesta() { fmt.Println("ready", os.Getpid()); time.Sleep(time.Hour) }
p := mp.NewProcess(siesta)
p.Start()
for { p.JoinTimeout(time.Millisecond) }`,
		"join of a child that waits": `
func espera() { var wg sync.WaitGroup; wg.Add(1); fmt.Println("ready", os.Getpid()); wg.Wait() }
p := mp.NewProcess(espera)
p.Start()
p.Join()`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := serve(t)
			k.ok(`
n, vueltas := 1, 0
sube := func() int { n++; return n }
func doble(x int) int { return 2 * x }
lector, escritor := io.Pipe()`)
			id, pids := k.begin(code)
			var children []*ending
			for _, word := range pids {
				pid, err := strconv.Atoi(word)
				if err != nil {
					t.Fatal(err)
				}
				children = append(children, watch(t, pid))
			}
			k.interrupt()
			k.fails(k.Finish(id), lang.Interrupted)
			k.prints("sube()\nfmt.Println(n, doble(n))", "2 4\n")
			k.prints("func() { defer fmt.Println(\"fin\"); for range 3 { n++ } }()\nfmt.Println(n)", "fin\n5\n")
			k.prints("fmt.Println(sube())", "6\n")
			for _, c := range children {
				c.await(t, "a child of the interrupted cell")
			}
			// What the cell started does not go on behind its back.
			k.ok("escritor.Close()\nfor runtime.NumGoroutine() > 50 { time.Sleep(time.Millisecond) }")
			if k.session() != k.group {
				t.Error("the session was replaced")
			}
		})
	}
}

func TestInterruptOfNothing(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("n := 1")
	k.interrupt()
	k.prints("fmt.Println(n)", "1\n")
}

// TestStoppedCellRunsNoFurtherStatement awaits that a goroutine which waited in
// compiled code meets the stop of its cell when that code returns.
func TestStoppedCellRunsNoFurtherStatement(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("var mu, soltado sync.Mutex\nmu.Lock()\nsoltado.Lock()\nn := 1")
	id, _ := k.begin(`
func() {
	defer soltado.Unlock()
	fmt.Println("ready")
	mu.Lock()
	n = 2
}()`)
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	k.prints("mu.Unlock()\nsoltado.Lock()\nfmt.Println(n)", "1\n")
}

// TestInterruptedCallReturns awaits that compiled code which went on in the background
// returns, and that its caller meets the stop then.
func TestInterruptedCallReturns(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("n, x, y := 1, new(big.Int).Lsh(big.NewInt(3), 2_000_000), new(big.Int)\nantes := runtime.NumGoroutine()")
	id, _ := k.begin(`
fmt.Println("ready")
defer func() { n++ }()
y.Exp(x, big.NewInt(20), nil)
n = 100`)
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	k.prints("for runtime.NumGoroutine() > antes { time.Sleep(time.Millisecond) }\nfmt.Println(n, y.Sign())", "2 1\n")
}

// TestInterruptOfStoppedSession interrupts a large cell on its way to a session that
// was stopped before, which reads nothing any more.
func TestInterruptOfStoppedSession(t *testing.T) {
	t.Parallel()
	k := serve(t)
	old := watch(t, k.group)
	stop(t, k.group)
	id := k.Code("n := 1 //"+strings.Repeat("largo", 1<<20), nil)
	k.Await("execute_input", func(r kerneltest.Received) bool {
		return r.ParentID() == id && r.Header.Type == wire.ExecuteInput
	})
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted, "its session was ended")
	k.Forget()
	k.group = k.session()
	old.await(t, "a session that was stopped")
}

// TestInterruptBeforeReader interrupts a cell that prints without end while a front
// end reads nothing of it. The session is kept.
func TestInterruptBeforeReader(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("n := 1")
	wedged := make(chan struct{})
	defer close(wedged)
	stalled := kerneltest.Connect(t, k.connection)
	stalled.Keep(func(r kerneltest.Received) bool {
		if r.Channel == kerneltest.IOPub {
			<-wedged
		}
		return false
	})
	id, _ := k.begin(`
fmt.Println("ready")
for linea := strings.Repeat("x", 100); ; { fmt.Println(linea) }`)
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	k.prints("fmt.Println(n)", "1\n")
	if k.session() != k.group {
		t.Error("the session was replaced")
	}
}
