package mpruntime

import (
	"encoding/binary"
	"errors"

	"cuaderno/internal/codec"
	"cuaderno/internal/packet"
)

const (
	// spillMax bounds the bytes of a batch.
	spillMax = packet.MaxBytes / 4
	// spillItems is how many items a batch has, unless there were more than
	// spillBatches batches: so few that the kernel takes them at once when a
	// receiver puts them into the queue, which makes them safe from its death.
	spillItems   = 200
	spillBatches = 100
)

// flush leaves the buffer of this process to whoever gets next, and reports whether
// it is empty now. The kernel has no room for it where the items go, so that it goes, as
// batches, in the other direction, where Get looks when there is nothing else. A
// packet without an item then wakes who waits already; when there is no room for
// that either, nobody waits.
func (q *queue) flush() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.feeding != nil { // it has an item in hand
		q.stop()
		feeding := q.feeding
		q.mu.Unlock()
		<-feeding
		q.mu.Lock()
	}
	if q.dropped {
		q.drop(0)
	}
	most := max(spillItems, q.backlog.len()/spillBatches)
	for q.backlog.len() > 0 {
		batch, n := q.batch(most)
		q.spilled.Add(1)
		if sent, err := q.in.TrySend(batch); !sent || err != nil {
			subtract(q.spilled, 1)
			q.restart()
			return false
		}
		for range n {
			m, _ := q.backlog.first()
			m.Close()
			q.backlog.pop()
		}
		q.hold(-n)
		_, _ = q.out.TrySend(packet.Packet{Kind: packetLook}) // the items are safe
	}
	here.feeders.remove(q)
	return true
}

// restart has a feeder send what could not be flushed; q.mu is held.
func (q *queue) restart() {
	if m, ok := q.backlog.first(); ok {
		rest := q.backlog.messages[q.backlog.head+1:]
		q.backlog = backlog{}
		q.append(m)
		q.backlog.messages = append(q.backlog.messages, rest...)
	}
}

// batch returns the first items of the buffer, no more than most, and how many
// they are.
func (q *queue) batch(most int) (p packet.Packet, n int) {
	p.Kind = packetValue
	for _, m := range q.backlog.messages[q.backlog.head:] {
		if n == most || n > 0 && len(p.Bytes)+len(m.Bytes) > spillMax {
			break
		}
		p.Bytes = binary.AppendUvarint(p.Bytes, uint64(len(m.Bytes)))
		p.Bytes = binary.AppendUvarint(p.Bytes, uint64(len(m.Files)))
		p.Bytes = append(p.Bytes, m.Bytes...)
		p.Files = append(p.Files, m.Files...)
		n++
	}
	return p, n
}

// takeSpilled takes the first item of a batch and puts the others into the queue.
func (q *queue) takeSpilled() (r packet.Received, ok bool, err error) {
	if q.spilled.Load() == 0 {
		return r, false, nil
	}
	batch, ok, err := q.out.TryReceive()
	if err != nil || !ok {
		return r, false, err
	}
	defer batch.Release()
	subtract(q.spilled, 1)
	q.mu.Lock()
	defer q.mu.Unlock()
	rest, files := batch.Bytes, batch.Files
	for first := true; len(rest) > 0; first = false {
		size, n := binary.Uvarint(rest)
		count, k := binary.Uvarint(rest[max(n, 0):])
		if n <= 0 || k <= 0 || size > uint64(len(rest)-n-k) || count > uint64(len(files)) {
			codec.Message{Files: files}.Close()
			codec.Message{Files: r.Files}.Close()
			return packet.Received{}, true, errors.New("mp: getting an item: a batch is damaged")
		}
		rest = rest[n+k:]
		m := codec.Message{Bytes: append([]byte{}, rest[:size]...), Files: files[:count:count]}
		rest, files = rest[size:], files[count:]
		if first {
			r.Packet = packetOf(m)
			continue
		}
		if q.backlog.len() == 0 {
			if sent, err := q.out.TrySend(packetOf(m)); sent && err == nil {
				m.Close()
				continue
			}
		}
		q.hold(1)
		q.append(m)
	}
	return r, true, nil
}
