//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
)

// hoard declares what takes memory piece by piece.
const hoard = `
guardado := map[string][][]byte{}
func acapara(mb int) (todo [][]byte) {
	for range mb { todo = append(todo, bytes.Repeat([]byte("a"), 1<<20)) }
	return todo
}
func acaparaYEspera(mb int) {
	todo := acapara(mb)
	time.Sleep(time.Hour)
	fmt.Println(len(todo))
}
x := 7`

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	k := serve(t, "--memory", "600M")
	k.ok(hoard)
	k.fails(k.Execute(`guardado["mucho"] = acapara(2000)`), lang.MemoryLimit, "the limit is 600M (--memory, CUADERNO_MEMORY)", "the variables are kept")
	k.prints(`fmt.Println(x)`, "7\n")

	// So is a cell whose variables have no room: it declares nothing.
	for _, code := range []string{"var enorme [1 << 33]byte", "var enorme [1 << 40]int"} {
		k.fails(k.Execute(code), lang.MemoryLimit, "the limit is 600M", "the variables are kept")
		k.fails(k.Execute("len(enorme)"), lang.CompileError, "undefined: enorme")
	}
	k.prints(`fmt.Println(x)`, "7\n")

	// A child has the same limit for itself.
	e := k.ok(`p := mp.NewProcess(acapara, 2000); p.Start(); p.Join(); fmt.Println(p.ExitCode())`)
	if e.Text("stdout") != "1 true\n" || !strings.Contains(e.Text("stderr"), "out of memory: the values need") {
		t.Errorf("the child ended with %q and said %q", e.Text("stdout"), e.Text("stderr"))
	}
	// Together they have it once.
	k.fails(k.Execute(`
func() {
	var ps []*mp.Process
	for range 4 { ps = append(ps, mp.NewProcess(acaparaYEspera, 250)) }
	for _, p := range ps { p.Start() }
	for _, p := range ps { p.Join() }
}()`), lang.MemoryLimit, "processes of the notebook take", "together, the limit is 600M")
	k.ok("for len(mp.ActiveChildren()) > 0 { time.Sleep(time.Millisecond) }")
	// Those of a cell that has ended are nobody's to stop, and killed.
	e = k.ok(`for range 4 { mp.NewProcess(acaparaYEspera, 250).Start() }`)
	k.awaitLine(e.ID, "process ")
	k.ok("for _, p := range mp.ActiveChildren() { p.Kill(); p.Join() }")
	k.prints(`fmt.Println(x)`, "7\n")

	// What asks for too much at once ends its process.
	k.prints(`func pide() { fmt.Println(len(strings.Repeat("x", 4<<30))) }
q := mp.NewProcess(pide); q.Start(); q.Join(); fmt.Println(q.ExitCode())`, "2 true\n")
	k.fails(k.Execute("pide()"), lang.Crashed, "out of memory", "The limit is 600M (--memory, CUADERNO_MEMORY).", "the variables are gone")
	k.prints(`fmt.Println("sigue")`, "sigue\n")
	k.group = k.session()
}

func TestProcessLimit(t *testing.T) {
	t.Parallel()
	k := serve(t, "--processes", "12")
	const refused = "the notebook has 12 processes, as many as it may have at a time"
	k.ok(`
hecho := mp.NewEvent()
func bomba() {
	for {
		if err := mp.NewProcess(bomba).Start(); err != nil {
			fmt.Println(err)
			hecho.Wait()
			return
		}
	}
}
func nada() {}`)
	e := k.ok("primera := mp.NewProcess(bomba)\nprimera.Start()")
	for range 3 {
		k.awaitLine(e.ID, "mp: starting Process-1:")
	}
	k.fails(k.Execute("mp.NewProcess(nada).Start()"), "error", refused, "--processes, CUADERNO_PROCESSES")
	k.fails(k.Execute("mp.NewPool(2).Err()"), "error", refused)
	k.ok("hecho.Set()\nprimera.Join()")

	k.fails(k.Execute("mp.NewPool(13).Err()"), "error", "PoolWorker", refused)
	// Each place is free again after the end of who had it, however it ended.
	k.ok(`
func duerme() { time.Sleep(time.Hour) }
for i := range 30 {
	p := mp.NewProcess(duerme)
	for {
		err := p.Start()
		if err == nil { break }
		if !strings.Contains(err.Error(), "12 processes") { panic(err) } // those of the pool are ending
		time.Sleep(time.Millisecond)
	}
	if i%2 == 0 { p.Kill() } else { p.Terminate() }
	p.Join()
}`)
	k.prints(`grupo := mp.NewPool(4)
r, err := mp.Map(grupo, func(n int) int { return n * n }, []int{1, 2, 3})
fmt.Println(r, err)`, "[1 4 9] <nil>\n")
}

func TestCellTimeLimit(t *testing.T) {
	t.Parallel()
	k := serve(t, "--cell-timeout", "1s")
	k.ok(`x := 7
func duerme() { defer fmt.Println("fin"); time.Sleep(time.Hour) }`)
	for _, code := range []string{
		"fmt.Println(1)\nfor {}",
		"time.Sleep(time.Hour)",
		"l, _ := net.Listen(\"tcp\", \"127.0.0.1:0\")\nl.Accept()",
	} {
		k.fails(k.Execute(code), lang.CellTimeout, "CellTimeout: the cell ran longer than 1s (--cell-timeout or CUADERNO_CELL_TIMEOUT)", "the variables are kept")
	}
	k.prints("fmt.Println(x)", "7\n")
	// Children that the cell has started are interrupted too.
	e := k.Execute("p := mp.NewProcess(duerme); p.Start(); p.Join()")
	k.fails(e, lang.CellTimeout)
	k.prints("p.Join(); fmt.Println(p.IsAlive())", "false\n")
	// And expressions of the front end.
	e = k.Finish(k.Code("x", kerneltest.Fields{"user_expressions": map[string]string{"no": "func() int { for {} }()"}}))
	if answers, _ := kerneltest.Field(e.Reply.Message, "user_expressions").(map[string]any); !strings.Contains(fmt.Sprint(answers["no"]), "ename:"+lang.CellTimeout) {
		t.Errorf("the expression gave %v", answers)
	}
	k.prints("fmt.Println(x)", "7\n")
	// What does not stop costs the session.
	id, _ := k.begin("fmt.Println(\"ready\")\nfor {}")
	stop(t, k.group)
	k.fails(k.Finish(id), lang.CellTimeout, "The cell did not stop", "the variables are gone")
	awaitEmpty(t, k.group)
	k.group = k.session()
}

func TestOutputLimit(t *testing.T) {
	t.Parallel()
	k := serve(t, "--output", "64K")
	k.ok("x := 7")
	for name, code := range map[string]string{
		"a loop":       "for i := 0; ; i++ { fmt.Println(i) }",
		"a goroutine":  "go func() { for i := 0; ; i++ { fmt.Println(i) } }()\nselect {}",
		"a child":      "p := mp.NewProcess(func() { for i := 0; ; i++ { fmt.Println(i) } }); p.Start(); p.Join()",
		"a descriptor": "for i := 0; ; i++ { fmt.Fprintln(os.Stdout, i) }",
		"displays":     "for i := 0; ; i++ { display.Show(display.HTML(fmt.Sprint(i))) }",
	} {
		e := k.Execute(code)
		k.fails(e, lang.OutputLimit, "more than 64K; the rest is dropped (a higher limit: --output or CUADERNO_OUTPUT)")
		text := e.Text("stdout")
		if name == "displays" {
			continue
		}
		if len(text) > 64<<10 || len(text) < 60<<10 || !strings.HasSuffix(text, "\n") || !strings.HasPrefix(text, "0\n1\n2\n") {
			t.Errorf("%s: %d bytes were kept: %.20q … %q", name, len(text), text, text[max(0, len(text)-20):])
		}
	}
	k.prints("fmt.Println(x)", "7\n")
	// After the end of its cell, the limit is told in its output.
	e := k.ok("go func() { for i := 0; ; i++ { fmt.Println(i); if i % 1000 == 0 { time.Sleep(time.Millisecond) } } }()")
	k.awaitLine(e.ID, "OutputLimit: ")
	k.prints("fmt.Println(x)", "7\n")
}

func TestLimitsByEnvironment(t *testing.T) {
	t.Setenv("CUADERNO_OUTPUT", "1K")
	t.Setenv("CUADERNO_PROCESSES", "1")
	k := serve(t, "--output", "2K")
	e := k.Execute("for i := 0; ; i++ { fmt.Println(i) }")
	k.fails(e, lang.OutputLimit, "more than 2K")
	k.fails(k.Execute("func duerme() { time.Sleep(time.Hour) }\nmp.NewProcess(duerme).Start()\nmp.NewProcess(duerme).Start()"), "error", "1 process")
}

func TestLimitsThatAreNone(t *testing.T) {
	for flag, want := range map[string]string{
		"--memory=lots": "such as 512M or 2G", "--memory=1M": "at least 256M", "--processes=many": "such as 20",
		"--cell-timeout=soon": "such as 30s", "--output=-1": "such as 512M",
	} {
		text, err := exec.CommandContext(t.Context(), realProgram(t), "kernel", "-f", "none", flag).CombinedOutput()
		if err == nil || !strings.Contains(string(text), want) {
			t.Errorf("cuaderno kernel %s: %v, %s", flag, err, text)
		}
	}
	t.Setenv("CUADERNO_MEMORY", "lots")
	write(t, t.TempDir(), "p.go", "package main\n")
	invoke(t, t.TempDir(), "", "run", "p.go").check(t, 1, "", "CUADERNO_MEMORY=lots", "such as 512M or 2G")
}
