package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cuaderno/interp/lang"
)

// programCell is the cell that a program is.
const programCell = 1

// joinChildren is what a program does at its end: as in CPython, children that
// are no daemons are waited for.
const joinChildren = `for _, p := range mp.ActiveChildren() { if !p.Daemon { p.Join() } }`

// runProgram runs a Go program, or a cell without package clause, with the
// streams of this process, and ends as go run would.
func (p *program) runProgram(ctx context.Context, request runRequest, start lang.Starter) error {
	source, err := request.source(p.stdin)
	if err != nil {
		return err
	}
	out := newPrinter(p.stdout, p.stderr, newLineReader(p.stdin))
	r := newRunner(start, request.timeout)
	outcome, err := r.execute(ctx, lang.Cell{Count: programCell, Code: source}, out)
	if err == nil && outcome.Err == nil {
		if outcome.Result != nil {
			out.show(*outcome.Result)
		}
		outcome, err = r.execute(ctx, lang.Cell{Count: programCell, Code: joinChildren, Silent: true}, out)
	}
	if err == nil {
		err = p.programEnd(ctx, request, outcome.Err)
	} else if ctx.Err() != nil {
		err = interruptedStatus(ctx)
	}
	return p.joined(err, r.close()) // what the program left running may still print
}

// programEnd tells how the program failed and returns its exit status.
func (p *program) programEnd(ctx context.Context, request runRequest, failure *lang.Error) error {
	if failure == nil {
		return nil
	}
	if failure.Name == lang.Exit {
		status, ok := strings.CutPrefix(failure.Value, "exit status ")
		code, err := strconv.Atoi(status)
		if !ok || err != nil {
			return fmt.Errorf("the program ended with %q, which is no exit status", failure.Value)
		}
		if code == 0 {
			return nil
		}
		return exitError(code)
	}
	name := request.file
	if name == "-" {
		name = "<standard input>"
	}
	// The program is no cell to whoever runs it.
	words := []string{fmt.Sprintf("In [%d]", programCell), name}
	if failure.Name == lang.Interrupted || failure.Name == timedOut {
		words = append(words, "the cell", "the program", "; the variables are kept", "")
	}
	p.complain(strings.NewReplacer(words...).Replace(strings.Join(failure.Traceback, "\n")))
	switch {
	case failure.Name == lang.Interrupted && ctx.Err() != nil:
		return interruptedStatus(ctx)
	case failure.Name == lang.Panic, failure.Name == lang.Crashed:
		return exitError(2)
	}
	return exitError(1)
}
