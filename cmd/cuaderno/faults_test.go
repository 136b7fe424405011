//go:build linux

package main

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// family declares what makes processes that tell their pids.
const family = `
func duerme(nombre string) {
	fmt.Println(nombre, os.Getpid())
	time.Sleep(time.Hour)
}
func engendra(nombre, suyo string) {
	p := mp.NewProcess(duerme, suyo)
	if err := p.Start(); err != nil { panic(err) }
	duerme(nombre)
}`

// grow starts a child and a grandchild that sleep, and an orphan, and returns
// their pids by name.
func (k *served) grow() map[string]int {
	k.t.Helper()
	k.ok(family)
	e := k.ok(`
padre := mp.NewProcess(engendra, "padre", "nieto")
perdido := mp.NewProcess(engendra, "perdido", "huerfano")
if err := errors.Join(padre.Start(), perdido.Start()); err != nil { panic(err) }`)
	pids := map[string]int{}
	for _, name := range []string{"padre", "nieto", "perdido", "huerfano"} {
		pid, err := strconv.Atoi(strings.TrimSpace(k.awaitLine(e.ID, name+" ")))
		if err != nil {
			k.t.Fatal(err)
		}
		pids[name] = pid
	}
	k.ok("perdido.Kill()\nperdido.Join()")
	if p, ok := look(pids["huerfano"]); !ok || p.parent == pids["perdido"] {
		k.t.Fatalf("no orphan: %+v", p)
	}
	delete(pids, "perdido")
	return pids
}

// watchTree watches the whole tree of the kernel, and checks that the named
// processes belong to it.
func (k *served) watchTree(pids map[string]int) []*ending {
	k.t.Helper()
	tree := map[int]bool{}
	var endings []*ending
	for _, p := range processes(k.t, livingIn(k.group)) {
		tree[p.pid] = true
		endings = append(endings, watch(k.t, p.pid))
	}
	if !tree[k.group] {
		k.t.Error("the session leads no process group")
	}
	for name, pid := range pids {
		if !tree[pid] {
			k.t.Errorf("%s (%d) is not in the session's group", name, pid)
		}
	}
	return endings
}

func awaitAll(t testing.TB, endings []*ending) {
	t.Helper()
	for _, e := range endings {
		e.await(t, "a process of the tree")
	}
}

func TestCrashCostsTheVariablesOnly(t *testing.T) {
	for name, test := range map[string]struct{ code, text string }{
		"map written from eight goroutines": {`
m := map[int]int{}
var wg sync.WaitGroup
for g := range 8 {
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; ; i++ { m[i%8+g] = i }
	}()
}
wg.Wait()`, "fatal error: concurrent map writes"},
		"stack overflow in compiled code": {`
m := map[string]any{}
m["m"] = m
fmt.Println(m)`, "fatal error: stack overflow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := serve(t)
			before := k.ok("antes := 1")
			tree := k.watchTree(k.grow())
			last := k.ok("fmt.Print()").Count()
			e := k.Execute(test.code)
			k.fails(e, lang.Crashed, test.text, "the variables are gone")
			if e.Count() != last+1 {
				t.Errorf("the crash has count %d, want %d", e.Count(), last+1)
			}
			awaitAll(t, tree)
			awaitEmpty(t, k.group)

			k.fails(k.Execute("antes"), lang.CompileError, "undefined: antes")
			k.prints(`despues := 2; fmt.Println(despues)`, "2\n")
			if got := k.ok("despues").Count(); got != e.Count()+3 {
				t.Errorf("the counts go on with %d after %d", got, e.Count())
			}
			old := k.group
			if k.group = k.session(); k.group == old {
				t.Error("the session has the pid of the old one")
			}
			for _, p := range processes(t, childrenOf(k.pid)) {
				if p.pid != k.group {
					t.Errorf("the kernel has a child beside the session: %+v", p)
				}
			}
			if before.Reply.Header.Session != e.Reply.Header.Session {
				t.Error("the kernel is another one")
			}
		})
	}
}

// TestKilledKernelLeavesNothing kills the kernel, alone or with its process
// group as front ends do, while a cell waits for a child.
func TestKilledKernelLeavesNothing(t *testing.T) {
	for name, whole := range map[string]bool{"kernel": false, "process group": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := serve(t)
			pids := k.grow()
			id := k.Code("hijo := mp.NewProcess(duerme, \"ready\")\nhijo.Start()\nhijo.Join()", nil)
			var err error
			if pids["hijo"], err = strconv.Atoi(strings.TrimSpace(k.awaitLine(id, "ready "))); err != nil {
				t.Fatal(err)
			}
			stop(t, pids["nieto"])
			tree := k.watchTree(pids)
			if whole {
				send(t, -k.pid, syscall.SIGKILL)
			} else {
				send(t, k.pid, syscall.SIGKILL)
			}
			awaitAll(t, tree)
			k.awaitExit()
		})
	}
}

func TestStoppedSessionEndsWithTheKernel(t *testing.T) {
	t.Parallel()
	k := serve(t)
	tree := k.watchTree(k.grow())
	stop(t, k.group)
	send(t, k.pid, syscall.SIGKILL)
	awaitAll(t, tree)
	k.awaitExit()
}

func TestOrderlyEndsLeaveNothing(t *testing.T) {
	shutdown := func(ch kerneltest.Channel, restart bool) func(*served) {
		return func(k *served) {
			r := k.Reply(k.Send(ch, wire.ShutdownRequest, map[string]any{"restart": restart}))
			if r.Header.Type != wire.ShutdownReply || kerneltest.Field(r.Message, "status") != "ok" || kerneltest.Field(r.Message, "restart") != restart {
				k.t.Errorf("the answer to a shutdown is %s: %s", r.Header.Type, r.Content)
			}
		}
	}
	for name, end := range map[string]func(*served){
		"SIGTERM":             func(k *served) { send(k.t, k.pid, syscall.SIGTERM) },
		"SIGHUP":              func(k *served) { send(k.t, k.pid, syscall.SIGHUP) },
		"shutdown on control": shutdown(kerneltest.Control, false),
		"shutdown on shell":   shutdown(kerneltest.Shell, false),
		"restart":             shutdown(kerneltest.Control, true),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := serve(t)
			pids := k.grow()
			if name != "shutdown on shell" { // where it would wait for the cell
				k.begin("fmt.Println(\"ready\")\nfor {}")
			}
			tree := k.watchTree(pids)
			end(k)
			awaitAll(t, tree)
			k.awaitExit()
			if !k.state.Success() {
				t.Errorf("the kernel ended with %v", k.state)
			}
		})
	}
}

func TestSessionKilledFromOutside(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("antes := 1")
	id, _ := k.begin("fmt.Println(\"ready\")\nfor {}")
	send(t, k.group, syscall.SIGKILL)
	k.fails(k.Finish(id), lang.Crashed, "killed", "the variables are gone")
	k.fails(k.Execute("antes"), lang.CompileError, "undefined: antes")

	// Between cells, the last cell tells.
	k.group = k.session()
	e := k.ok("antes := 2")
	send(t, k.group, syscall.SIGKILL)
	k.awaitLine(e.ID, "A fresh session has taken the place of the old one")
	k.fails(k.Execute("antes"), lang.CompileError, "undefined: antes")
	k.group = k.session()
}

// TestSessionThatNoLongerAnswers is the last step of the ladder of an interrupt.
func TestSessionThatNoLongerAnswers(t *testing.T) {
	t.Parallel()
	k := serve(t)
	tree := k.watchTree(k.grow())
	id, _ := k.begin("fmt.Println(\"ready\")\nfor {}")
	stop(t, k.group)
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted, "did not stop", "the variables are gone")
	k.prints(`fmt.Println("sigue")`, "sigue\n")
	awaitAll(t, tree)
	awaitEmpty(t, k.group)
	k.group = k.session()
}
