package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"cuaderno/kernel/transport"
	"cuaderno/kernel/wire"
)

// Limits of output. A stream message leaves when it is streamDelay old, when it
// holds streamSize bytes, or when something that is no stream waits behind it.
// Who writes output waits while outputBudget bytes of it wait to leave.
const (
	streamDelay  = 20 * time.Millisecond
	streamSize   = 64 << 10
	outputBudget = 4 << 20
)

// drainLimit bounds how long drain waits.
const drainLimit = 100 * time.Millisecond

// A publisher owns iopub. What belongs to cells is queued, and one goroutine
// signs and sends it: in the order in which it came, among what has the same
// parent. Output, which write and show take, may have to wait for subscribers
// that read slowly; nothing else does, but for what is queued behind output.
// publishNow and statusNow are for what belongs to no cell: they queue nothing,
// and so wait for nothing.
type publisher struct {
	sock    *transport.Publisher
	codec   *wire.Codec
	session string
	log     *slog.Logger

	wake chan struct{} // receives when run has something new to look at
	done chan struct{} // closed when run has ended
	late int           // lines of cells that had ended; run's, until done

	mu       sync.Mutex
	room     sync.Cond // signalled when waiting has shrunk
	items    []*item
	open     map[string]*item // the streams in items that still grow, by parent
	pressing int              // those of items that are no streams
	waiting  int              // bytes of output in items
	stopping bool
	hurried  int                // origins in a hurry
	patience context.Context    // ends when there is one, or close begins
	hurryUp  context.CancelFunc // ends patience
}

// An item is what run takes from the queue: one of a message, a piece of a
// stream, the end of an origin's runes, or a flush.
type item struct {
	message *wire.Message
	output  int // bytes of message, when it is output

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
		open:    map[string]*item{},
	}
	p.patience, p.hurryUp = context.WithCancel(context.Background())
	p.room.L = &p.mu
	return p
}

// bind opens the socket. The kernel's welcome is the first message of each
// subscription (rule 28).
func (p *publisher) bind(endpoint string) (err error) {
	p.sock, err = transport.Publish(endpoint, p.welcome, p.log.With("channel", "iopub"))
	return err
}

// welcome returns the frames of the iopub_welcome for a subscription.
func (p *publisher) welcome(topic []byte) [][]byte {
	m := p.message(wire.IOPubWelcome, nil, wire.WelcomeContent{Subscription: string(topic)})
	if m == nil {
		return nil
	}
	m.Identities = [][]byte{topic}
	frames, err := p.codec.Encode(m)
	if err != nil {
		p.log.Error("a subscriber was not welcomed", "error", err)
		return nil
	}
	return frames
}

// status publishes an execution state.
func (p *publisher) status(parent json.RawMessage, state string) {
	p.publish(wire.Status, parent, wire.StatusContent{ExecutionState: state})
}

// statusNow publishes an execution state that belongs to no cell.
func (p *publisher) statusNow(parent json.RawMessage, state string) {
	p.publishNow(wire.Status, parent, wire.StatusContent{ExecutionState: state})
}

// publish queues a message of a cell. Everything that the cell wrote to streams
// before leaves first. It does not wait.
func (p *publisher) publish(t wire.Type, parent json.RawMessage, content any) {
	if m := p.message(t, parent, content); m != nil {
		p.add(&item{message: m})
	}
}

// publishNow sends a message that belongs to no cell, past all that is queued.
func (p *publisher) publishNow(t wire.Type, parent json.RawMessage, content any) {
	if m := p.message(t, parent, content); m != nil {
		p.send(m)
	}
}

// show is publish for output. It waits while too much is queued.
func (p *publisher) show(t wire.Type, parent json.RawMessage, content any) {
	if m := p.message(t, parent, content); m != nil {
		p.showMessage(m)
	}
}

// showMessage is show for a message that is made already.
func (p *publisher) showMessage(m *wire.Message) {
	size := len(m.Content) + len(m.Metadata)
	for _, b := range m.Buffers {
		size += len(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wait() {
		p.waiting += size
		p.push(&item{message: m, output: size})
	}
}

// message makes a message with its topic.
func (p *publisher) message(t wire.Type, parent json.RawMessage, content any) *wire.Message {
	m, err := wire.NewMessage(t, p.session, parent, content)
	if err != nil {
		p.log.Error("a message was not published", "type", t, "error", err)
		return nil
	}
	m.Identities = [][]byte{[]byte("kernel." + p.session + "." + string(t))}
	return m
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

// drain waits until what was flushed has left for all subscribers, but not for
// long, since one of them may not read.
func (p *publisher) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	p.sock.Flush(ctx)
}

func (p *publisher) add(it *item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.push(it)
}

// push queues an item. What its parent writes to streams afterwards comes after
// it.
func (p *publisher) push(it *item) {
	p.items = append(p.items, it)
	switch {
	case it.stream != "":
		p.open[string(it.origin.parent)] = it
	case it.message != nil:
		delete(p.open, string(it.message.Parent))
	case it.finish != nil:
		delete(p.open, string(it.finish.parent))
	}
	if it.stream == "" {
		p.pressing++
	}
	p.signal()
}

// wait waits while too much output is queued. It is false when the publisher is
// at its end, and what was to be queued is not sent any more.
func (p *publisher) wait() bool {
	for p.waiting >= outputBudget && !p.stopping {
		p.room.Wait()
	}
	return !p.stopping
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
	if !p.wait() {
		return
	}
	p.waiting += len(text)
	if it := p.open[string(o.parent)]; it != nil && it.stream == stream && it.origin == o && len(it.text) < streamSize {
		if it.text = append(it.text, text...); len(it.text) >= streamSize {
			p.signal()
		}
		return
	}
	p.push(&item{
		stream: stream,
		origin: o,
		text:   append([]byte(nil), text...),
		born:   time.Now(),
	})
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
	if it.stream != "" && p.pressing == 0 && len(it.text) < streamSize && !p.stopping {
		if left := streamDelay - time.Since(it.born); left > 0 {
			return nil, left, true
		}
	}
	p.items[0] = nil
	p.items = p.items[1:]
	if it.stream == "" {
		p.pressing--
	} else if key := string(it.origin.parent); p.open[key] == it {
		delete(p.open, key)
	}
	return it, 0, true
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
		p.calm(it.finish)
	case it.message != nil:
		if it.output > 0 {
			p.awaitRoom()
		}
		p.send(it.message)
		p.left(it.output)
	default:
		if it.origin.ended {
			p.late += bytes.Count(it.text, []byte("\n"))
		}
		if text := it.origin.complete(it.stream, it.text); len(text) > 0 {
			p.awaitRoom()
			p.stream(it.origin, it.stream, text)
		}
		p.left(len(it.text))
	}
}

// left notes that output has left the queue.
func (p *publisher) left(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting -= size
	p.room.Broadcast()
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
		err = p.sock.Send(frames)
	}
	if err != nil && !errors.Is(err, transport.ErrClosed) {
		p.log.Error("a message was not published", "type", m.Header.Type, "error", err)
	}
}

// close sends what is queued, waits until it has left, and closes iopub.
func (p *publisher) close() {
	p.mu.Lock()
	p.stopping = true
	p.hurryUp()
	p.room.Broadcast()
	p.mu.Unlock()
	p.signal()
	<-p.done
	if p.late > 0 {
		p.log.Warn("output came after the end of its cell: JupyterLab shows it there, nbconvert does not keep it", "lines", p.late)
	}
	if err := p.sock.Close(); err != nil {
		p.log.Debug("closing iopub", "error", err)
	}
}
