//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
)

// A waitingCall is a call of mp that waits until it is interrupted.
type waitingCall struct {
	before string // a cell that declares what the call uses
	call   string // what the interrupted cell does
	after  string // a cell that shows that the object is as good as before
	want   string // what that prints
	vars   string // the variables declared, which are forgotten in the end
}

// waitingCalls are all calls of mp that wait, but for twins with a limit and for
// Queue.JoinThread, which has nothing to wait for: the buffer of a queue is left to
// whoever gets next.
var waitingCalls = map[string]waitingCall{
	"Process.Join": {
		call:  "proceso = mp.NewProcess(duerme)\nproceso.Start()\nproceso.Join()",
		after: `fmt.Println(proceso.JoinTimeout(limite), proceso.IsAlive())`, want: "true false\n",
	},
	"Process.Sentinel": {
		call:  "proceso = mp.NewProcess(duerme)\nproceso.Start()\n<-proceso.Sentinel()",
		after: `fmt.Println(proceso.JoinTimeout(limite), proceso.IsAlive())`, want: "true false\n",
	},
	"Conn.Recv": {
		before: `a, b := mp.NewPipe()`, call: `a.Recv()`,
		after: `b.Send("x"); fmt.Println(a.Recv())`, want: "x <nil>\n", vars: "a, b",
	},
	"Conn.RecvBytes": {
		before: `a, b := mp.NewPipe()`, call: `a.RecvBytes()`,
		after: `b.Send("x"); fmt.Println(a.Recv())`, want: "x <nil>\n", vars: "a, b",
	},
	"Recv": {
		before: `a, b := mp.NewPipe()`, call: `mp.Recv[string](a)`,
		after: `b.Send("x"); fmt.Println(mp.Recv[string](a))`, want: "x <nil>\n", vars: "a, b",
	},
	"Conn.Poll": {
		before: `a, b := mp.NewPipe()`, call: `a.Poll(-1)`,
		after: `b.Send("x"); fmt.Println(a.Poll(limite))`, want: "true\n", vars: "a, b",
	},
	"Conn.Send": {
		before: `a, b := mp.NewPipe()`, call: `for { b.Send(make([]byte, 1000)) }`,
		after: `v, err := a.RecvBytes(); fmt.Println(len(v), err)`, want: "1000 <nil>\n", vars: "a, b",
	},
	"Queue.Get": {
		before: `q := mp.NewQueue()`, call: `q.Get()`,
		after: `q.Put(1); fmt.Println(q.GetTimeout(limite))`, want: "1 <nil>\n", vars: "q",
	},
	"Get": {
		before: `q := mp.NewQueue()`, call: `mp.Get[int](q)`,
		after: `q.Put(1); fmt.Println(mp.Get[int](q))`, want: "1 <nil>\n", vars: "q",
	},
	"Queue.Put": {
		before: "q := mp.NewQueue(1)\nq.Put(1)", call: `q.Put(2)`,
		after: `fmt.Println(q.Get()); fmt.Println(q.TryPut(3)); fmt.Println(q.Get())`, want: "1 <nil>\n<nil>\n3 <nil>\n", vars: "q",
	},
	"JoinableQueue.Join": {
		before: "q := mp.NewJoinableQueue()\nq.Put(1)", call: `q.Join()`,
		after: `fmt.Println(q.Get()); fmt.Println(q.TaskDone(), q.Join())`, want: "1 <nil>\n<nil> <nil>\n", vars: "q",
	},
	"SimpleQueue.Get": {
		before: `q := mp.NewSimpleQueue()`, call: `q.Get()`,
		after: `q.Put(1); fmt.Println(q.Get())`, want: "1 <nil>\n", vars: "q",
	},
	"SimpleQueue.Put": {
		before: `q := mp.NewSimpleQueue()`, call: `for { q.Put("texto") }`,
		after: `fmt.Println(q.Get())`, want: "texto <nil>\n", vars: "q",
	},
	"Wait": {
		before: `a, b := mp.NewPipe()`, call: `mp.Wait(-1, a)`,
		after: `b.Send("x"); fmt.Println(len(mp.Wait(limite, a)))`, want: "1\n", vars: "a, b",
	},
	"OSPipe": {
		before: `r, w, _ := mp.OSPipe()`, call: `r.Read(make([]byte, 1))`,
		after: `w.Close(); fmt.Println(r.Close())`, want: "<nil>\n", vars: "r, w",
	},
	"Lock.Lock": {
		before: "l := mp.NewLock()\nl.Lock()", call: `l.Lock()`,
		after: `fmt.Println(l.Unlock(), l.Lock(), l.Unlock())`, want: "<nil> <nil> <nil>\n", vars: "l",
	},
	"RLock.Lock": {
		before: "l := mp.NewRLock()\naparte(func() { l.Lock() })", call: `l.Lock()`,
		after: `fmt.Println(l.Unlock(), l.Lock(), l.Unlock())`, want: "<nil> <nil> <nil>\n", vars: "l",
	},
	"Semaphore.Acquire": {
		before: `s := mp.NewSemaphore(0)`, call: `s.Acquire()`,
		after: `fmt.Println(s.Release(), s.Acquire(), s.Value())`, want: "<nil> <nil> 0\n", vars: "s",
	},
	"BoundedSemaphore.Acquire": {
		before: "s := mp.NewBoundedSemaphore(1)\ns.Acquire()", call: `s.Acquire()`,
		after: `fmt.Println(s.Release(), s.Acquire(), s.Value())`, want: "<nil> <nil> 0\n", vars: "s",
	},
	"Condition.Lock": {
		before: "c := mp.NewCondition(mp.NewLock())\nc.Lock()", call: `c.Lock()`,
		after: `fmt.Println(c.Unlock(), c.Lock(), c.Unlock())`, want: "<nil> <nil> <nil>\n", vars: "c",
	},
	"Condition.Wait": {
		before: `c := mp.NewCondition()`, call: `c.Lock(); defer c.Unlock(); c.Wait()`,
		after: `fmt.Println(c.Lock(), c.NotifyAll(), c.Unlock())`, want: "<nil> <nil> <nil>\n", vars: "c",
	},
	"Condition.WaitFor": {
		before: `c := mp.NewCondition()`, call: `c.Lock(); defer c.Unlock(); c.WaitFor(func() bool { return false })`,
		after: `fmt.Println(c.Lock(), c.NotifyAll(), c.Unlock())`, want: "<nil> <nil> <nil>\n", vars: "c",
	},
	"Event.Wait": {
		before: `e := mp.NewEvent()`, call: `e.Wait()`,
		after: `e.Set(); fmt.Println(e.Wait())`, want: "<nil>\n", vars: "e",
	},
	"Barrier.Wait": {
		before: `z := mp.NewBarrier(2)`, call: `z.Wait()`,
		after: "_, err := z.Wait()\nfmt.Println(z.Broken(), errors.Is(err, mp.ErrBrokenBarrier), z.Reset(), z.NWaiting())", want: "true true <nil> 0\n", vars: "z",
	},
	"Value.Lock": {
		before: "v := mp.NewValue(1)\naparte(func() { v.Lock() })", call: `v.Lock()`,
		after: `fmt.Println(v.Unlock(), v.Add(1))`, want: "<nil> 2\n", vars: "v",
	},
	"Value.Add": {
		before: "v := mp.NewValue(1)\naparte(func() { v.Lock() })", call: `v.Add(1)`,
		after: `fmt.Println(v.Unlock(), v.Add(1))`, want: "<nil> 2\n", vars: "v",
	},
	"Value.Update": {
		before: "v := mp.NewValue(1)\naparte(func() { v.Lock() })", call: `v.Update(func(n int) int { return 10 * n })`,
		after: `fmt.Println(v.Unlock(), v.Add(1))`, want: "<nil> 2\n", vars: "v",
	},
	"Array.Lock": {
		before: "x := mp.NewArrayOf(1, 2)\naparte(func() { x.Lock() })", call: `x.Lock()`,
		after: `fmt.Println(x.Unlock(), x.Add(1, 1))`, want: "<nil> 3\n", vars: "x",
	},
	"Array.Slice": {
		before: "x := mp.NewArrayOf(1, 2)\naparte(func() { x.Lock() })", call: `x.Slice()`,
		after: `fmt.Println(x.Unlock(), x.Slice())`, want: "<nil> [1 2]\n", vars: "x",
	},
	"Map": {
		before: `pool := mp.NewPool(2)`, call: `mp.Map(pool, lento, []int{1, 2, 3})`,
		after: `fmt.Println(mp.Map(pool, doble, []int{1, 2, 3})); pool.Terminate(); fmt.Println(pool.Join())`,
		want:  "[2 4 6] <nil>\n<nil>\n", vars: "pool",
	},
	"Pool.Map": {
		before: `pool := mp.NewPool(2)`, call: `pool.Map(lento, []int{1, 2, 3})`,
		after: `fmt.Println(pool.Map(doble, []int{1, 2, 3})); pool.Close(); fmt.Println(pool.Join())`,
		want:  "[2 4 6] <nil>\n<nil>\n", vars: "pool",
	},
	"Pool.Apply": {
		before: `pool := mp.NewPool(2)`, call: `pool.Apply(lento, 1)`,
		after: `fmt.Println(pool.Apply(doble, 1)); pool.Close(); fmt.Println(pool.Join())`,
		want:  "2 <nil>\n<nil>\n", vars: "pool",
	},
	"Imap": {
		before: `pool := mp.NewPool(2)`, call: `for range mp.Imap(pool, lento, []int{1, 2, 3}) {}`,
		after: `fmt.Println(pool.Apply(doble, 1)); pool.Close(); fmt.Println(pool.Join())`,
		want:  "2 <nil>\n<nil>\n", vars: "pool",
	},
	"AsyncResult.Get": {
		before: "pool := mp.NewPool(2)\nr := pool.ApplyAsync(lento, 1)", call: `r.Get()`,
		after: `fmt.Println(r.Ready(), pool.Terminate(), pool.Join())`, want: "false <nil> <nil>\n", vars: "pool, r",
	},
	"AsyncResult.Wait": {
		before: "pool := mp.NewPool(2)\nr := pool.ApplyAsync(lento, 1)", call: `r.Wait(time.Hour)`,
		after: `fmt.Println(r.Ready(), pool.Terminate(), pool.Join())`, want: "false <nil> <nil>\n", vars: "pool, r",
	},
	"Future.Get": {
		before: "pool := mp.NewPool(2)\nr := mp.MapAsync(pool, lento, []int{1})", call: `r.Get()`,
		after: `fmt.Println(r.Ready(), pool.Terminate(), pool.Join())`, want: "false <nil> <nil>\n", vars: "pool, r",
	},
	"Pool.Join": {
		before: "pool := mp.NewPool(2)\npool.ApplyAsync(lento, 1)\npool.Close()", call: `pool.Join()`,
		after: `fmt.Println(pool.Terminate(), pool.Join())`, want: "<nil> <nil>\n", vars: "pool",
	},
	"manager's Queue.Get": {
		before: "m := mp.NewManager()\nq := m.Queue()", call: `q.Get()`,
		after: `q.Put(1); fmt.Println(q.Get()); fmt.Println(m.Shutdown())`, want: "1 <nil>\n<nil>\n", vars: "m, q",
	},
	"manager's Event.Wait": {
		before: "m := mp.NewManager()\ne := m.Event()", call: `e.Wait()`,
		after: `e.Set(); fmt.Println(e.Wait()); fmt.Println(m.Shutdown())`, want: "<nil>\n<nil>\n", vars: "m, e",
	},
	"manager's Lock.Lock": {
		before: "m := mp.NewManager()\nl := m.Lock()\nl.Lock()", call: `l.Lock()`,
		after: `fmt.Println(l.Unlock(), l.Lock(), l.Unlock(), m.Shutdown())`, want: "<nil> <nil> <nil> <nil>\n", vars: "m, l",
	},
	"Listener.Accept": {
		before: `puerta, _ := mp.Listen("tcp", "127.0.0.1:0", []byte("clave"))`, call: `puerta.Accept()`,
		after: `
acepta := make(chan error)
go func() { _, err := puerta.Accept(); acepta <- err }()
_, err := mp.Dial("tcp", puerta.Addr(), []byte("clave"))
fmt.Println(err, <-acepta, puerta.Close())`, want: "<nil> <nil> <nil>\n", vars: "puerta",
	},
	"Dial": { // where nobody ever answers
		before: `puerta, _ := net.Listen("tcp", "127.0.0.1:0")`, call: `mp.Dial("tcp", puerta.Addr().String(), []byte("clave"))`,
		after: `fmt.Println(puerta.Close())`, want: "<nil>\n", vars: "puerta",
	},
	"ServeManager": {
		call:  `mp.ServeManager(context.Background(), "tcp", "127.0.0.1:0", []byte("clave"))`,
		after: `fmt.Println("sigue")`, want: "sigue\n",
	},
}

// TestFaultInterruptedCalls interrupts each call of mp that waits. The cell ends
// with one error, the object can still be used, and nothing is left over.
func TestFaultInterruptedCalls(t *testing.T) {
	k := serve(t)
	k.ok(`
import "net"
const limite = 30 * time.Second
var proceso *mp.Process
func duerme() { time.Sleep(time.Hour) }
func lento(n int) int { time.Sleep(time.Hour); return n }
func doble(n int) int { return 2 * n }
func aparte(f func()) {
	hecho := make(chan bool)
	go func() { f(); hecho <- true }()
	<-hecho
}`)
	before := k.settle()
	random := moments(t)
	for name, c := range waitingCalls {
		t.Run(name, func(t *testing.T) {
			k := k.in(t)
			if c.before != "" {
				k.ok(c.before)
			}
			id, _ := k.begin("fmt.Println(\"ready\")\nfunc() {\n" + c.call + "\n}()")
			random.pass(20) // the call waits by now, or begins
			k.interrupt()
			k.fails(k.Finish(id), lang.Interrupted)
			k.prints(c.after, c.want)
			k.forget(c.vars)
		})
	}
	if k.session() != k.group {
		t.Error("the session was replaced")
	}
	k.awaitNoMore(before)
}

// TestFaultInterruptedStart interrupts cells while they start a child, which must
// end too, whether it has begun or not.
func TestFaultInterruptedStart(t *testing.T) {
	k := serve(t)
	k.ok("func duerme() { time.Sleep(time.Hour) }")
	before := k.settle()
	random := moments(t)
	for range 20 {
		id, _ := k.begin(`
fmt.Println("ready")
p := mp.NewProcess(duerme)
p.Start()
p.Join()`)
		random.pass(6)
		k.interrupt()
		k.fails(k.Finish(id), lang.Interrupted)
		k.prints(`for _, hijo := range mp.ActiveChildren() { if !hijo.JoinTimeout(30*time.Second) { fmt.Println("vive", hijo) } }`, "")
		if t.Failed() {
			return
		}
	}
	k.awaitNoMore(before)
}

// TestFaultInterruptedProgram interrupts a program that waits for an item, as a
// terminal does, and checks that its child ends too.
func TestFaultInterruptedProgram(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p.go", `package main

import (
	"fmt"
	"time"

	mp "cuaderno/mpruntime"
)

func main() {
	p := mp.NewProcess(func() { time.Sleep(time.Hour) })
	if err := p.Start(); err != nil {
		panic(err)
	}
	fmt.Println(p.PID())
	_, err := mp.NewQueue().Get()
	fmt.Println("not interrupted:", err)
}
`)
	command := exec.CommandContext(t.Context(), realProgram(t), "run", "p.go")
	command.Dir = dir
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(kerneltest.Limit, func() { _ = command.Process.Kill() })
	defer limit.Stop()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	pid, badPID := strconv.Atoi(strings.TrimSpace(line))
	if err := errors.Join(err, badPID); err != nil {
		t.Fatal(err)
	}
	child := watch(t, pid)
	send(t, -command.Process.Pid, syscall.SIGINT)
	if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	_ = command.Wait() // the status tells
	if got := command.ProcessState.ExitCode(); got != 130 {
		t.Errorf("status %d", got)
	}
	child.await(t, "the child of an interrupted program")
}
