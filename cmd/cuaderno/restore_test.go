//go:build linux

package main

import (
	"strings"
	"testing"

	"cuaderno/interp/lang"
)

// TestRestore loses sessions behind a kernel, and brings back what they had.
func TestRestore(t *testing.T) {
	k := serve(t)
	k.ok("type Punto struct{ X, Y int }\nfunc (p *Punto) Suma() int { return p.X + p.Y }\np := &Punto{1, 2}\nch := make(chan int)")
	k.ok("p.X = 40")

	crash := k.Execute("cuenta := map[int]int{}\nfor range 8 { go func() { for i := 0; ; i++ { cuenta[i%10] = i } }() }\nselect {}")
	k.fails(crash, lang.Crashed, "concurrent map", "the variables are gone",
		"%restore brings back 1 declaration, and p as after In [3].", "It cannot bring back ch (a channel), cuenta (In [4] did not end).")
	k.fails(k.Execute("p.Suma()"), lang.CompileError, "undefined: p (it was lost in the crash; %restore brings it back)")
	if text := k.Execute("%restore").Text("stdout"); !strings.HasPrefix(text, "Restored 1 declaration, and p as after In [3].\n") {
		t.Errorf("%%restore said %q", text)
	}
	k.prints("fmt.Println(p.Suma(), len(cuenta))", "42 0\n")

	k.ok("p.Y = 3")
	session := k.session()
	id, _ := k.begin("fmt.Println(\"ready\")\nfor {}")
	stop(t, session)
	k.interrupt()
	k.fails(k.Finish(id), lang.Interrupted, "%restore brings back 1 declaration, and ch, p, cuenta as after In [9].")
	k.ok("%restore")
	k.prints("fmt.Println(p.Suma())", "43\n")
	k.prints("%restore", "There is nothing to restore: no session of this notebook has crashed since the last %restore.\n")
}
