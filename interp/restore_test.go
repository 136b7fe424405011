package interp_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/interp/remote"
)

// A notebook runs cells, in a session that may be made to die.
type notebook struct {
	t       *testing.T
	session *remote.Client
	count   int
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	n := &notebook{t: t}
	n.fresh()
	return n
}

// fresh starts a session in the place of the one before.
func (n *notebook) fresh() {
	n.t.Helper()
	session, err := remote.Start(n.t.Context(), remote.Program{Path: os.Args[0], Args: []string{"session"}, Previous: n.session})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = session.Close() })
	n.session = session
}

// run runs a cell and returns what it printed.
func (n *notebook) run(code string) string {
	n.t.Helper()
	out := &recorder{}
	if o := n.execute(code, out); o.Err != nil {
		n.t.Fatalf("%s: %s", code, plain(strings.Join(o.Err.Traceback, "\n")))
	}
	return plain(out.text(true)) + out.text(false)
}

func (n *notebook) execute(code string, out *recorder) lang.Outcome {
	n.count++
	return n.session.Execute(context.Background(), lang.Cell{Count: n.count, Code: code}, out)
}

// crash kills the session in a cell and starts another.
func (n *notebook) crash() {
	n.t.Helper()
	n.run("") // which the checkpoint after the last one comes before
	syscall.Kill(n.session.PID(), syscall.SIGKILL)
	<-n.session.Done()
	n.fresh()
}

func (n *notebook) wants(code, want string) {
	n.t.Helper()
	if got := cells.ReplaceAllString(strings.TrimSpace(n.run(code)), "In [N]"); got != want {
		n.t.Errorf("%s\ngave %s\nwant %s", code, got, want)
	}
}

// cells are the numbers of those that a checkpoint may or may not have reached.
var cells = regexp.MustCompile(`In \[\d+\]`)

func TestRestore(t *testing.T) {
	n := newNotebook(t)
	n.run(`import m "math"
type Punto struct { X, Y int; vecino *Punto }
func (p *Punto) Suma() int { return p.X + p.Y + base }
const k = 7
base := 100
p := &Punto{1, 2, nil}
p.vecino = p
q := p
xs := []int{1, 2, 3}
ys := xs
mapa := map[string]*Punto{"p": p}
var cosa any = Punto{3, 4, p}
nombre := "Ada"`)
	n.run(`type Pila[T any] struct { datos []T }
func (p *Pila[T]) Mete(x T) { p.datos = append(p.datos, x) }
func (p *Pila[T]) Largo() int { return len(p.datos) }
var pila Pila[*Punto]
pila.Mete(p)
contador := 0
var cuenta func() int
{
	paso := 10
	cuenta = func() int { contador++; paso++; return contador*1000 + paso }
}
cuenta()
ch := make(chan int)
var mu sync.Mutex
var wg sync.WaitGroup
type Cuenta struct { mu sync.Mutex; n int }
c := &Cuenta{n: 5}
func (c *Cuenta) Sube() int { c.mu.Lock(); defer c.mu.Unlock(); c.n++; return c.n }
func avisa() int { panic("no") }`)
	n.run(`contador += 5; pila.Mete(q); xs[0] = 42`)
	n.crash()
	n.wants("%restore", "Restored 5 declarations, and base, cosa, mapa, nombre, p, q, xs, ys, c, contador, cuenta, mu and 2 more variables as after In [N].\nDeclared, without the value that it had: ch (a channel).")
	n.wants(`fmt.Println(p == q, p.vecino == p, pila.Largo(), pila.datos[0] == p, mapa["p"] == q, p.Suma(), ys[0], &xs[0] == &ys[0])`, "true true 2 true true 103 42 true")
	n.wants(`fmt.Println(cuenta(), contador, nombre, m.Pi > 3, k, cosa.(Punto).vecino == p)`, "7012 7 Ada true 7 true")
	n.wants(`mu.Lock(); mu.Unlock(); wg.Wait(); fmt.Println(c.Sube(), ch == nil)`, "6 true")
	n.wants("%restore", "There is nothing to restore: no session of this notebook has crashed since the last %restore.")
	out := &recorder{}
	o := n.execute("avisa()", out)
	if o.Err == nil || !strings.Contains(strings.Join(o.Err.Traceback, "\n"), `panic("no")`) || !strings.Contains(plain(strings.Join(o.Err.Traceback, "\n")), "In [2]:") {
		t.Errorf("a panic in a restored function gave %v", o.Err)
	}
	n.crash()
	n.run("nuevo := 1")
	n.crash()
	n.wants("%restore", "Restored 5 declarations, and base, cosa, mapa, nombre, p, q, xs, ys, c, ch, contador, cuenta and 3 more variables as after In [N], and nuevo as after In [N].")
	n.wants(`fmt.Println(p == q, p.Suma(), contador, c.Sube(), nuevo)`, "true 103 7 7 1")
}

// TestRestoreBesideNewer restores what cells of the new session have declared anew.
func TestRestoreBesideNewer(t *testing.T) {
	n := newNotebook(t)
	n.run("type T struct{ A int }\nx, y := T{1}, 2\nfunc f() int { return x.A }\nfunc g() int { return 10 + f() }\nimport m \"math\"")
	n.crash()
	if o := n.execute("fmt.Println(y, m.Pi)", &recorder{}); o.Err == nil || !strings.Contains(o.Err.Traceback[0], "undefined: y (it was lost in the crash; %restore brings it back)") {
		t.Errorf("a variable that was lost gave %v", o.Err)
	}
	n.run("type T struct{ B string }\nx := T{\"dos\"}\nfunc f() string { return x.B }")
	n.wants("%restore", "Restored 1 declaration, and y as after In [N].\nAs cells have declared them since: T, f, x.")
	n.wants("fmt.Println(f(), g(), y, x, m.Pi > 3)", "dos 11 2 {dos} true")
	n.wants("p := mp.NewProcess(func() { fmt.Println(f(), g(), y) })\np.Start()\np.Join()", "dos 11 2")
	n.crash()
	n.wants("%restore", "Restored 3 declarations, and y, x as after In [N].\nDeclared, without the value that it had: p (an *mp.Process).")
	n.wants("fmt.Println(f(), g(), y)", "dos 11 2")
}

// TestRestoreWithinLimits has values that are not kept.
func TestRestoreWithinLimits(t *testing.T) {
	n := newNotebook(t)
	n.run("a := make([]byte, 30<<20)\na[1] = 1\nb := make([]int64, 10<<20)\nc := 3\nmu := &sync.Mutex{}\nmu.Lock()")
	n.run("f, _ := os.Open(os.DevNull)\nq := mp.NewQueue()\ntype T struct { ch chan int; n int }\nt := T{make(chan int), 1}\nh := func() int { return <-t.ch }\nwg := struct { sync.WaitGroup }{}\nwg.Add(1)")
	n.crash()
	n.wants("%restore", "Restored 1 declaration, and a, c, h as after In [N].\nDeclared, without the value that it had: "+
		"b (too large: 80 MB, and there is room for 64 MB in all), mu (a sync.Mutex, and it is locked), f (an *os.File), q (an *mp.Queue), t (t.ch is a channel), wg (wg.WaitGroup is a sync.WaitGroup, and it is in use).")
	n.wants("fmt.Println(len(a), a[1], len(b), c)", "31457280 1 0 3")
}

// TestRestoreAfterCrashes lets sessions die of what cells do.
func TestRestoreAfterCrashes(t *testing.T) {
	for name, code := range map[string]string{
		"concurrent map writes":    "m := map[int]int{}\nfor range 8 { go func() { for i := 0; ; i++ { m[i%10] = i } }() }\nselect {}",
		"a stack in compiled code": "s := []any{nil}\ns[0] = s\nfmt.Sprint(s)",
		"killed":                   "syscall.Kill(os.Getpid(), syscall.SIGKILL)\nselect {}",
		"killed with its group":    "syscall.Kill(0, syscall.SIGKILL)\nselect {}",
	} {
		t.Run(name, func(t *testing.T) {
			n := newNotebook(t)
			n.run("x := 1\nfunc doble() int { return 2 * x }")
			n.run("x = 21")
			if o := n.execute("y := 5\n"+code, &recorder{}); o.Err == nil || o.Err.Name != lang.Crashed {
				t.Fatalf("the cell gave %v", o.Err)
			}
			<-n.session.Done()
			n.fresh()
			if got := n.run("%restore"); !strings.Contains(got, "x as after In [2]") || !strings.Contains(got, "y (In [3] did not end)") {
				t.Error(got)
			}
			n.wants("fmt.Println(doble(), y)", "42 0")
		})
	}
}
