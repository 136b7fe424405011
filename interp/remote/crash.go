package remote

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"

	"cuaderno/interp/lang"
)

// pipes receives what is written to the helper's own stdout and stderr. Text
// that looks like the beginning of a crash is held back until the session
// either shows that it lives or has died of it: it then belongs to the error.
type pipes struct {
	client *Client

	mu   sync.Mutex
	held []byte
}

func (p *pipes) stdout(text []byte) {
	if e := p.client.running(); e != nil {
		e.out.Stdout(text)
	}
}

// maxHeld is how much is kept of a crash: it begins with what matters.
const maxHeld = 64 << 10

// crashMarks are how the Go runtime begins to say why it ends the process.
var crashMarks = [][]byte{[]byte("fatal error: "), []byte("runtime: "), []byte("panic: "), []byte("unexpected fault address"), []byte("SIG")}

func (p *pipes) stderr(text []byte) {
	p.mu.Lock()
	if p.held == nil {
		at := crashStart(text)
		p.held = append(p.held, text[at:]...)
		text = text[:at]
	} else {
		p.held = append(p.held, text[:min(len(text), max(0, maxHeld-len(p.held)))]...)
		text = nil
	}
	p.mu.Unlock()
	p.deliver(text)
}

// crashStart returns where the first line of text that begins a crash starts,
// its length if none does.
func crashStart(text []byte) int {
	for at := 0; at < len(text); {
		for _, mark := range crashMarks {
			if bytes.HasPrefix(text[at:], mark) {
				return at
			}
		}
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	return len(text)
}

// alive gives back what was held: the session lives.
func (p *pipes) alive() {
	p.mu.Lock()
	held := p.held
	p.held = nil
	p.mu.Unlock()
	p.deliver(held)
}

func (p *pipes) deliver(text []byte) {
	if len(text) == 0 {
		return
	}
	if e := p.client.running(); e != nil {
		e.out.Stderr(text)
	}
}

// crashText returns what the runtime said before its traceback, which shows the
// interpreter and not the notebook.
func (p *pipes) crashText() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, _, _ := strings.Cut(string(p.held), "\n\n")
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "runtime: sp=") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// running returns the cell to which bytes of unknown origin belong: the newest
// that runs, or that ran last.
func (c *Client) running() *execution {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.active); n > 0 {
		return c.active[n-1]
	}
	return c.last
}

// crashError says of what the session died, and what may have had a part in it that
// cells before have left in the background.
func (c *Client) crashError() error {
	lines := []string{c.cause()}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, serial := range slices.Sorted(maps.Keys(c.cells)) {
		if left := c.cells[serial].left; left != "" {
			lines = append(lines, left)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// cause says of what the session died.
func (c *Client) cause() string {
	code, _ := c.proc.State()
	if text := c.pipes.crashText(); text != "" && code != -int(syscall.SIGKILL) {
		return text
	}
	switch {
	case code == -int(syscall.SIGKILL):
		return "killed by signal 9 (SIGKILL); who sent it is not known: a person, a limit such as that of CPU time, or the system when it has no memory left"
	case code < 0:
		return fmt.Sprintf("killed by signal %d (%s)", -code, syscall.Signal(-code))
	}
	return fmt.Sprintf("it exited with status %d", code)
}

// crashed is the outcome of a cell whose session died.
func (c *Client) crashed() lang.Outcome {
	text := "it was closed"
	if err := c.Err(); err != nil {
		text = err.Error()
	}
	traceback := append([]string{"\x1b[1;31mThe session crashed:\x1b[0m"}, strings.Split(text, "\n")...)
	return lang.Outcome{Err: &lang.Error{Name: lang.Crashed, Value: summary(text), Traceback: traceback}}
}

// summary is the line of a crash text that says most.
func summary(text string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "fatal error: ") {
			return strings.TrimSpace(line)
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	return first
}
