//go:build linux

package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"cuaderno/interp/lang"
)

// busy is a cell that uses what there is until it is ended: a pool that maps,
// children that put large items and that count with a lock, a manager, shared
// memory with a name.
const busy = `
trabajo := mp.NewPool(2)
cola := mp.NewQueue(4)
cuenta := mp.NewValue(0)
gestor := mp.NewManager()
lista := gestor.List()
memoria := mp.NewSharedMemory("", 1<<20)
if err := errors.Join(trabajo.Err(), cola.Err(), cuenta.Err(), gestor.Err(), memoria.Err()); err != nil { panic(err) }
func pone() { for i := 0; ; i++ { cola.Put(make([]float64, 1<<18)) } }
func suma() { for { cuenta.Add(1) } }
func cuadrado(n int) int { return n * n }
for _, f := range []func(){pone, suma, suma} {
	if err := mp.NewProcess(f).Start(); err != nil { panic(err) }
}
numeros := make([]int, 200)
fmt.Println("ready")
for {
	cola.Get()
	lista.Append(cuenta.Get())
	mp.Map(trabajo, cuadrado, numeros)
}`

// TestFaultSessionKilled kills the session at twenty random moments.
func TestFaultSessionKilled(t *testing.T) {
	k := serveIn(t)
	random := moments(t)
	for i := range 20 {
		id, _ := k.begin(busy)
		random.pass(60)
		old := k.group
		send(t, old, syscall.SIGKILL)
		k.fails(k.Finish(id), lang.Crashed, "the variables are gone")
		awaitEmpty(t, old)
		k.prints("n := 1; fmt.Println(n)", "1\n")
		k.group = k.session()
		if t.Failed() {
			t.Fatalf("round %d", i)
		}
	}
	before := k.settle()
	k.prints(`p := mp.NewProcess(func() { fmt.Println("hijo") }); p.Start(); p.Join()`, "hijo\n")
	k.awaitNoMore(before)
}

// TestFaultKernelKilled kills the kernel at twenty random moments.
func TestFaultKernelKilled(t *testing.T) {
	random := moments(t)
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			k := serveIn(t)
			k.begin(busy)
			random.pass(60)
			send(t, k.pid, syscall.SIGKILL)
			k.awaitExit()
		})
	}
}

// TestFaultForkOn has children start children without end, and checks that the
// tree, in the middle of its growth, ends with the session, with the kernel or
// by an interrupt.
func TestFaultForkOn(t *testing.T) {
	for name, end := range map[string]func(k *served, id string){
		"kernel killed": func(k *served, _ string) {
			send(k.t, k.pid, syscall.SIGKILL)
			k.awaitExit()
		},
		"session killed": func(k *served, id string) {
			old := k.group
			send(k.t, old, syscall.SIGKILL)
			k.fails(k.Finish(id), lang.Crashed)
			awaitEmpty(k.t, old)
			k.group = k.session()
		},
		"interrupt and restart": func(k *served, id string) {
			k.interrupt()
			k.fails(k.Finish(id), lang.Interrupted)
			k.prints("fmt.Println(1)", "1\n")
			send(k.t, k.pid, syscall.SIGTERM)
			k.awaitExit()
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := serveIn(t)
			id := k.Code(`
vivos := mp.NewValue(0)
func sigue() {
	fmt.Println("vivo", vivos.Add(1), "")
	for range 2 {
		p := mp.NewProcess(sigue)
		if err := p.Start(); err != nil { fmt.Println(err); return }
	}
	select {}
}
sigue()`, nil)
			k.awaitLine(id, "vivo 25 ")
			end(k, id)
		})
	}
}

// TestFaultHundredsOfProcesses starts 500 processes, none of which is joined before
// all are started.
func TestFaultHundredsOfProcesses(t *testing.T) {
	k := serveIn(t)
	k.ok(`
suma := mp.NewValue(0)
func cuenta(n int) { suma.Add(n) }
func quinientos() {
	var ps []*mp.Process
	for i := range 500 {
		p := mp.NewProcess(cuenta, i)
		if err := p.Start(); err != nil { fmt.Println(i, err); return }
		ps = append(ps, p)
	}
	for _, p := range ps {
		if err := p.Join(); err != nil { fmt.Println(err) }
		if codigo, fin := p.ExitCode(); codigo != 0 || !fin { fmt.Println(p, codigo, fin) }
	}
}`)
	before := k.settle()
	k.prints("quinientos()\nfmt.Println(suma.Get(), len(mp.ActiveChildren()))", fmt.Sprintln(499*500/2, 0))
	k.awaitNoMore(before)
	k.prints(`p := mp.NewProcess(func() { fmt.Println("otro") }); p.Start(); p.Join()`, "otro\n")
}

// TestFaultNobodyReads leaves items in queues, which costs neither the next cell
// nor the end of the kernel anything.
func TestFaultNobodyReads(t *testing.T) {
	k := serveIn(t)
	k.ok(`
q := mp.NewQueue()
func pone(nombre string) { for i := range 10000 { if err := q.Put(fmt.Sprint(nombre, i, strings.Repeat("x", 100))); err != nil { panic(err) } } }
p := mp.NewProcess(pone, "hijo")
p.Start()
pone("padre")
if err := p.Join(); err != nil { panic(err) }`)
	k.prints("fmt.Println(q.Len(), p.IsAlive())", "20000 false\n")
	send(t, k.pid, syscall.SIGTERM)
	k.awaitExit()
	if !k.state.Success() {
		t.Errorf("the kernel ended with %v", k.state)
	}
}

func TestFaultFullQueue(t *testing.T) {
	k := serveIn(t)
	k.prints(`
q := mp.NewQueue(2)
fmt.Println(q.TryPut(1), q.TryPut(2))
fmt.Println(errors.Is(q.TryPut(3), mp.ErrFull), errors.Is(q.PutTimeout(3, time.Millisecond), mp.ErrFull), q.Full(), q.Len())`,
		"<nil> <nil>\ntrue true true 2\n")
	k.prints("v, err := q.Get()\nfmt.Println(v, err, q.TryPut(3), q.Full())", "1 <nil> <nil> true\n")
}

// TestFaultWrongTargets gives NewProcess what cannot run.
func TestFaultWrongTargets(t *testing.T) {
	k := serveIn(t)
	k.ok(`
var vacia func()
type Nada struct{}
func saluda(nombre string, veces int) { fmt.Println(nombre, veces) }
func cambia() {}
func prueba(p *mp.Process) { fmt.Println(p.Err() != nil, p.Start() != nil, p.Err()) }`)
	before := k.settle()
	for _, test := range []struct {
		process string
		want    []string
	}{
		{"nil", []string{"nil", "function"}},
		{"vacia", []string{"nil"}},
		{"5", []string{"int", "Run()"}},
		{"Nada{}", []string{"Nada", "Run()"}},
		{`saluda, "a"`, []string{"saluda", "have 1, want 2"}},
		{`saluda, "a", 1, 2`, []string{"saluda", "have 3, want 2"}},
		{`saluda, "a", "b"`, []string{"argument", "saluda", "string", "int"}},
		{`saluda, "a", nil`, []string{"argument", "saluda", "nil", "int"}},
		{`saluda, []any{"a", "b"}...`, []string{"argument 2", "saluda", "string", "int"}},
		{`saluda, []any{"a", nil}...`, []string{"argument 2", "saluda", "nil", "int"}},
	} {
		e := k.Execute("prueba(mp.NewProcess(" + test.process + "))")
		// What the types tell is an error of the cell, before anything runs.
		got := e.Text("stdout")
		if e.Status() != "ok" {
			got = "true true " + plain(e.Traceback())
		}
		for _, want := range append(test.want, "true true ") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", test.process, got, want)
			}
		}
	}
	// A function is that of the time when it was given, whatever has its name now.
	k.ok("p := mp.NewProcess(saluda, \"antes\", 1)")
	k.ok("func saluda() { fmt.Println(\"otra\") }")
	e := k.ok("fmt.Println(p.Start(), p.Join())")
	if got := e.Text("stdout"); !strings.Contains(got, "antes 1\n") && !strings.Contains(got, "saluda") {
		t.Errorf("a target that was declared anew: %q, stderr %q", got, e.Text("stderr"))
	}
	k.prints(`p = mp.NewProcess(saluda); p.Start(); p.Join()`, "otra\n")
	k.awaitNoMore(before)
}

// TestFaultHugeMessage sends 256 MiB from cell to child and back.
func TestFaultHugeMessage(t *testing.T) {
	k := serveIn(t)
	k.prints(`
a, b := mp.NewPipe()
q := mp.NewQueue()
func devuelve() {
	x, err := b.RecvBytes()
	if err != nil { panic(err) }
	if err := q.Put(x); err != nil { panic(err) }
}
p := mp.NewProcess(devuelve)
p.Start()
mensaje := make([]byte, 256<<20)
mensaje[1], mensaje[len(mensaje)-1] = 1, 2
fmt.Println(a.SendBytes(mensaje))
x, err := mp.Get[[]byte](q)
p.Join()
fmt.Println(err, bytes.Equal(x, mensaje))`, "<nil>\n<nil> true\n")
	k.prints("mensaje, x = nil, nil\nfmt.Println(q.Len())", "0\n")
}
