//go:build linux

package main

import (
	"testing"

	"cuaderno/interp/lang"
	"cuaderno/kernel/kerneltest"
	"cuaderno/kernel/wire"
)

// result is the text/plain of a cell's result.
func result(e kerneltest.Execution) any {
	for _, r := range e.Of(wire.ExecuteResult) {
		data, _ := kerneltest.Field(r.Message, "data").(map[string]any)
		return data["text/plain"]
	}
	return nil
}

// finished wants a cell to have succeeded.
func (k *served) finished(id string) kerneltest.Execution {
	k.t.Helper()
	e := k.Finish(id)
	if e.Status() != "ok" {
		k.t.Fatalf("the cell gave %s\n%s", e.Status(), plain(e.Traceback()))
	}
	return e
}

// TestSubshells runs cells side by side (JEP 91, rule 42), as ipykernel's
// test_subshells.py does.
func TestSubshells(t *testing.T) {
	t.Parallel()
	k := serve(t)
	sub := k.Subshell()
	pairs := map[string][2]string{
		"main and sub": {"", sub}, "sub and main": {sub, ""}, "two subs": {sub, k.Subshell()},
	}

	for name, p := range pairs {
		// Each cell waits for the other: only side by side do both end.
		k.ok("ping, pong := make(chan int), make(chan int)")
		first := k.CodeIn(p[0], "ping <- 1\n<-pong", nil)
		second := k.CodeIn(p[1], "n := <-ping\npong <- n + 1\nn", nil)
		if got := result(k.finished(first)); got != "2" {
			t.Errorf("%s: the first cell's result is %v, want 2", name, got)
		}
		if got := result(k.finished(second)); got != "1" {
			t.Errorf("%s: the second cell's result is %v, want 1", name, got)
		}
	}

	k.ok("var kept = 41")
	k.ok("func inc(n int) int { return n + 1 }")
	spin, _ := k.begin(`fmt.Println("ready"); for { }`)

	// A subshell declares, redefines, prints, starts processes and reads input
	// while a cell of the main shell runs, and each has its own output.
	for _, cell := range []struct{ code, stdout string }{
		{`fmt.Println(inc(kept))`, "42\n"},
		{`func inc(n int) int { return n + 2 }`, ""},
		{`type pair struct{ a, b int }; fmt.Println(pair{inc(0), 1})`, "{2 1}\n"},
		{`p := mp.NewProcess(func() { fmt.Println("child", kept) }); p.Start(); p.Join()`, "child 41\n"},
	} {
		if got := k.finished(k.CodeIn(sub, cell.code, nil)).Text("stdout"); got != cell.stdout {
			t.Errorf("%s\nprinted %q, want %q", cell.code, got, cell.stdout)
		}
	}
	asks := k.CodeIn(sub, `var name string; fmt.Scanln(&name); fmt.Println(name)`, kerneltest.Fields{"allow_stdin": true})
	q := k.Await("input_request", func(r kerneltest.Received) bool {
		return r.Channel == kerneltest.Stdin && r.ParentID() == asks
	})
	m := k.Message(wire.InputReply, map[string]any{"status": "ok", "value": "Ana"})
	m.Parent = q.RawHeader
	k.SendMessage(kerneltest.Stdin, m)
	if got := k.finished(asks).Text("stdout"); got != "Ana\n" {
		t.Errorf("the cell that read printed %q", got)
	}
	k.fails(k.Finish(k.CodeIn(sub, `undeclared`, nil)), lang.CompileError, "undefined: undeclared")
	k.fails(k.Finish(k.CodeIn(sub, `panic("over there")`, nil)), lang.Panic, "over there")

	// What a cell of a subshell started writes to that cell afterwards.
	late := k.finished(k.CodeIn(sub, `gate := make(chan bool); go func() { <-gate; fmt.Println("late") }()`, nil))
	k.finished(k.CodeIn(sub, `close(gate)`, nil))
	k.awaitLine(late.ID, "late")

	other := k.CodeIn(sub, `fmt.Println("ready"); select {}`, nil)
	k.awaitLine(other, "ready")
	k.interrupt()
	k.fails(k.Finish(spin), lang.Interrupted)
	k.fails(k.Finish(other), lang.Interrupted)
	k.prints(`fmt.Println(kept, inc(kept))`, "41 43\n")

	// A crash fails the cells of all shells.
	wait, _ := k.begin(`fmt.Println("ready"); select {}`)
	crash := k.Finish(k.CodeIn(sub, `import "syscall"; syscall.Kill(os.Getpid(), syscall.SIGABRT); select {}`, nil))
	k.fails(crash, lang.Crashed, "the variables are gone")
	k.fails(k.Finish(wait), lang.Crashed, "the variables are gone")
	if e := k.Finish(k.CodeIn(sub, `kept`, nil)); e.Status() != "error" {
		t.Errorf("kept is %v after a crash", result(e))
	}
}
