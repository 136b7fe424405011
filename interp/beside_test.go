package interp_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"cuaderno/interp/lang"
)

// A shell runs cells one after the other, beside other shells of one session.
type shell struct {
	t       *testing.T
	session lang.Session
	count   int
}

func (s *shell) execute(ctx context.Context, code string, out lang.Output) lang.Outcome {
	s.count++
	return s.session.Execute(ctx, lang.Cell{Count: s.count, Code: code}, out)
}

// run runs a cell that must succeed, and returns what it printed and its result.
func (s *shell) run(code string) string {
	s.t.Helper()
	out := &recorder{}
	outcome := s.execute(s.t.Context(), code, out)
	if outcome.Err != nil {
		s.t.Fatalf("%s\n%s", code, strings.Join(outcome.Err.Traceback, "\n"))
	}
	text := out.text(false) + out.text(true)
	if outcome.Result != nil {
		text += fmt.Sprint(outcome.Result.Data["text/plain"])
	}
	return text
}

// A spoken is an output that waits for what a cell prints.
type spoken struct {
	recorder
	printed chan string
}

func (s *spoken) Stdout(p []byte) { s.printed <- string(p) }

// begin starts a cell that prints a line and goes on; end interrupts it.
func (s *shell) begin(code string) (end func() lang.Outcome) {
	s.t.Helper()
	out := &spoken{printed: make(chan string, 100)}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan lang.Outcome, 1)
	go func() { ended <- s.execute(ctx, code, out) }()
	select {
	case <-out.printed:
	case o := <-ended:
		s.t.Fatalf("%s\nended: %v", code, o.Err)
	}
	return func() lang.Outcome {
		cancel()
		return <-ended
	}
}

func shells(t *testing.T) (a, b *shell) {
	t.Helper()
	session := newSession(t)
	return &shell{t: t, session: session}, &shell{t: t, session: session, count: 100_000}
}

func wants(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCellsBeside runs cells while another loops: they share what is declared, and
// the interrupt of the one is none of theirs.
func TestCellsBeside(t *testing.T) {
	a, b := shells(t)
	a.run(`
var mu sync.Mutex
vueltas, paso := 0, 1
func sube(n int) int { return n + paso }
func crece() { mu.Lock(); defer mu.Unlock(); vueltas = sube(vueltas) }`)
	end := a.begin(`fmt.Println("ready")
for { crece() }`)

	wants(t, b.run("type P struct{ X int }\nfunc (p P) Doble() int { return 2 * p.X }\nfmt.Println(P{4}.Doble())\n1 + 1"), "8\n2")
	b.run(`
func lee() int { mu.Lock(); defer mu.Unlock(); return vueltas }
for antes := lee(); lee() <= antes; { runtime.Gosched() }`)
	// The loop calls the new one from now on.
	b.run("func sube(n int) int { return -1 }\nfor lee() >= 0 { runtime.Gosched() }")
	if o := b.execute(t.Context(), "nada + 1", &recorder{}); o.Err == nil || o.Err.Name != lang.CompileError {
		t.Errorf("a cell that does not compile gave %v", o.Err)
	}
	if o := b.execute(t.Context(), "panic(\"uno\")", &recorder{}); o.Err == nil || o.Err.Name != lang.Panic {
		t.Errorf("a panic gave %v", o.Err)
	}
	if o := b.execute(t.Context(), "os.Exit(3)", &recorder{}); o.Err == nil || o.Err.Name != lang.Exit {
		t.Errorf("os.Exit gave %v", o.Err)
	}
	// Interrupting one leaves the other alone.
	spins := b.begin("fmt.Println(\"ready\")\nfor {}")
	if o := spins(); o.Err == nil || o.Err.Name != lang.Interrupted {
		t.Errorf("an interrupt gave %v", o.Err)
	}
	wants(t, b.run("mu.Lock()\nvueltas = 7\nmu.Unlock()\nfor lee() != -1 { runtime.Gosched() }\n\"vive\""), `"vive"`)
	if o := end(); o.Err == nil || o.Err.Name != lang.Interrupted {
		t.Errorf("an interrupt gave %v", o.Err)
	}
	wants(t, a.run("sube(1)"), "-1")
	wants(t, b.run("P{3}.Doble()"), "6")
}

// TestWaitForCellBeside awaits that a cell which waits for what another one does is
// no deadlock, and that two that wait for each other are.
func TestWaitForCellBeside(t *testing.T) {
	a, b := shells(t)
	a.run("ch, fin := make(chan int), make(chan bool)")
	result := make(chan string, 1)
	go func() { result <- a.run("n := <-ch\nn") }()
	// Longer than a deadlock takes to be found, without waiting for it.
	b.run("suma := 0\nfor desde := time.Now(); time.Since(desde) < time.Second; { suma++ }\nch <- suma - suma + 5")
	wants(t, <-result, "5")

	first := make(chan lang.Outcome, 1)
	go func() { first <- a.execute(t.Context(), "<-fin", &recorder{}) }()
	second := b.execute(t.Context(), "<-ch", &recorder{})
	for _, o := range []lang.Outcome{<-first, second} {
		if o.Err == nil || o.Err.Name != lang.Panic || !strings.Contains(o.Err.Value, "deadlock") {
			t.Errorf("cells that wait for each other gave %v", o.Err)
		}
	}
}

// TestChildrenBeside interrupts one of two cells that wait for children.
func TestChildrenBeside(t *testing.T) {
	a, b := shells(t)
	a.run("func duerme() { time.Sleep(time.Hour) }")
	end := a.begin("p := mp.NewProcess(duerme)\np.Start()\nfmt.Println(\"ready\")\np.Join()")
	other := b.begin("q := mp.NewProcess(duerme)\nq.Start()\nfmt.Println(\"ready\")\nq.Join()")
	if o := other(); o.Err == nil || o.Err.Name != lang.Interrupted {
		t.Errorf("an interrupt gave %v", o.Err)
	}
	wants(t, b.run("q.JoinTimeout(30 * time.Second)\nfmt.Println(q.IsAlive(), p.IsAlive())"), "false true\n")
	end()
	wants(t, b.run("p.JoinTimeout(30 * time.Second)\np.IsAlive()"), "false")
}

// lines answers what a cell reads.
type lines struct {
	recorder
	line string
}

func (l *lines) ReadLine(ctx context.Context, _ string, _ bool) (string, error) {
	if l.line == "" {
		<-ctx.Done()
		return "", io.EOF
	}
	return l.line, nil
}

// TestInputBeside reads in one cell while another waits for its own input.
func TestInputBeside(t *testing.T) {
	a, b := shells(t)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan lang.Outcome, 1)
	go func() { first <- a.execute(ctx, "var s string\nfmt.Scan(&s)", &lines{}) }()
	out := &lines{line: "dos tres"}
	if o := b.execute(t.Context(), "var x, y string\nfmt.Scan(&x, &y)\nfmt.Println(y, x)", out); o.Err != nil {
		t.Error(o.Err)
	}
	wants(t, out.text(false), "tres dos\n")
	cancel()
	if o := <-first; o.Err == nil || o.Err.Name != lang.Interrupted {
		t.Errorf("an interrupt while reading gave %v", o.Err)
	}
}

// TestManyCellsBeside runs a thousand small cells of two shells at once.
func TestManyCellsBeside(t *testing.T) {
	a, b := shells(t)
	a.run("var total atomic.Int64\nimport \"sync/atomic\"")
	cells := 500
	if testing.Short() {
		cells = 100
	}
	var wg sync.WaitGroup
	for n, s := range []*shell{a, b} {
		wg.Go(func() {
			for i := range cells {
				switch i % 5 {
				case 0:
					s.run(fmt.Sprintf("v%d := %d", n, i))
				case 1:
					wants(t, s.run(fmt.Sprintf("v%d + 1", n)), fmt.Sprint(i))
				case 2:
					wants(t, s.run(fmt.Sprintf("func f%d(x int) int { return x + %d }\nf%d(1)", n, i, n)), fmt.Sprint(i+1))
				case 3:
					wants(t, s.run(fmt.Sprintf("type T%d struct{ A int }\nfunc (t T%d) Suma(x int) int { return t.A + x }\nfor range 10 { total.Add(1) }\nfmt.Println(T%d{%d}.Suma(1))", n, n, n, i)), fmt.Sprintln(i+1))
				case 4:
					wants(t, s.run(fmt.Sprintf("c%[1]d := make(chan int)\ngo func() { c%[1]d <- f%[1]d(2) }()\n_ = <-c%[1]d\nfmt.Println(f%[1]d(0))", n)), fmt.Sprintln(i-2))
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	wg.Wait()
	wants(t, a.run("total.Load()"), fmt.Sprint(2*cells/5*10))
}
