package limited

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"
	"unicode/utf8"

	"cuaderno/interp/display"
	"cuaderno/interp/lang"
)

// A meter is the output of one cell: it counts what is said, and how long the cell
// runs.
type meter struct {
	lang.Output
	rules  *Rules
	cancel context.CancelCauseFunc

	mu   sync.Mutex
	over *overrun // nil until a limit is passed
	// ended says that the cell has; what goes on may still write.
	ended bool
	said  int64
	// clock runs while the cell does and nobody is asked; left is what the clock had
	// when it was started, and asked how many questions are open.
	clock   *time.Timer
	started time.Time
	left    time.Duration
	asked   int
}

// meter returns the output of a cell, and the context that it runs under.
func (s *Session) meter(ctx context.Context, out lang.Output) (*meter, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	m := &meter{Output: out, rules: &s.rules, cancel: cancel, left: s.rules.CellTime}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run()
	return m, ctx
}

// run starts the clock. The caller holds mu.
func (m *meter) run() {
	if m.rules.CellTime > 0 && !m.ended && m.over == nil {
		m.started = time.Now()
		m.clock = time.AfterFunc(m.left, func() { m.pass(tooLong(m.rules)) })
	}
}

// halt stops the clock. The caller holds mu.
func (m *meter) halt() {
	if m.clock != nil && m.clock.Stop() {
		m.left -= time.Since(m.started)
	}
}

// pass stops the cell. The first limit counts, and one that is passed after the end
// of the cell is told to whoever reads the output.
func (m *meter) pass(over *overrun) {
	m.mu.Lock()
	if m.over != nil {
		m.mu.Unlock()
		return
	}
	m.over = over
	ended, cancel := m.ended, m.cancel
	m.mu.Unlock()
	if ended {
		m.Output.Stderr([]byte("\n" + over.name + ": " + over.text + "\n"))
		return
	}
	cancel(over)
}

// end is called when the cell has ended. It returns which limit the cell has passed.
func (m *meter) end() *overrun {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	m.halt()
	m.cancel(nil)
	m.cancel = nil // what holds the output shall not hold the context
	return m.over
}

// room returns how many of n bytes may still be said, and counts them.
func (m *meter) room(n int64) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rules.Output > 0 {
		n = max(0, min(n, m.rules.Output-m.said))
	}
	m.said += n
	return n
}

// take reports whether n bytes, which are nothing in part, may be said.
func (m *meter) take(n int64) bool {
	if m.rules.Output == 0 {
		return true
	}
	if m.room(n) < n {
		m.pass(tooMuch(m.rules))
		return false
	}
	return true
}

// shortLine is how long a line, in bytes, is shown in whole or not at all.
const shortLine = 4 << 10

// text returns what of p may be said: whole lines, or whole runes of a long one.
func (m *meter) text(p []byte) (_ []byte, whole bool) {
	n := int(m.room(int64(len(p))))
	if n == len(p) {
		return p, true
	}
	end := bytes.LastIndexByte(p[:n], '\n') + 1
	if next := bytes.IndexByte(p[n:], '\n'); end > 0 || next >= 0 && n+next < shortLine {
		return p[:end], false
	}
	for n > 0 && !utf8.RuneStart(p[n]) {
		n--
	}
	return p[:n], false
}

func (m *meter) stream(write func([]byte), p []byte) {
	p, whole := m.text(p)
	if len(p) > 0 {
		write(p)
	}
	if !whole {
		m.pass(tooMuch(m.rules))
	}
}

// Stdout implements lang.Output.
func (m *meter) Stdout(p []byte) { m.stream(m.Output.Stdout, p) }

// Stderr implements lang.Output.
func (m *meter) Stderr(p []byte) { m.stream(m.Output.Stderr, p) }

// Display implements lang.Output.
func (m *meter) Display(b display.Bundle, id string) {
	if m.take(size(b)) {
		m.Output.Display(b, id)
	}
}

// UpdateDisplay implements lang.Output.
func (m *meter) UpdateDisplay(b display.Bundle, id string) {
	if m.take(size(b)) {
		m.Output.UpdateDisplay(b, id)
	}
}

// Comm implements lang.Output.
func (m *meter) Comm(c lang.CommMessage) {
	n := len(c.Data) + len(c.Metadata)
	for _, buffer := range c.Buffers {
		n += len(buffer)
	}
	if m.take(int64(n)) {
		m.Output.Comm(c)
	}
}

// conclude counts what a cell shows with its end. What is too much is left out, but
// for the error of the cell, which is shortened.
func (m *meter) conclude(o *lang.Outcome) {
	if o.Err != nil {
		o.Err = o.Err.Shortened()
		m.take(errorSize(o.Err))
	}
	for _, shown := range []**display.Bundle{&o.Result, &o.Page} {
		if *shown != nil && !m.take(size(**shown)) {
			*shown = nil
		}
	}
	for name, e := range o.Expressions {
		n := int64(len(name))
		if e.Err != nil {
			e.Err = e.Err.Shortened()
			n += errorSize(e.Err)
		}
		if e.Bundle != nil {
			n += size(*e.Bundle)
		}
		o.Expressions[name] = e
		if !m.take(n) {
			delete(o.Expressions, name)
		}
	}
}

func errorSize(e *lang.Error) int64 {
	n := len(e.Name) + len(e.Value)
	for _, line := range e.Traceback {
		n += len(line)
	}
	return int64(n)
}

// ReadLine implements lang.Output.
func (m *meter) ReadLine(ctx context.Context, prompt string, password bool) (string, error) {
	if !m.rules.Interactive {
		return m.Output.ReadLine(ctx, prompt, password)
	}
	m.mu.Lock()
	if m.asked++; m.asked == 1 {
		m.halt()
	}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.asked--; m.asked == 0 {
			m.run()
		}
	}()
	return m.Output.ReadLine(ctx, prompt, password)
}

// size is about how many bytes a bundle has in a message.
func size(b display.Bundle) (n int64) {
	for name, value := range b.Data {
		n += int64(len(name))
		switch value := value.(type) {
		case string:
			n += int64(len(value))
		case []byte:
			n += int64(len(value)) / 3 * 4
		case json.RawMessage:
			n += int64(len(value))
		default:
			if text, err := json.Marshal(value); err == nil {
				n += int64(len(text))
			}
		}
	}
	return n
}
