package interp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"

	"cuaderno/interp/display"
	"cuaderno/interp/engine"
	"cuaderno/interp/engine/compiled"
	"cuaderno/interp/lang"
)

// This file gives each goroutine of a cell the output, the input, the clock and
// the end of its cell instead of the process's.

// stream is the output of the calling goroutine's cell.
type stream struct {
	e      *evaluator
	stderr bool
}

func (s stream) Write(p []byte) (int, error) {
	g := engine.Current()
	switch {
	case g == nil && s.stderr:
		return s.e.stderr.Write(p)
	case g == nil:
		return s.e.stdout.Write(p)
	case s.stderr:
		g.Cell.Out.Stderr(p)
	default:
		g.Cell.Out.Stdout(p)
	}
	return len(p), nil
}

// logged is where the standard logger writes: the stderr of the cell that logs.
// net/http logs the panic of a handler with the stack of the engine, of which only the
// first line says something.
type logged struct{ stream }

func (l logged) Write(p []byte) (int, error) {
	line := p
	if bytes.Contains(p, []byte("http: panic serving ")) {
		if end := bytes.Index(p, []byte("\ngoroutine ")); end >= 0 {
			line = p[:end+1]
		}
	}
	if _, err := l.stream.Write(line); err != nil {
		return 0, err
	}
	return len(p), nil
}

// redirectLog sends the standard logger's lines to the cell that logs.
func (e *evaluator) redirectLog() { log.SetOutput(logged{stream{e, true}}) }

// input is the standard input of the calling goroutine's cell. It is not more than
// a reader, so that a scan takes the newline that ends it along, as it does from
// os.Stdin; what else it leaves of a line is there for the next.
type input struct{}

func (input) Read(p []byte) (int, error) {
	g := engine.Current()
	if g == nil {
		return 0, io.EOF
	}
	n, err := g.Cell.Read(p)
	if errors.Is(err, lang.ErrNoInput) {
		// Who reads in a loop would take an error for the end, or never end.
		panic(fmt.Errorf("reading standard input: %w", err))
	}
	return n, err
}

// engineOptions are what cells see instead of functions and files of the
// standard library.
func (e *evaluator) engineOptions() compiled.Options {
	out, errs := stream{e, false}, stream{e, true}
	in := input{}
	values := func(m map[string]any) map[string]reflect.Value {
		syms := map[string]reflect.Value{}
		for name, f := range m {
			syms[name] = reflect.ValueOf(f)
		}
		return syms
	}
	fatal := func(text string) {
		log.Output(3, text) //nolint:errcheck // there is nowhere else to tell
		engine.ExitCell(1)
	}
	write := func(f *os.File, p []byte) (int, error) {
		switch f {
		case os.Stdout:
			return out.Write(p)
		case os.Stderr:
			return errs.Write(p)
		}
		return f.Write(p)
	}
	replaced := map[string]map[string]reflect.Value{
		"fmt": values(map[string]any{
			"Print":   func(a ...any) (int, error) { return fmt.Fprint(out, a...) },
			"Printf":  func(format string, a ...any) (int, error) { return fmt.Fprintf(out, format, a...) },
			"Println": func(a ...any) (int, error) { return fmt.Fprintln(out, a...) },
			"Scan":    func(a ...any) (int, error) { return fmt.Fscan(in, a...) },
			"Scanln":  func(a ...any) (int, error) { return fmt.Fscanln(in, a...) },
			"Scanf":   func(format string, a ...any) (int, error) { return fmt.Fscanf(in, format, a...) },
		}),
		"log": values(map[string]any{
			"Fatal":   func(a ...any) { fatal(fmt.Sprint(a...)) },
			"Fatalf":  func(format string, a ...any) { fatal(fmt.Sprintf(format, a...)) },
			"Fatalln": func(a ...any) { fatal(fmt.Sprintln(a...)) },
		}),
		"os": values(map[string]any{
			"Exit":                engine.ExitCell,
			"(*File).Write":       write,
			"(*File).WriteString": func(f *os.File, s string) (int, error) { return write(f, []byte(s)) },
			"(*File).Read": func(f *os.File, p []byte) (int, error) {
				if f == os.Stdin {
					return in.Read(p)
				}
				return e.engine.ReadFile(f, p)
			},
		}),
	}
	return compiled.Options{
		Replaced: replaced,
		Files: map[*os.File]any{
			os.Stdout: outputFile{os.Stdout, out},
			os.Stderr: outputFile{os.Stderr, errs},
			os.Stdin:  inputFile{os.Stdin, in},
		},
		Print: func(p []byte) { _, _ = errs.Write(p) },
	}
}

// An outputFile is the process's output as cells see it in an io.Writer.
type outputFile struct {
	*os.File
	stream stream
}

func (f outputFile) Write(p []byte) (int, error)         { return f.stream.Write(p) }
func (f outputFile) WriteString(s string) (int, error)   { return f.stream.Write([]byte(s)) }
func (f outputFile) ReadFrom(r io.Reader) (int64, error) { return io.Copy(f.stream, r) }

// An inputFile is the process's input as cells see it in an io.Reader.
type inputFile struct {
	*os.File
	input input
}

func (f inputFile) Read(p []byte) (int, error)         { return f.input.Read(p) }
func (f inputFile) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, f.input) }

// sink shows what the calling goroutine's cell displays.
type sink struct{}

func (sink) Display(b display.Bundle, id string) {
	if g := engine.Current(); g != nil {
		g.Cell.Out.Display(b, id)
	}
}

func (sink) Update(b display.Bundle, id string) {
	if g := engine.Current(); g != nil {
		g.Cell.Out.UpdateDisplay(b, id)
	}
}

func (sink) Clear(wait bool) {
	if g := engine.Current(); g != nil {
		g.Cell.Out.ClearOutput(wait)
	}
}

func (sink) Ask(prompt string, password bool) (string, error) {
	g := engine.Current()
	if g == nil {
		return "", lang.ErrNoInput
	}
	return g.Cell.Ask(prompt, password)
}

// processOutput is the output of a child: its own descriptors.
type processOutput struct{ stdout, stderr io.Writer }

func (o processOutput) Stdout(p []byte) { _, _ = o.stdout.Write(p) }
func (o processOutput) Stderr(p []byte) { _, _ = o.stderr.Write(p) }
func (o processOutput) Display(b display.Bundle, _ string) {
	fmt.Fprintln(o.stdout, b.Data[display.MIMEPlain])
}
func (o processOutput) UpdateDisplay(b display.Bundle, id string) { o.Display(b, id) }
func (processOutput) ClearOutput(bool)                            {}
func (processOutput) Comm(lang.CommMessage)                       {}
func (processOutput) ReadLine(context.Context, string, bool) (string, error) {
	return "", io.EOF
}
