package transport

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of what waits for a peer.
const (
	// stall is how long a peer may accept no byte before it is dropped.
	stall = 3 * time.Second
	// budget is how many bytes may wait before Publisher.Wait waits.
	budget = 32 << 20
	// overflow is how many bytes may wait before one more message drops the peer.
	overflow = 2 * budget
	// linger is how long a peer may accept no byte, and then not hang up, while
	// its socket closes.
	linger = time.Second
)

// batch is about how many bytes are given to one write.
const batch = 1 << 20

var (
	errStalled  = errors.New("the peer does not read")
	errOverflow = fmt.Errorf("%w, and %d MiB wait for it", errStalled, overflow>>20)
)

// An outbox is what waits to be written to one peer. put may be called from any
// goroutine and does not wait; run is the writer.
type outbox struct {
	conn    net.Conn
	limit   int64         // bytes beyond which put refuses; 0 means none
	eased   func()        // called when waiting has come below budget, and to nothing
	drained func()        // called when nothing waits where a budget did
	waiting atomic.Int64  // bytes
	wake    chan struct{} // receives when there is something to do

	mu        sync.Mutex
	packets   []packet
	finishing bool
	swollen   bool // a budget has waited since nothing did
}

func newOutbox(c net.Conn, limit int64, eased, drained func()) *outbox {
	return &outbox{conn: c, limit: limit, eased: eased, drained: drained, wake: make(chan struct{}, 1)}
}

func (o *outbox) put(p packet) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finishing {
		return ErrClosed
	}
	if o.limit > 0 && o.waiting.Load() >= o.limit {
		return errOverflow
	}
	o.packets = append(o.packets, p)
	if o.waiting.Add(int64(p.size)) >= budget {
		o.swollen = true
	}
	o.signal()
	return nil
}

// finish lets run end when all has been written.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finishing = true
	o.signal()
}

// discard lets go of what waits, for a peer that is gone.
func (o *outbox) discard() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.packets, o.finishing = nil, true
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// run writes until finish, an error, or the end of the peer. After finish it
// says goodbye: the peer reads all that was sent, hangs up, and only then is the
// connection closed, since closing one with unread bytes discards what is on
// its way to the peer.
func (o *outbox) run(gone <-chan struct{}) error {
	for {
		pieces, finishing := o.take()
		switch {
		case len(pieces) > 0:
			if err := o.write(pieces); err != nil {
				return err
			}
		case finishing:
			return o.goodbye()
		default:
			select {
			case <-o.wake:
			case <-gone:
				return nil
			}
		}
	}
}

// take returns the pieces of what waits, up to a batch.
func (o *outbox) take() (pieces net.Buffers, finishing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for size := 0; n < len(o.packets) && size < batch; n++ {
		pieces = append(pieces, o.packets[n].pieces...)
		size += o.packets[n].size
		o.packets[n] = packet{}
	}
	if o.packets = o.packets[n:]; len(o.packets) == 0 {
		o.packets = nil
	}
	return pieces, o.finishing
}

// write writes pieces for as long as the peer takes some of them.
func (o *outbox) write(pieces net.Buffers) error {
	const look = stall / 6
	for moved := time.Now(); len(pieces) > 0; {
		if err := o.conn.SetWriteDeadline(time.Now().Add(look)); err != nil {
			return err
		}
		n, err := pieces.WriteTo(o.conn)
		if n > 0 {
			moved = time.Now()
			o.wrote(n)
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err != nil && time.Since(moved) >= o.patience() {
			return errStalled
		}
	}
	return nil
}

// wrote notes that n bytes have left.
func (o *outbox) wrote(n int64) {
	after := o.waiting.Add(-n)
	if after == 0 || after < budget && after+n >= budget {
		o.eased()
	}
	if after > 0 {
		return
	}
	o.mu.Lock()
	swollen := o.swollen
	o.swollen = false
	o.mu.Unlock()
	if swollen {
		o.drained()
	}
}

func (o *outbox) patience() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finishing {
		return linger
	}
	return stall
}

func (o *outbox) goodbye() error {
	if half, ok := o.conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return err
		}
	}
	return o.conn.SetReadDeadline(time.Now().Add(linger))
}
