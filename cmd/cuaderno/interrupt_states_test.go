//go:build linux

package main

import (
	"fmt"
	"strings"
)

// A busyState is something that a cell can be at when an interrupt comes.
type busyState struct {
	name   string
	before string // a cell that declares what is used
	code   string // what the interrupted cell does after it has printed "ready"
	// ready is what the cell prints when it has got there, "ready" if empty.
	ready string
	// bare says that code is the whole cell, which may print nothing.
	bare  bool
	stdin bool // the front end answers questions, but not this one
	// stops is set where the process of the session is stopped as well.
	stops bool
	says  []string // what the traceback has to say
	// lost says that the session is replaced.
	lost  bool
	after string // a cell that shows that what was used is as good as before
	want  string // what that prints
}

// goesOn is what the error says of compiled code that cannot be stopped.
const goesOn = "goes on in the background"

var busyStates = []busyState{
	{name: "tight loop", code: `for {}`, says: []string{"for {}"}},
	{name: "loop that counts", code: `for i := 0; ; i++ { vueltas = i }`},
	{name: "loop of calls", code: `for { sube(); vueltas += doble(n); n = 1 }`},
	{name: "loop with goto", code: "otra:\nvueltas++\ngoto otra"},
	{name: "loop that recovers", code: `for { func() { defer func() { recover() }(); for {} }() }`},
	{name: "loop that panics and recovers", code: `for { func() { defer func() { recover() }(); panic("otra vez") }() }`},
	{name: "deep recursion", before: `func baja(n int) int { if n == 0 { return 0 }; return 1 + baja(n-1) }`, code: `for { baja(20000) }`},
	{name: "wide recursion", before: `func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }`, code: `fib(90)`},
	{name: "maps and slices", code: `m := map[int][]int{}; for { for i := range 1000 { m[i] = append(m[i][:0], make([]int, 10)...) } }`},
	{name: "much garbage", code: "type nodo struct{ sig *nodo; v [10]int }\nvar lista *nodo\nfor i := 0; ; i++ { lista = &nodo{sig: lista}; if i%100000 == 0 { lista = nil } }"},
	{name: "memory that grows", code: `var trozos [][]byte; for { trozos = append(trozos, make([]byte, 1<<16)); time.Sleep(10 * time.Microsecond) }`},

	{name: "channel receive", code: `<-make(chan int)`},
	{name: "channel send", code: `make(chan int) <- 1`},
	{name: "range over a channel", code: `for range make(chan int) {}`},
	{name: "nil channel", code: `var nada chan int; <-nada`},
	{name: "select without cases", code: `select {}`},
	{name: "select", code: `select { case <-make(chan int): case make(chan string) <- "": }`},
	{name: "select in a loop", code: "c := make(chan int)\nfor { select { case <-c: default: } }"},
	{name: "sync.Mutex", code: "var mu sync.Mutex\nmu.Lock()\nmu.Lock()", after: `mu.Unlock(); fmt.Println(mu.TryLock())`, want: "true\n"},
	{name: "sync.RWMutex, reader", code: "var rw sync.RWMutex\nrw.Lock()\nrw.RLock()", after: `rw.Unlock(); rw.Lock(); fmt.Println("bien")`, want: "bien\n"},
	{name: "sync.RWMutex, writer", code: "var rw sync.RWMutex\nrw.RLock()\nrw.Lock()", after: `rw.RUnlock(); rw.RLock(); fmt.Println("bien")`, want: "bien\n"},
	{name: "sync.WaitGroup", code: "var wg sync.WaitGroup\nwg.Add(1)\nwg.Wait()", after: `wg.Done(); wg.Wait(); fmt.Println("bien")`, want: "bien\n"},
	{name: "sync.Cond", code: "c := sync.NewCond(&sync.Mutex{})\nfunc() { c.L.Lock(); defer c.L.Unlock(); c.Wait() }()", after: `c.L.Lock(); c.L.Unlock(); fmt.Println("bien")`, want: "bien\n"},
	{name: "sync.Once", code: "var once sync.Once\nonce.Do(func() { select {} })", after: `once.Do(nil); fmt.Println("bien")`, want: "bien\n"},
	{name: "time.Sleep", code: `time.Sleep(time.Hour)`},
	{name: "time.After", code: `<-time.After(time.Hour)`},
	{name: "time.Ticker", code: `for range time.NewTicker(time.Millisecond).C { vueltas++ }`},
	{name: "context", code: "ctx, cancela := context.WithTimeout(context.Background(), time.Hour)\ndefer cancela()\n<-ctx.Done()"},
	{name: "goroutines of the cell", code: `for range 8 { go func() { for { vueltas++; runtime.Gosched() } }() }; for {}`},

	{name: "Process.Join", before: `func duerme() { time.Sleep(time.Hour) }`, code: "p := mp.NewProcess(duerme)\np.Start()\np.Join()", after: `fmt.Println(p.JoinTimeout(30 * time.Second))`, want: "true\n"},
	{name: "Join of a child that loops", before: `func gira() { for {} }`, code: "p := mp.NewProcess(gira)\np.Start()\np.Join()", after: `fmt.Println(p.JoinTimeout(30 * time.Second))`, want: "true\n"},
	{name: "Queue.Get", code: "q := mp.NewQueue()\nq.Get()", after: `q.Put(1); fmt.Println(q.Get())`, want: "1 <nil>\n"},
	{name: "Conn.Recv", code: "a, b := mp.NewPipe()\na.Recv()", after: `b.Send(1); fmt.Println(a.Recv())`, want: "1 <nil>\n"},
	{name: "mp.Lock", code: "l := mp.NewLock()\nl.Lock()\nl.Lock()", after: `fmt.Println(l.Unlock(), l.Lock())`, want: "<nil> <nil>\n"},
	{name: "Semaphore.Acquire", code: "s := mp.NewSemaphore(0)\ns.Acquire()", after: `fmt.Println(s.Release(), s.Acquire())`, want: "<nil> <nil>\n"},
	{name: "Condition.Wait", code: "c := mp.NewCondition()\nfunc() { c.Lock(); defer c.Unlock(); c.Wait() }()", after: `fmt.Println(c.Lock(), c.Unlock())`, want: "<nil> <nil>\n"},
	{name: "Event.Wait", code: "e := mp.NewEvent()\ne.Wait()", after: `e.Set(); fmt.Println(e.Wait())`, want: "<nil>\n"},
	{name: "Barrier.Wait", code: "z := mp.NewBarrier(2)\nz.Wait()", after: `fmt.Println(z.Reset(), z.NWaiting())`, want: "<nil> 0\n"},
	{name: "Value.Update", before: `v := mp.NewValue(1)`, code: `v.Update(func(n int) int { for {}; return n })`, after: `fmt.Println(v.Add(1))`, want: "2\n"},
	{name: "Map of a pool", before: "func lento(n int) int { time.Sleep(time.Hour); return n }\npool := mp.NewPool(2)", code: `mp.Map(pool, lento, []int{1, 2, 3})`, after: `fmt.Println(pool.Terminate(), pool.Join())`, want: "<nil> <nil>\n"},
	{name: "call of a manager", before: "m := mp.NewManager()\nmq := m.Queue()", code: `mq.Get()`, after: `mq.Put(1); fmt.Println(mq.Get())`, want: "1 <nil>\n"},

	{name: "fmt.Scan", code: "var x int\nfmt.Scan(&x)", stdin: true},
	{name: "bufio.Scanner of os.Stdin", code: "s := bufio.NewScanner(os.Stdin)\nfor s.Scan() {}", stdin: true},

	{name: "sort.Slice of ten million, with our less", before: "grande := make([]int, 10_000_000)\nfor i := range grande { grande[i] = i * 7919 % 10_000_019 }", code: `sort.Slice(grande, func(i, j int) bool { return grande[i] < grande[j] })`},
	{name: "slices.Sort of ten million", before: "grande := make([]int, 10_000_000)\nfor i := range grande { grande[i] = i * 7919 % 10_000_019 }", code: `slices.Sort(grande)`},
	{name: "sort.Float64s of ten million", before: "grande := make([]float64, 10_000_000)\nfor i := range grande { grande[i] = float64(i * 7919 % 10_000_019) }", code: "sort.Float64s(grande)\nvueltas = -1"},
	{name: "regexp over a long text", before: "texto := strings.Repeat(\"a\", 4_000_000)\nbusca := regexp.MustCompile(`(a*)*(a*)*(a|b)*c`)", code: "busca.MatchString(texto)\nvueltas = -1", says: []string{goesOn, "regexp.(*Regexp).MatchString"}},
	{name: "math/big", before: "x := new(big.Int).Lsh(big.NewInt(3), 2_000_000)\ny := new(big.Int)", code: "y.Exp(x, big.NewInt(200), nil)\nvueltas = -1", says: []string{goesOn, "math/big.(*Int).Exp"}},
	{name: "crypto/sha256 in a loop", before: `bloque := make([]byte, 1<<20)`, code: `for { sha256.Sum256(bloque) }`},
	{name: "json of a huge value", before: "enorme := make([]any, 1_000_000)\nfor i := range enorme { enorme[i] = map[string]any{\"a\": i, \"b\": \"texto\"} }", code: "json.Marshal(enorme)\nvueltas = -1", says: []string{goesOn, "encoding/json.Marshal"}},
	{name: "network read", before: "puerta, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")\nconn, _ := net.Dial(\"tcp\", puerta.Addr().String())", code: `conn.Read(make([]byte, 1))`, after: `fmt.Println(conn.Close(), puerta.Close())`, want: "<nil> <nil>\n"},
	{name: "bufio.Reader of a connection", before: "puerta, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")\nconn, _ := net.Dial(\"tcp\", puerta.Addr().String())\nlee := bufio.NewReader(conn)", code: `lee.ReadString('\n')`, says: []string{goesOn, "bufio.(*Reader).ReadString"}},
	{name: "network accept", before: `puerta, _ := net.Listen("tcp", "127.0.0.1:0")`, code: `puerta.Accept()`, after: `fmt.Println(puerta.Close())`, want: "<nil>\n"},
	{name: "network dial", before: `dir := "127.0.0.1:0"`, code: "l, _ := net.Listen(\"tcp\", dir)\nfor { c, err := net.Dial(\"tcp\", l.Addr().String()); if err != nil { time.Sleep(time.Millisecond) } else { c.Close() } }"},
	{name: "http.Get", before: `puerta, _ := net.Listen("tcp", "127.0.0.1:0")`, code: `http.Get("http://" + puerta.Addr().String())`, after: `fmt.Println(puerta.Close())`, want: "<nil>\n"},
	{name: "read of a pipe", before: `r, w, _ := os.Pipe()`, code: `r.Read(make([]byte, 1))`, after: `w.Write([]byte("x")); fmt.Println(r.Read(make([]byte, 1)))`, want: "1 <nil>\n"},
	{name: "open of a fifo", before: "dir, _ := os.MkdirTemp(\"\", \"f\")\nfifo := filepath.Join(dir, \"fifo\")\nexec.Command(\"mkfifo\", fifo).Run()", code: "os.Open(fifo)\nvueltas = -1", says: []string{goesOn, "os.Open"}, after: `fmt.Println(os.RemoveAll(dir))`, want: "<nil>\n"},
	{name: "io.ReadAll of a pipe", before: `lector, escritor := io.Pipe()`, code: `io.ReadAll(lector)`, after: `fmt.Println(escritor.Close())`, want: "<nil>\n"},
	{name: "wait for a program", code: "orden := exec.Command(\"sleep\", \"3600\")\norden.Run()", after: `fmt.Println(orden.Process != nil)`, want: "true\n"},

	{name: "100 000 goroutines that loop", code: "salida := make(chan bool)\nfor range 100_000 { go func() { <-salida; for {} }() }\nclose(salida)\nfmt.Println(\"todas\")\nfor {}", ready: "todas"},
	{name: "100 000 goroutines that wait", code: "c := make(chan int)\nfor range 100_000 { go func() { <-c }() }\nfmt.Println(\"todas\")\nselect {}", ready: "todas"},
	{name: "goroutines without end", code: `for { go func() { time.Sleep(time.Hour) }() }`},
	{name: "goroutines that start goroutines", before: `func sigue(n int) { if n > 0 { go sigue(n-1); go sigue(n-1) }; for i := 0; i < 1000; i++ {} }`, code: `for { go sigue(12); time.Sleep(time.Millisecond) }`},
	{name: "1000 goroutines that sleep for an instant", code: `for range 1000 { go func() { for { time.Sleep(time.Microsecond) } }() }; select {}`},
	{name: "1000 goroutines with tickers", code: `for range 1000 { go func() { for range time.Tick(time.Millisecond) {} }() }; select {}`},
	{name: "1000 goroutines that talk", code: "c := make(chan int)\nfor range 1000 { go func() { for { select { case c <- 1: case <-c: } } }() }; select {}"},
	{name: "prints in a loop", code: `for i := 0; ; i++ { fmt.Println("línea", i) }`},
	{name: "eight goroutines that print", code: "for range 8 { go func() { for i := 0; ; i++ { fmt.Println(\"línea\", i) } }() }\nselect {}"},
	{name: "displays in a loop", code: `for i := 0; ; i++ { display.Show(i) }`},

	{name: "cell that is compiled", bare: true, code: hugeCell},
	{name: "process stopped by SIGSTOP", code: `for {}`, stops: true, lost: true},
}

// hugeCell takes some seconds to compile.
var hugeCell = func() string {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "func f%d(a, b int) (int, error) { if a > b { return 0, fmt.Errorf(\"%%d\", a) }; for i := range a { b += i }; return a*b, nil }\n", i)
	}
	return b.String()
}()
