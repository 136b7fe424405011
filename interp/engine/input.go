package engine

import "sync"

// An input is what the goroutines of a cell were given to read and have not read
// yet.
type input struct {
	mu   sync.Mutex
	rest string
}

// Read is the standard input of the cell's goroutines: it asks the front end for a
// line when the one before is used up. A stop of the cell ends the caller, which
// must be one of them.
func (c *Cell) Read(p []byte) (int, error) {
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	if c.in.rest == "" {
		line, err := c.Out.ReadLine(c.ctx, "", false)
		if err != nil {
			c.Check()
			return 0, err
		}
		c.in.rest = line + "\n"
	}
	n := copy(p, c.in.rest)
	c.in.rest = c.in.rest[n:]
	return n, nil
}

// Ask asks the front end for one line with a prompt. A stop of the cell ends the
// caller, as in Read.
func (c *Cell) Ask(prompt string, password bool) (string, error) {
	line, err := c.Out.ReadLine(c.ctx, prompt, password)
	if err != nil {
		c.Check()
	}
	return line, err
}
