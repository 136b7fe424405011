package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"

	"cuaderno/interp/lang"
)

// programCell is the cell that a program is.
const programCell = 1

// joinChildren is what a program does at its end: as in CPython, children that
// are no daemons are waited for.
const joinChildren = `import mpʹ "cuaderno/mpruntime"
for _, p := range mpʹ.ActiveChildren() { if !p.Daemon { p.Join() } }`

// runProgram runs a Go program, or a cell without package clause, with the
// streams of this process, and ends as go run would.
func (p *program) runProgram(ctx context.Context, request runRequest, start lang.Starter) error {
	source, err := request.source(p.stdin)
	if err != nil {
		return err
	}
	if err := request.checkProgram(source); err != nil {
		p.complain(err.Error())
		return exitError(1)
	}
	out := newPrinter(p.stdout, p.stderr, newLineReader(p.stdin))
	r := newRunner(start)
	outcome, err := r.execute(ctx, lang.Cell{Count: programCell, Code: request.named(source)}, out)
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

// named gives the program the name of its file, which runtime.Caller tells.
func (r runRequest) named(source string) string {
	path, err := filepath.Abs(r.file)
	if err != nil || r.file == "-" || strings.ContainsAny(path, "\n\r") || strings.Contains(path, "*/") {
		return source
	}
	return "/*line " + path + ":1:1*/" + source
}

// checkProgram refuses a file that go run would refuse: one that is no main
// package, or has no main function. Other mistakes are the checker's to tell.
func (r runRequest) checkProgram(source string) error {
	if r.file == "-" {
		return nil
	}
	file, _ := parser.ParseFile(token.NewFileSet(), r.file, source, parser.SkipObjectResolution)
	if file == nil || file.Name == nil || file.Name.Name == "" || file.Name.Name == "_" {
		return fmt.Errorf("%s: expected 'package main' at the start of a program", r.file)
	}
	if file.Name.Name != "main" {
		return fmt.Errorf("package %s is not a main package: %s cannot be run", file.Name.Name, r.file)
	}
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "main" {
			return nil
		}
	}
	return fmt.Errorf("%s: function main is undeclared in the main package", r.file)
}

// exitedWith stands before the exit status of a session that ended by itself.
const exitedWith = "exited with status "

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
	if _, status, ok := strings.Cut(failure.Value, exitedWith); ok && failure.Name == lang.Crashed {
		// A compiled package called os.Exit, as package flag does for -h.
		if code, err := strconv.Atoi(strings.TrimSpace(status)); err == nil {
			if code == 0 {
				return nil
			}
			return exitError(code)
		}
	}
	name := request.file
	if name == "-" {
		name = "<standard input>"
	}
	// The program is no cell to whoever runs it.
	words := []string{fmt.Sprintf("In [%d]", programCell), name}
	switch failure.Name {
	case lang.Interrupted, lang.CellTimeout, lang.OutputLimit, lang.MemoryLimit:
		words = append(words, "the cell", "the program", "The cell", "The program", "; the variables are kept", "")
	}
	p.complain(strings.NewReplacer(words...).Replace(strings.Join(failure.Traceback, "\n")))
	switch {
	case failure.Name == lang.Interrupted && ctx.Err() != nil:
		return interruptedStatus(ctx)
	case failure.Name == lang.Panic, failure.Name == lang.Crashed, failure.Name == lang.MemoryLimit:
		return exitError(2)
	}
	return exitError(1)
}
