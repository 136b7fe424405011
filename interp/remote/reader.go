package remote

import (
	"syscall"
	"time"

	"cuaderno/interp/lang"
)

// read handles what the session says until it ends, and then ends what is left
// of its processes.
func (c *Client) read() {
	defer close(c.done)
	for {
		kind, payload, err := c.conn.Read()
		if err != nil {
			break
		}
		c.pipes.alive()
		if kind != kindAnswered && kind != kindSilent {
			c.proc.Drain() // what was written to the descriptors came before
		}
		if c.handle(kind, payload) != nil {
			break
		}
	}
	c.mu.Lock()
	closing := c.closing
	c.mu.Unlock()
	if !closing {
		c.awaitDeath()
	}
	c.lifeline.Close()
	<-c.proc.Done()
	_ = c.proc.SignalGroup(syscall.SIGKILL) // the group may be empty
	c.proc.Drain()
	if !closing {
		c.err = c.crashError()
	}
	c.proc.Close()
}

// deathLimit is how long a session whose connection is gone may take to die.
const deathLimit = time.Second

func (c *Client) awaitDeath() {
	timer := time.NewTimer(deathLimit)
	defer timer.Stop()
	select {
	case <-c.proc.Done():
	case <-timer.C:
	}
}

func (c *Client) handle(kind byte, payload []byte) error {
	switch kind {
	case kindStdout, kindStderr:
		serial, text, err := cutSerial(payload)
		if err != nil {
			return err
		}
		e := c.execution(serial)
		switch {
		case e == nil:
		case kind == kindStdout:
			e.out.Stdout(text)
		default:
			e.out.Stderr(text)
		}
	case kindDisplay, kindUpdate, kindClear:
		m, err := decode[shown](payload, "a display message")
		if err != nil {
			return err
		}
		c.show(kind, m)
	case kindAsk:
		m, err := decode[ask](payload, "a question")
		if err != nil {
			return err
		}
		c.answer(m)
	case kindOutcome:
		m, err := decode[outcome](payload, "an outcome")
		if err != nil {
			return err
		}
		if _, u := c.lookUp(m.Serial); u != nil {
			u.result <- m.Outcome
		}
	case kindTaken:
		m, err := decode[taken](payload, "the end of a comm message")
		if err != nil {
			return err
		}
		if _, u := c.lookUp(m.Serial); u != nil {
			u.taken <- m
		}
	case kindComm:
		m, err := decodeComm(payload)
		if err != nil {
			return err
		}
		if e := c.execution(m.serial); e != nil {
			e.out.Comm(m.message)
		}
	case kindAnswered:
		m, err := decode[answered](payload, "the answer to a query")
		if err != nil {
			return err
		}
		c.deliver(m)
	case kindSilent:
		serial, _, err := cutSerial(payload)
		if err != nil {
			return err
		}
		c.silence(serial)
	}
	return nil
}

func (c *Client) show(kind byte, m shown) {
	e := c.execution(m.Serial)
	switch {
	case e == nil:
	case kind == kindDisplay:
		e.out.Display(m.Bundle, m.ID)
	case kind == kindUpdate:
		e.out.UpdateDisplay(m.Bundle, m.ID)
	default:
		e.out.ClearOutput(m.Wait)
	}
}

// answer puts a question to whoever shows the cell.
func (c *Client) answer(m ask) {
	e, u := c.lookUp(m.Serial)
	if e == nil {
		return
	}
	c.answers.Go(func() {
		line, err := "", lang.ErrNoInput
		if u != nil {
			line, err = e.out.ReadLine(u.ctx, m.Prompt, m.Password)
		}
		_ = c.conn.Write(kindAnswer, encode(answer{m.ID, line, errorName(err)})) // the session may be gone
	})
}
