//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cuaderno/kernel/kerneltest"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
func nada() {}
func sale(n int) { os.Exit(n) }
func duerme() { time.Sleep(time.Hour) }
func falla() {
	var m map[string]int
	m["a"] = 1
}`)
	for _, test := range []struct{ start, act, want string }{
		{"nada", "", "0 true"},
		{"sale, 0", "", "0 true"},
		{"sale, 7", "", "7 true"},
		{"falla", "", "1 true"},
		{"duerme", "p.Terminate()", "-15 true"},
		{"duerme", "p.Kill()", "-9 true"},
		{"duerme", "syscall.Kill(p.PID(), syscall.SIGHUP)", "-1 true"},
	} {
		e := k.ok(fmt.Sprintf(`
p := mp.NewProcess(%s)
fmt.Println(p.ExitCode())
if err := p.Start(); err != nil { panic(err) }
%s
if err := p.Join(); err != nil { panic(err) }
fmt.Println(p.ExitCode())`, test.start, test.act))
		if got, want := e.Text("stdout"), "0 false\n"+test.want+"\n"; got != want {
			t.Errorf("%s %s: %q, want %q\n%s", test.start, test.act, got, want, e.Text("stderr"))
		}
		stderr := plain(e.Text("stderr"))
		if test.start != "falla" {
			if stderr != "" {
				t.Errorf("%s %s: stderr %q", test.start, test.act, stderr)
			}
			continue
		}
		for _, want := range []string{"panic: assignment to entry in nil map", "In [2]:7", "falla", `m["a"] = 1`} {
			if !strings.Contains(stderr, want) {
				t.Errorf("the traceback does not say %q:\n%s", want, stderr)
			}
		}
	}
	for _, p := range processes(t, childrenOf(k.group)) {
		if !p.alive() {
			t.Errorf("%+v was not reaped", p)
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
type Punto struct { X, Y int }
type Tarea struct {
	Nombre string
	Puntos []Punto
	Notas  map[string]float64
}
func (t *Tarea) Run() { fmt.Println("run", t.Nombre, t.Puntos, t.Notas["a"], t.largo()) }
func (t *Tarea) largo() int { return len(t.Puntos) }
func (t Tarea) saluda(a string, n int) { fmt.Println(a, t.Nombre, n) }
func suma(xs []int, por float64, resto ...string) {
	total := 0
	for _, x := range xs { total += x }
	fmt.Println(float64(total)*por, resto)
}
func corre(p *mp.Process) {
	if err := p.Start(); err != nil { panic(err) }
	if err := p.Join(); err != nil { panic(err) }
	if code, _ := p.ExitCode(); code != 0 { panic(code) }
}
tarea := &Tarea{"t", []Punto{{1, 2}, {3, 4}}, map[string]float64{"a": 0.5}}`)
	k.prints(`corre(mp.NewProcess(suma, []int{1, 2, 3}, 0.5, "a", "b"))`, "3 [a b]\n")
	k.prints(`corre(mp.NewProcess(tarea))`, "run t [{1 2} {3 4}] 0.5 2\n")
	k.prints(`corre(mp.NewProcess(&Tarea{Nombre: "otra"}))`, "run otra [] 0 0\n")
	k.prints(`corre(mp.NewProcess(tarea.saluda, "hola", 3))`, "hola t 3\n")
	k.prints(`
func() {
	x, nombres := 1, []string{"a"}
	p := mp.NewProcess(func(veces int) { x += veces; nombres = append(nombres, "b"); fmt.Println(x, nombres, tarea.Nombre) }, 10)
	x = 2
	corre(p)
	fmt.Println(x, nombres)
}()`, "12 [a b] t\n2 [a]\n")
	k.prints(`
for i := range 3 {
	corre(mp.NewProcess(func() { fmt.Println("vuelta", i) }))
}`, "vuelta 0\nvuelta 1\nvuelta 2\n")
}

func TestChildHasMemoryOfItsOwn(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
lista, cuenta := []int{1}, map[string]int{"a": 1}
func cambia() {
	lista = append(lista, 99)
	cuenta["hijo"] = 1
	fmt.Println("hijo", lista, cuenta, doble(lista[0]))
}
func doble(n int) int { return 2 * n }`)
	k.prints(`
p := mp.NewProcess(cambia)
lista = append(lista, 2)
if err := p.Start(); err != nil { panic(err) }
lista = append(lista, 3)
cuenta["padre"] = 1
p.Join()
fmt.Println("padre", lista, cuenta)`,
		"hijo [1 2 99] map[a:1 hijo:1] 2\npadre [1 2 3] map[a:1 padre:1]\n")
	k.ok(`func doble(n int) int { return 200 * n }`)
	k.prints(`p = mp.NewProcess(cambia); p.Start(); p.Join()`, "hijo [1 2 3 99] map[a:1 hijo:1 padre:1] 200\n")
}

// TestPointerToAVariableInAChild checks that a global which points to another one
// does so in the child, as after fork.
func TestPointerToAVariableInAChild(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
n := 1
puntero := &n
func cambia() { *puntero = 5; fmt.Println(n) }`)
	k.prints("p := mp.NewProcess(cambia)\np.Start()\np.Join()\nfmt.Println(n)", "5\n1\n")
}

func TestDaemons(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
func duerme() { fmt.Println("demonio", os.Getpid()); time.Sleep(time.Hour) }
func conDemonio() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	d := mp.NewProcess(duerme)
	d.Daemon = true
	if err := d.Start(); err != nil { panic(err) }
	<-c
}
func prohibido() {
	p := mp.NewProcess(duerme)
	fmt.Println(p.Daemon, errors.Is(p.Start(), mp.ErrDaemonChild))
}`)
	k.prints(`
p := mp.NewProcess(prohibido)
p.Daemon = true
p.Start()
p.Join()`, "true true\n")

	// A daemon ends with its parent, whichever way that ends.
	for _, sig := range []string{"SIGUSR1", "SIGTERM", "SIGKILL"} {
		e := k.ok("padre := mp.NewProcess(conDemonio)\npadre.Start()")
		pid, err := strconv.Atoi(strings.TrimSpace(k.awaitLine(e.ID, "demonio ")))
		if err != nil {
			t.Fatal(err)
		}
		daemon := watch(t, pid)
		k.ok("syscall.Kill(padre.PID(), syscall." + sig + ")\npadre.Join()")
		daemon.await(t, "the daemon of a parent that ended by "+sig)
	}

	// That of the session outlives its cell, and ends with the session.
	e := k.ok("d := mp.NewProcess(duerme)\nd.Daemon = true\nd.Start()")
	pid, err := strconv.Atoi(strings.TrimSpace(k.awaitLine(e.ID, "demonio ")))
	if err != nil {
		t.Fatal(err)
	}
	daemon := watch(t, pid)
	k.prints("fmt.Println(d.IsAlive(), d.PID())", fmt.Sprintln(true, pid))
	k.Reply(k.Send(kerneltest.Control, "shutdown_request", map[string]any{"restart": true}))
	daemon.await(t, "the daemon of the session")
	k.awaitExit()
}

func TestWhatCannotBeCopiedIsRefused(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok(`
canal := make(chan int)
var cerrojo sync.Mutex
type Nodo struct { C chan int }
func usa() { canal <- 1 }
func indirecta() { usa() }
func bloquea() { cerrojo.Lock() }
func recibe(c chan int) { <-c }
func toma(ns map[string][]Nodo) {}
func llama(f func()) { f() }
func ajena() func() { _, cancel := context.WithCancel(context.Background()); return cancel }
func bien(n int) { fmt.Println("bien", n) }`)
	for _, test := range []struct {
		process string
		want    []string
	}{
		{"usa", []string{"canal", "chan int"}},
		{"indirecta", []string{"canal", "chan int"}},
		{"bloquea", []string{"cerrojo", "sync.Mutex"}},
		{"recibe, canal", []string{"argument 1", "chan int"}},
		{`toma, map[string][]Nodo{"a": {{canal}}}`, []string{"argument 1[a][0].C", "chan int"}},
		{"llama, func() { canal <- 1 }", []string{"canal", "chan int"}},
		{"llama, ajena()", []string{"argument 1", "func()", "a compiled package has made this function"}},
		{"func() { fmt.Println(canal) }", []string{"canal", "chan int"}},
	} {
		e := k.ok(fmt.Sprintf(`
p := mp.NewProcess(%s)
err := p.Start()
fmt.Println(errors.Is(err, mp.ErrNotCopyable), p.IsAlive(), err)`, test.process))
		got := e.Text("stdout")
		for _, want := range append(test.want, "true false", "cannot be copied to another process") {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", test.process, got, want)
			}
		}
	}
	k.prints(`p = mp.NewProcess(bien, 1); p.Start(); p.Join()`, "bien 1\n")
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	k := serve(t)
	e := k.ok(`
func quien() {
	fmt.Println(mp.CurrentProcess().Name, os.Getpid(), os.Getppid(), mp.CurrentProcess().PID(), mp.ParentProcess().Name, mp.ParentProcess().PID())
}
func conNieto() {
	quien()
	p := mp.NewProcess(quien)
	if err := p.Start(); err != nil { panic(err) }
	if err := p.Join(); err != nil { panic(err) }
	fmt.Println("nieto", p.PID())
}
yo := mp.CurrentProcess()
fmt.Println(yo.Name, os.Getpid(), yo.PID(), mp.ParentProcess() == nil)
p := mp.NewProcess(conNieto)
if err := p.Start(); err != nil { panic(err) }
fmt.Println("activos", len(mp.ActiveChildren()), mp.ActiveChildren()[0].PID() == p.PID())
if err := p.Join(); err != nil { panic(err) }
fmt.Println("activos", len(mp.ActiveChildren()))
fmt.Println("hijo", p.PID())`)
	pids := map[string]string{}
	for line := range strings.Lines(e.Text("stdout")) {
		if words := strings.Fields(line); words[0] == "hijo" || words[0] == "nieto" {
			pids[words[0]] = words[1]
		}
	}
	session, child, grandchild := strconv.Itoa(k.group), pids["hijo"], pids["nieto"]
	for _, want := range []string{
		"MainProcess " + session + " " + session + " true\n",
		"activos 1 true\n",
		"activos 0\n",
		"Process-1 " + child + " " + session + " " + child + " MainProcess " + session + "\n",
		"Process-1:1 " + grandchild + " " + child + " " + grandchild + " Process-1 " + child + "\n",
	} {
		if !strings.Contains(e.Text("stdout"), want) {
			t.Errorf("no line %q in\n%s", want, e.Text("stdout"))
		}
	}

	// Children are what the system sees, too.
	id, words := k.begin(`
func espera() { fmt.Println("ready", os.Getpid()); time.Sleep(time.Hour) }
q := mp.NewProcess(espera)
q.Start()
q.Join()`)
	pid, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := look(pid); !ok || p.parent != k.group || p.group != k.group {
		t.Errorf("the child is %+v, of session %d", p, k.group)
	}
	send(t, pid, syscall.SIGKILL)
	if got := k.Finish(id); got.Status() != "ok" {
		t.Errorf("Join of a killed child: %s", plain(got.Traceback()))
	}
	k.prints("fmt.Println(q.ExitCode())", "-9 true\n")
}

// TestInterruptedStockIsNotLost checks that an interrupt of the whole group,
// which also reaches helpers that wait for their work, costs no later process.
func TestInterruptedStockIsNotLost(t *testing.T) {
	k := serve(t)
	k.ok(`p := mp.NewProcess(func() { syscall.Kill(0, syscall.SIGINT) }); p.Start(); p.Join()`)
	for range 3 {
		k.prints(`p = mp.NewProcess(func() { fmt.Println("sigue") }); p.Start(); p.Join()`, "sigue\n")
	}
}

// TestInterruptSignalIsHarmless checks that SIGINT, which terminals and front ends
// send to whole groups, does not end the kernel.
func TestInterruptSignalIsHarmless(t *testing.T) {
	k := serve(t)
	k.ok(`x := 7`)
	k.prints(`syscall.Kill(os.Getppid(), syscall.SIGINT); fmt.Println(x)`, "7\n")
	k.prints(`fmt.Println(x + 1)`, "8\n")
}
