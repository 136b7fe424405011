package mpruntime

import (
	"bytes"
	"regexp"
)

// A crash finds, in the lines of a process's stderr, what the Go runtime writes
// when it ends the process, and keeps from it what it says first. The stacks that
// follow show the interpreter and not the notebook.
type crash struct {
	held  []byte // lines that begin a crash, or may
	stack bool   // they did, and the stacks follow
}

// maxCrash is how many bytes of lines that may begin a crash wait for the next.
const maxCrash = 8 << 10

// crashMarks are how the runtime begins to say why it ends the process, after the
// end of a line.
var crashMarks = [][]byte{
	[]byte("\nfatal error: "), []byte("\nruntime: "), []byte("\nunexpected fault address "),
	[]byte("\nSIGQUIT: "), []byte("\nSIGABRT: "), []byte("\nSIGSEGV: "), []byte("\nSIGBUS: "), []byte("\nSIGILL: "),
}

// crashStacks is how the stacks begin, crashLines what they are made of, and what
// comes between the first lines and them.
var (
	crashStacks = regexp.MustCompile(`^(goroutine \d+ .*\[|runtime stack:)`)
	crashLines  = regexp.MustCompile(`^($|\t|goroutine \d+ |runtime stack:|created by |\.\.\.|exit status |[a-z][a-z0-9]* +0x[0-9a-f]+$|\S.*\)$)`)
	crashHead   = regexp.MustCompile(`^($|fatal error: |runtime: |\[signal |PC=|\t|sp=|unexpected fault|\[.*\]$|panic during |SIG)`)
)

// pass returns what of whole lines goes on.
func (c *crash) pass(text []byte) []byte {
	if len(c.held) == 0 && !beginsCrash(text) {
		return text
	}
	var passed []byte
	for line := range bytes.Lines(text) {
		bare := bytes.TrimRight(line, "\r\n")
		switch {
		case c.stack && crashLines.Match(bare):
		case len(c.held) > 0 && !c.stack && crashStacks.Match(bare):
			c.stack = true
		case len(c.held) > 0 && !c.stack && len(c.held) < maxCrash && crashHead.Match(bare):
			c.held = append(c.held, line...)
		default: // it has not ended: what was held was somebody else's
			passed = append(passed, c.end("")...)
			if beginsCrash(line) {
				c.held = append(c.held, line...)
			} else {
				passed = append(passed, line...)
			}
		}
	}
	return passed
}

// end returns what is left to say when the process has ended that is called who, or
// when it turns out that another wrote.
func (c *crash) end(who string) []byte {
	held := c.held
	if c.stack {
		held = append(bytes.TrimRight(held, "\n"), '\n')
		if bytes.Contains(held, []byte("out of memory")) {
			held = append(held, "(a higher limit: --memory or CUADERNO_MEMORY)\n"...)
		}
		if who != "" {
			held = append([]byte(who+": "), held...)
		}
	}
	c.held, c.stack = nil, false
	return held
}

// beginsCrash reports whether a line of text may begin a crash.
func beginsCrash(text []byte) bool {
	for _, mark := range crashMarks {
		if bytes.HasPrefix(text, mark[1:]) || bytes.Contains(text, mark) {
			return true
		}
	}
	return false
}
