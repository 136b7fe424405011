package interp_test

import (
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

// A listener hears what a cell says on stderr, also after its end.
type listener struct {
	recorder
	heard chan string
}

func (l *listener) Stderr(p []byte) { l.heard <- string(p) }

// TestLateEnds awaits that a cell which has ended tells what its goroutines end by.
func TestLateEnds(t *testing.T) {
	a, _ := shells(t)
	a.run("func baja(n int) int { return baja(n+1) + 1 }")
	for code, want := range map[string]string{
		`os.Exit(3)`:      "exit status 3",
		`log.Fatal("no")`: "no",
		`panic("tarde")`:  "tarde",
		`baja(0)`:         "stack overflow",
	} {
		out := &listener{heard: make(chan string, 100)}
		if o := a.execute(t.Context(), "fin := make(chan bool)\ngo func() { <-fin; "+code+" }()", out); o.Err != nil {
			t.Fatal(o.Err)
		}
		a.run("close(fin)")
		var text string
		for !strings.Contains(text, "(in a goroutine that In [") {
			text += <-out.heard
		}
		if !strings.Contains(text, want) {
			t.Errorf("%s says\n%s", code, text)
		}
	}
	wants(t, a.run("1 + 1"), "2")
}

// TestReadingWithoutInput awaits that reading fails the cell where nobody can answer,
// whoever reads.
func TestReadingWithoutInput(t *testing.T) {
	a, _ := shells(t)
	for _, code := range []string{
		"var s string\nfmt.Scan(&s)",
		"lee := bufio.NewScanner(os.Stdin)\nfor lee.Scan() {}",
		"bufio.NewReader(os.Stdin).ReadString('\\n')",
		"io.ReadAll(os.Stdin)",
	} {
		o := a.execute(t.Context(), code, &recorder{})
		if o.Err == nil || o.Err.Name != lang.Panic || !strings.Contains(o.Err.Value, lang.ErrNoInput.Error()) {
			t.Errorf("%s gave %v", code, o.Err)
		}
	}
}

// TestHandlerPanics awaits that the log of net/http shows no stack of the engine.
func TestHandlerPanics(t *testing.T) {
	a, _ := shells(t)
	out := &listener{heard: make(chan string, 100)}
	if o := a.execute(t.Context(), `
puerta, _ := net.Listen("tcp", "127.0.0.1:0")
go http.Serve(puerta, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("roto") }))`, out); o.Err != nil {
		t.Fatal(o.Err)
	}
	a.run("_, err := http.Get(\"http://\" + puerta.Addr().String())\nerr != nil")
	text := <-out.heard
	if !strings.Contains(text, "http: panic serving") || !strings.Contains(text, "roto") || strings.Contains(text, "goroutine") {
		t.Errorf("the log says\n%s", text)
	}
}
