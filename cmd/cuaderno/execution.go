package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cuaderno/internal/nbformat"
	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// Tags of cells that nbclient knows.
const (
	tagMayFail = "raises-exception"
	tagSkip    = "skip-execution"
)

// An execution is a notebook whose cells are being executed, as nbconvert
// --execute does it.
type execution struct {
	p        *program
	request  runRequest
	notebook *nbformat.Notebook
	recorder *nbformat.Recorder
	printer  *printer // instead of the recorder, nil with -o
	runner   *runner
	count    int       // of cells executed so far
	last     *lastCell // nil before the first
	// processes says that cells may have started some.
	processes bool
}

// A lastCell is the cell that was executed last.
type lastCell struct {
	name    string
	mayFail bool
	output  cellOutput
}

// runNotebook executes a notebook and writes it with its outputs. Without -o it
// prints what the cells print.
func (p *program) runNotebook(ctx context.Context, request runRequest, start lang.Starter) error {
	notebook, err := nbformat.ReadFile(request.file)
	if err != nil {
		return fmt.Errorf("%s: %w", request.file, err)
	}
	if language := notebook.Language(); language != "" && language != "go" {
		return fmt.Errorf("%s is a notebook for %s, not for Go", request.file, language)
	}
	if request.out != "" {
		// Better now than after the last cell.
		if _, err := os.Stat(filepath.Dir(request.out)); err != nil {
			return fmt.Errorf("-o %s: %w", request.out, err)
		}
	}
	e := &execution{
		p: p, request: request, notebook: notebook, recorder: nbformat.NewRecorder(),
		runner: newRunner(start),
	}
	if request.out == "" {
		e.printer = newPrinter(p.stdout, p.stderr, nil)
	}
	err = e.run(ctx)
	err = p.joined(err, e.runner.close()) // what the cells left running may still print
	if request.out == "" {
		return err
	}
	e.recorder.Store()
	return p.joined(err, notebook.WriteFile(request.out))
}

// run executes the code cells in order, until one fails that may not.
func (e *execution) run(ctx context.Context) error {
	for i, cell := range e.notebook.Cells {
		source := cell.Source()
		if cell.Type() != "code" || strings.TrimSpace(source) == "" || cell.HasTag(tagSkip) {
			continue
		}
		if err := e.checkSession(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return interruptedStatus(ctx)
		}
		e.count++
		e.last = &lastCell{
			name:    cellName(i+1, e.count, cell.ID()),
			mayFail: e.request.allowErrors || cell.HasTag(tagMayFail),
			output:  e.output(cell),
		}
		e.processes = e.processes || strings.Contains(source, "NewProcess")
		outcome, err := e.runner.execute(ctx, lang.Cell{Count: e.count, Code: source}, e.last.output)
		switch {
		case err != nil && ctx.Err() != nil:
			return interruptedStatus(ctx)
		case err != nil:
			return err
		case outcome.Result != nil:
			e.last.output.result(e.count, *outcome.Result)
		case outcome.Err != nil:
			if err := e.fail(ctx, outcome.Err); err != nil {
				return err
			}
		}
	}
	if err := e.checkSession(); err != nil {
		return err
	}
	return e.join(ctx)
}

// join waits for the processes that the cells have left running, as a program does.
// What they write belongs to the cells that started them.
func (e *execution) join(ctx context.Context) error {
	if !e.processes || e.runner.session == nil {
		return nil
	}
	outcome, err := e.runner.execute(ctx, lang.Cell{Count: e.count, Code: joinChildren, Silent: true}, e.last.output)
	switch {
	case ctx.Err() != nil:
		return interruptedStatus(ctx)
	case err != nil:
		return err
	case outcome.Err != nil:
		e.p.complain(fmt.Sprintf("cuaderno run: %s: waiting for the processes that its cells have started: %v", e.request.file, outcome.Err))
		return exitError(1)
	}
	return nil
}

// checkSession fails the last cell if the session has crashed since.
func (e *execution) checkSession() error {
	if err := e.runner.lost(); err != nil {
		return e.fail(context.Background(), err)
	}
	return nil
}

// fail records that the last cell failed. It returns an error if that ends the
// execution.
func (e *execution) fail(ctx context.Context, failure *lang.Error) error {
	if failure.Name == lang.Crashed {
		note := "The variables are gone: the cells that follow get a fresh session."
		failure = &lang.Error{Name: failure.Name, Value: failure.Value, Traceback: append(failure.Traceback, note)}
	}
	e.last.output.fail(failure)
	stopped := failure.Name == lang.Interrupted && ctx.Err() != nil
	traceback := strings.Join(failure.Traceback, "\n")
	if e.last.mayFail && !stopped {
		if e.printer != nil {
			e.p.complain(traceback)
		}
		return nil
	}
	e.p.complain(fmt.Sprintf("cuaderno run: %s: %s failed: %v\n%s", e.request.file, e.last.name, failure, traceback))
	if stopped {
		return interruptedStatus(ctx)
	}
	return exitError(1)
}

// cellName is how a person finds a cell: its place among all cells from one, its
// number, and its id.
func cellName(place, count int, id string) string {
	if id == "" {
		return fmt.Sprintf("cell %d (In [%d])", place, count)
	}
	return fmt.Sprintf("cell %d (In [%d], id %s)", place, count, id)
}

// output begins a cell.
func (e *execution) output(cell *nbformat.Cell) cellOutput {
	if e.printer != nil {
		return e.printer
	}
	return recording{e.recorder.Begin(cell, e.count)}
}

// A cellOutput is where the outputs of a cell go.
type cellOutput interface {
	lang.Output
	result(count int, b display.Bundle)
	fail(failure *lang.Error)
}

// A recording is the output of a cell that is written to a notebook. Nobody is
// there to answer, as under nbconvert.
type recording struct{ outputs *nbformat.Outputs }

func (o recording) Stdout(p []byte) { o.outputs.Stream("stdout", p) }
func (o recording) Stderr(p []byte) { o.outputs.Stream("stderr", p) }

func (o recording) Display(b display.Bundle, id string) {
	o.outputs.Display(b.Data, b.Metadata, id)
}

func (o recording) UpdateDisplay(b display.Bundle, id string) {
	o.outputs.Update(b.Data, b.Metadata, id)
}

func (o recording) ClearOutput(wait bool) { o.outputs.Clear(wait) }

// Comm does nothing: nobody looks at the notebook while it runs.
func (recording) Comm(lang.CommMessage) {}

func (recording) ReadLine(context.Context, string, bool) (string, error) {
	return "", lang.ErrNoInput
}

func (o recording) result(count int, b display.Bundle) { o.outputs.Result(count, b.Data, b.Metadata) }

func (o recording) fail(failure *lang.Error) {
	o.outputs.Error(failure.Name, failure.Value, failure.Traceback)
}
