//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// TestManyLines has 8 goroutines and 2 children print 100 000 lines in all.
func TestManyLines(t *testing.T) {
	t.Parallel()
	k := serve(t)
	e := k.ok(`
const cada = 10_000
func escribe(quien string) {
	for i := range cada { fmt.Printf("%s %d ñandú\n", quien, i) }
}
hijos := []*mp.Process{}
for i := range 2 {
	p := mp.NewProcess(escribe, fmt.Sprint("hijo", i))
	if err := p.Start(); err != nil { panic(err) }
	hijos = append(hijos, p)
}
var wg sync.WaitGroup
for g := range 8 {
	wg.Add(1)
	go func() {
		defer wg.Done()
		escribe(fmt.Sprint("goroutine", g))
	}()
}
wg.Wait()
for _, p := range hijos {
	if err := p.Join(); err != nil { panic(err) }
}`)
	next := map[string]int{}
	for line := range strings.Lines(e.Text("stdout")) {
		who, _, _ := strings.Cut(line, " ")
		if want := fmt.Sprintf("%s %d ñandú\n", who, next[who]); line != want {
			t.Fatalf("line %q, want %q", line, want)
		}
		next[who]++
	}
	if len(next) != 10 {
		t.Errorf("%d writers, want 10", len(next))
	}
	for who, n := range next {
		if n != 10_000 {
			t.Errorf("%s wrote %d lines", who, n)
		}
	}
	if e.Text("stderr") != "" {
		t.Errorf("stderr: %s", e.Text("stderr"))
	}
}

// TestLateOutput awaits that what outlives a cell writes under its header.
func TestLateOutput(t *testing.T) {
	t.Parallel()
	k := serve(t)
	k.ok("sigue := make(chan bool)")
	first := k.ok(`
go func() {
	<-sigue
	fmt.Println("tarde")
	log.Println("registrado")
	sigue <- true
}()
func tarde() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	fmt.Println("espera")
	<-c
	fmt.Println("hijo tarde")
}
hijo := mp.NewProcess(tarde)
hijo.Start()`)
	k.awaitLine(first.ID, "espera")
	second := k.ok(`
fmt.Println("segunda")
sigue <- true
<-sigue
syscall.Kill(hijo.PID(), syscall.SIGUSR1)
hijo.Join()`)
	if got := second.Text("stdout") + second.Text("stderr"); got != "segunda\n" {
		t.Errorf("the second cell printed %q", got)
	}
	for _, line := range []string{"tarde\n", "hijo tarde\n"} {
		k.awaitLine(first.ID, line[:len(line)-1])
	}
	k.Await("the line of the logger", func(r kerneltest.Received) bool {
		text, _ := kerneltest.Field(r.Message, "text").(string)
		return r.Channel == kerneltest.IOPub && r.ParentID() == first.ID &&
			kerneltest.Field(r.Message, "name") == "stderr" && strings.HasSuffix(text, "registrado\n")
	})
}

// TestWaysToPrint checks that each way of writing reaches its cell before the
// reply, and what is displayed comes in order with what was printed.
func TestWaysToPrint(t *testing.T) {
	t.Parallel()
	k := serve(t)
	for _, test := range []struct{ code, stdout, stderr string }{
		{`fmt.Print("a", 1, "\n")`, "a1\n", ""},
		{`fmt.Print("sin fin de línea")`, "sin fin de línea", ""},
		{`os.Stdout.Write([]byte("b\n"))`, "b\n", ""},
		{`os.Stdout.WriteString("c\n"); os.Stderr.WriteString("d\n")`, "c\n", "d\n"},
		{`fmt.Fprintln(os.Stdout, "e"); fmt.Fprintln(os.Stderr, "f")`, "e\n", "f\n"},
		{`w := bufio.NewWriter(os.Stdout); w.WriteString("g\n"); w.Flush()`, "g\n", ""},
		{`println("h")`, "", "h\n"},
		{`exec := mp.NewProcess(func() { fmt.Print("i"); os.Stderr.WriteString("j") }); exec.Start(); exec.Join()`, "i", "j"},
		{`fmt.Print("\xff€")`, "\uFFFD€", ""},
	} {
		e := k.ok(test.code)
		if e.Text("stdout") != test.stdout || e.Text("stderr") != test.stderr {
			t.Errorf("%s\nprinted %q and %q, want %q and %q", test.code, e.Text("stdout"), e.Text("stderr"), test.stdout, test.stderr)
		}
	}
	// What was written to the descriptor comes before what is displayed next.
	e := k.ok(`
fmt.Println("1")
display.Show(display.HTML("<b>2</b>"))
fmt.Println("3")
os.Stdout.WriteString("4\n")
display.Show(display.HTML("<b>5</b>"))
fmt.Println("6")
7`)
	types := e.Types()
	if !strings.HasPrefix(types, "busy execute_input stream display_data stream display_data stream execute_result") {
		t.Errorf("published %q", types)
	}
	shown, before := 0, ""
	for _, r := range e.IOPub {
		switch r.Header.Type {
		case wire.DisplayData:
			shown++
		case wire.Stream:
			if text, _ := kerneltest.Field(r.Message, "text").(string); shown < 2 {
				before += text
			}
		}
	}
	if !strings.Contains(before, "4\n") || strings.Contains(before, "6") {
		t.Errorf("printed before the second display: %q", before)
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	k := serve(t)
	ask := func(code string, answers ...string) kerneltest.Execution {
		t.Helper()
		id := k.Code(code, kerneltest.Fields{"allow_stdin": true})
		asked := map[string]bool{}
		for _, answer := range answers {
			q := k.Await("input_request", func(r kerneltest.Received) bool {
				return r.Channel == kerneltest.Stdin && r.Header.Type == wire.InputRequest && r.ParentID() == id && !asked[r.Header.ID]
			})
			asked[q.Header.ID] = true
			m := k.Message(wire.InputReply, map[string]any{"status": "ok", "value": answer})
			m.Parent = q.RawHeader
			k.SendMessage(kerneltest.Stdin, m)
		}
		return k.Finish(id)
	}
	for _, test := range []struct {
		code    string
		answers []string
		want    string
	}{
		{`var nombre string; var edad int; n, err := fmt.Scan(&nombre, &edad); fmt.Println(n, err, nombre, edad)`, []string{"Ana 30"}, "2 <nil> Ana 30\n"},
		{`var a, b int; fmt.Scan(&a, &b); fmt.Println(a + b)`, []string{"1", "2"}, "3\n"},
		{`var linea string; fmt.Scanln(&linea); fmt.Println(linea)`, []string{"hola"}, "hola\n"},
		{`s := bufio.NewScanner(os.Stdin); s.Scan(); fmt.Println(s.Text())`, []string{"una línea entera"}, "una línea entera\n"},
		{`var x int; _, err := fmt.Scan(&x); fmt.Println(err)`, []string{"\x04"}, "EOF\n"},
	} {
		if e := ask(test.code, test.answers...); e.Text("stdout") != test.want {
			t.Errorf("%s\nprinted %q, want %q\n%s", test.code, e.Text("stdout"), test.want, plain(e.Traceback()))
		}
	}
	e := k.Finish(k.Code(`var x int; fmt.Scan(&x); fmt.Println("no")`, kerneltest.Fields{"allow_stdin": false}))
	k.fails(e, lang.Panic, lang.ErrNoInput.Error())
	if e.Text("stdout") != "" {
		t.Errorf("the cell went on: %s", e.Text("stdout"))
	}

	id := k.Code(`var y int; fmt.Println("ready"); fmt.Scan(&y)`, kerneltest.Fields{"allow_stdin": true})
	k.Await("input_request", func(r kerneltest.Received) bool { return r.Channel == kerneltest.Stdin && r.ParentID() == id })
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted)
	if e := ask(`fmt.Scan(&y); fmt.Println(y)`, "7"); e.Text("stdout") != "7\n" {
		t.Errorf("after an interrupt: %q\n%s", e.Text("stdout"), plain(e.Traceback()))
	}
}
