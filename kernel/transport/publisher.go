package transport

import (
	"slices"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// window is how many bytes may be in zmq4's queue before Send waits.
const window = 1 << 20

// publisher is a PUB socket. zmq4 puts each message in a queue without bound
// and writes it to one subscriber after the other. The publisher learns how far
// that has come by marks: when a connection meets a mark, everything sent
// before has been written to every subscriber.
type publisher struct {
	receiver
	link *link

	mu     sync.Mutex // held for the whole of a Send
	unseen int        // bytes sent after the last mark that came through
	marks  uint64     // marks sent
	closed bool
}

func newPublisher(l *link, z zmq4.Socket) *publisher {
	return &publisher{receiver: receiver{zmq: z, ended: make(chan struct{})}, link: l}
}

// Recv waits for the end of the socket: subscribers send nothing.
func (p *publisher) Recv() ([][]byte, error) {
	<-p.ended
	return nil, ErrClosed
}

func (p *publisher) Send(frames [][]byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	for _, f := range frames {
		p.unseen += len(f)
	}
	if err := p.zmq.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		return err
	}
	if p.unseen >= window {
		p.drain(nil)
	}
	return nil
}

// recheck is how often drain looks whether anybody is left to wait for.
const recheck = 50 * time.Millisecond

// drain waits until everything sent has been written, nobody is subscribed, or
// limit fires. Subscribers that do not read are disconnected after the stall
// time, so it ends.
func (p *publisher) drain(limit <-chan time.Time) {
	p.marks++
	if p.zmq.SendMulti(zmq4.NewMsg(newMark(p.marks))) != nil {
		return
	}
	tick := time.NewTicker(recheck)
	defer tick.Stop()
	for p.subscribed() {
		if p.link.mark.Load() >= p.marks {
			break
		}
		select {
		case <-p.link.moved:
		case <-limit:
			return
		case <-tick.C:
		}
	}
	p.unseen = 0
}

// subscribed reports whether somebody receives everything, as front ends do,
// and so will meet a mark.
func (p *publisher) subscribed() bool {
	topics, ok := p.zmq.(zmq4.Topics)
	return ok && slices.Contains(topics.Topics(), "")
}

func (p *publisher) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	limit := time.NewTimer(linger)
	defer limit.Stop()
	p.drain(limit.C)
	p.mu.Unlock()
	return p.end()
}
