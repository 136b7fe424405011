package kernel

import "context"

// A pace is how the output of an origin is sent.
type pace int

const (
	steady   pace = iota
	hurrying      // its cell has been interrupted, and has not ended
	finished      // its cell has ended
)

// awaitRoom waits for subscribers that read slowly.
func (p *publisher) awaitRoom() {
	p.mu.Lock()
	patience := p.patience
	p.mu.Unlock()
	p.sock.Wait(patience)
}

// hurry is called when a cell is interrupted: what it has printed goes out
// without waiting for anybody, so that its end is not late for all because one
// subscriber reads slowly. How much may wait for that one is bounded all the same.
func (p *publisher) hurry(o *origin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.pace == steady {
		o.pace = hurrying
		p.hurried++
		p.hurryUp()
	}
}

// calm ends the hurry of a cell that has ended.
func (p *publisher) calm(o *origin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.pace == hurrying {
		p.hurried--
	}
	o.pace = finished
	if p.hurried == 0 && !p.stopping && p.patience.Err() != nil {
		p.patience, p.hurryUp = context.WithCancel(context.Background())
	}
}
