package kernel

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"cuaderno/kernel/wire"
)

// Limits of stream output. A stream message leaves when it is streamDelay old,
// when it holds streamSize bytes, or when something follows it. A writer waits
// while streamBudget bytes wait to leave.
const (
	streamDelay  = 20 * time.Millisecond
	streamSize   = 64 << 10
	streamBudget = 4 << 20
)

// An origin is what messages follow from: the request that they name as their
// parent. Late output of a cell keeps the cell's origin (rule 39).
type origin struct {
	parent json.RawMessage
	tails  map[string][]byte // by stream, an incomplete rune at its end; publisher.run's
	ended  bool              // its cell has; publisher.run's
}

// A publisher owns iopub: whoever has something to say queues it, and one
// goroutine signs and sends, in order. Only write may wait, and flush for as long
// as its caller allows.
type publisher struct {
	ch      *channel
	codec   *wire.Codec
	session string
	log     *slog.Logger

	wake chan struct{} // receives when run has something new to look at
	done chan struct{} // closed when run has ended
	late int           // lines of cells that had ended; run's, until done

	mu       sync.Mutex
	room     sync.Cond // signalled when waiting has shrunk
	items    []*item
	waiting  int // stream bytes in items
	stopping bool
}

// An item is what run takes from the queue: one of a message, a piece of a
// stream, the end of an origin's runes, or a flush.
type item struct {
	message *wire.Message

	stream string // "stdout" or "stderr"
	origin *origin
	text   []byte
	born   time.Time

	finish  *origin
	flushed chan struct{}
}

func newPublisher(codec *wire.Codec, session string, log *slog.Logger) *publisher {
	p := &publisher{
		codec:   codec,
		session: session,
		log:     log,
		wake:    make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	p.room.L = &p.mu
	return p
}

// status publishes an execution state.
func (p *publisher) status(parent json.RawMessage, state string) {
	p.publish(wire.Status, parent, wire.StatusContent{ExecutionState: state})
}

// publish queues a message. Everything written to streams before leaves first.
func (p *publisher) publish(t wire.Type, parent json.RawMessage, content any) {
	m, err := wire.NewMessage(t, p.session, parent, content)
	if err != nil {
		p.log.Error("a message was not published", "type", t, "error", err)
		return
	}
	m.Identities = [][]byte{[]byte("kernel." + p.session + "." + string(t))}
	p.add(&item{message: m})
}

// finish publishes what is left of an incomplete rune at the end of a cell.
func (p *publisher) finish(o *origin) { p.add(&item{finish: o}) }

// flush waits until everything queued has been sent, or for limit.
func (p *publisher) flush(limit time.Duration) {
	it := &item{flushed: make(chan struct{})}
	p.add(it)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-it.flushed:
	case <-p.done:
	case <-timer.C:
		p.log.Warn("iopub is slow: a reply overtakes its output")
	}
}

func (p *publisher) add(it *item) {
	p.mu.Lock()
	p.items = append(p.items, it)
	p.mu.Unlock()
	p.signal()
}

func (p *publisher) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// write appends to a stream of an origin. It waits while too much is queued.
func (p *publisher) write(o *origin, stream string, text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.waiting >= streamBudget && !p.stopping {
		p.room.Wait()
	}
	if p.stopping {
		return
	}
	p.waiting += len(text)
	if n := len(p.items); n > 0 {
		last := p.items[n-1]
		if last.stream == stream && last.origin == o && len(last.text) < streamSize {
			last.text = append(last.text, text...)
			if len(last.text) >= streamSize {
				p.signal()
			}
			return
		}
	}
	p.items = append(p.items, &item{
		stream: stream,
		origin: o,
		text:   append([]byte(nil), text...),
		born:   time.Now(),
	})
	p.signal()
}

// run sends what is queued, until close.
func (p *publisher) run() {
	defer close(p.done)
	timer := time.NewTimer(streamDelay)
	defer timer.Stop()
	for {
		it, delay, ok := p.next()
		switch {
		case !ok:
			return
		case it != nil:
			p.emit(it)
		case delay > 0:
			timer.Reset(delay)
			select {
			case <-p.wake:
			case <-timer.C:
			}
		default:
			<-p.wake
		}
	}
}

// next takes the first item, or says how long to wait for more of a stream; 0
// means until something comes. ok is false at the end.
func (p *publisher) next() (it *item, delay time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.items) == 0 {
		return nil, 0, !p.stopping
	}
	it = p.items[0]
	if it.stream != "" && len(p.items) == 1 && len(it.text) < streamSize && !p.stopping {
		if left := streamDelay - time.Since(it.born); left > 0 {
			return nil, left, true
		}
	}
	p.items[0] = nil
	p.items = p.items[1:]
	if it.stream != "" {
		p.waiting -= len(it.text)
		p.room.Broadcast()
	}
	return it, 0, true
}

// complete puts the rune that the last piece of a stream ended in before text,
// and keeps the one that text ends in.
func (o *origin) complete(stream string, text []byte) []byte {
	if tail := o.tails[stream]; len(tail) > 0 {
		text = append(tail, text...)
		delete(o.tails, stream)
	}
	end := incomplete(text)
	if end < len(text) {
		if o.tails == nil {
			o.tails = map[string][]byte{}
		}
		o.tails[stream] = append([]byte(nil), text[end:]...)
	}
	return text[:end]
}

// incomplete returns where in b a rune starts that b ends before; len(b) when
// there is none.
func incomplete(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if utf8.FullRune(b[i:]) {
				break
			}
			return i
		}
	}
	return len(b)
}

// emit sends one item.
func (p *publisher) emit(it *item) {
	switch {
	case it.flushed != nil:
		close(it.flushed)
	case it.finish != nil:
		for _, stream := range slices.Sorted(maps.Keys(it.finish.tails)) {
			p.stream(it.finish, stream, it.finish.tails[stream])
		}
		it.finish.tails, it.finish.ended = nil, true
	case it.message != nil:
		p.send(it.message)
	default:
		if it.origin.ended {
			p.late += bytes.Count(it.text, []byte("\n"))
		}
		if text := it.origin.complete(it.stream, it.text); len(text) > 0 {
			p.stream(it.origin, it.stream, text)
		}
	}
}

// stream sends a piece of a stream. Bytes that are no UTF-8 become U+FFFD, as
// encoding/json writes them.
func (p *publisher) stream(o *origin, stream string, text []byte) {
	content := wire.StreamContent{Name: stream, Text: string(text)}
	m, err := wire.NewMessage(wire.Stream, p.session, o.parent, content)
	if err != nil {
		p.log.Error("output was not published", "error", err)
		return
	}
	m.Identities = [][]byte{[]byte("stream." + stream)}
	p.send(m)
}

func (p *publisher) send(m *wire.Message) {
	frames, err := p.codec.Encode(m)
	if err == nil {
		err = p.ch.sock.Send(frames)
	}
	if err != nil {
		p.log.Error("a message was not published", "type", m.Header.Type, "error", err)
	}
}

// close sends what is queued, waits until it has left, and closes iopub.
func (p *publisher) close() {
	p.mu.Lock()
	p.stopping = true
	p.room.Broadcast()
	p.mu.Unlock()
	p.signal()
	<-p.done
	if p.late > 0 {
		p.log.Warn("output came after the end of its cell: JupyterLab shows it there, nbconvert does not keep it", "lines", p.late)
	}
	if err := p.ch.sock.Close(); err != nil {
		p.log.Debug("closing iopub", "error", err)
	}
}
