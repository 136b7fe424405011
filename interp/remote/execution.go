package remote

import (
	"context"
	"slices"

	"cuaderno/interp/lang"
)

// An execution is one cell: its output, valid as long as anything of the session can
// write to it, what it has left in the background, "" if nothing, and what is needed
// until it has ended only.
type execution struct {
	out  lang.Output
	left string
	*underway
}

// What is under way has a context, and a place where its outcome goes.
type underway struct {
	ctx    context.Context
	result chan lang.Outcome
	taken  chan taken // of a comm message
}

// begin gives an execution its serial number.
func (c *Client) begin(e *execution) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	c.cells[c.serial] = e
	c.active = append(c.active, e)
	c.last = e
	return c.serial
}

func (c *Client) ended(e *execution) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = slices.DeleteFunc(c.active, func(other *execution) bool { return other == e })
	e.underway = nil
}

// silence forgets an execution that nothing can write to any more.
func (c *Client) silence(serial uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.cells, serial)
}

// await waits for how something ends in the session, and interrupts it there when
// ctx ends; ok is false when the session ended first.
func await[T any](c *Client, ctx context.Context, serial uint64, ended <-chan T) (end T, ok bool) {
	interrupted := ctx.Done()
	for {
		select {
		case end = <-ended:
			return end, true
		case <-interrupted:
			_ = c.conn.Write(kindInterrupt, withSerial(serial, nil)) // a dead session is noticed below
			interrupted = nil
		case <-c.done:
			select {
			case end = <-ended:
				return end, true
			default:
				return end, false
			}
		}
	}
}

func (c *Client) execution(serial uint64) *execution {
	e, _ := c.lookUp(serial)
	return e
}

// lookUp returns the execution of a number, nil if there is none, and what it has
// while it is under way.
func (c *Client) lookUp(serial uint64) (*execution, *underway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.cells[serial]
	if e == nil {
		return nil, nil
	}
	return e, e.underway
}
