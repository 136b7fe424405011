package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// A printer is the lang.Output of a terminal or a file: streams as they come, and
// the text of what is displayed.
type printer struct {
	mu             sync.Mutex
	stdout, stderr io.Writer
	lines          *lineReader // nil: there is no input
}

func newPrinter(stdout, stderr io.Writer, lines *lineReader) *printer {
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	return &printer{stdout: stdout, stderr: stderr, lines: lines}
}

var _ lang.Output = (*printer)(nil)

func (o *printer) Stdout(p []byte) { o.write(o.stdout, p) }
func (o *printer) Stderr(p []byte) { o.write(o.stderr, p) }

func (o *printer) write(w io.Writer, p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, _ = w.Write(p) // a reader that is gone has heard enough
}

func (o *printer) Display(b display.Bundle, _ string) { o.show(b) }

// UpdateDisplay shows the new state below the old one.
func (o *printer) UpdateDisplay(b display.Bundle, _ string) { o.show(b) }

func (o *printer) show(b display.Bundle) {
	if text, ok := b.Data[display.MIMEPlain]; ok {
		o.Stdout(fmt.Appendln(nil, text))
	}
}

// ClearOutput does nothing: what is printed is printed.
func (*printer) ClearOutput(bool) {}

// Comm does nothing: there is no front end to talk to.
func (*printer) Comm(lang.CommMessage) {}

func (o *printer) ReadLine(ctx context.Context, prompt string, _ bool) (string, error) {
	if o.lines == nil {
		return "", lang.ErrNoInput
	}
	o.Stdout([]byte(prompt))
	return o.lines.next(ctx)
}

func (o *printer) result(_ int, b display.Bundle) { o.show(b) }

// fail does nothing: whoever executes the cell complains.
func (*printer) fail(*lang.Error) {}
