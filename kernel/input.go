package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// endOfInput is what a front end sends for the end of input (rule 37).
const endOfInput = "\x04"

// An asker has one question open at a time.
type asker struct {
	turn chan struct{} // holds a token while a question is open

	mu   sync.Mutex
	open *prompt
}

type prompt struct {
	identities [][]byte
	parents    [2]string // ids that an answer may name: the input_request's, the cell's
	answer     chan string
}

func newAsker() *asker { return &asker{turn: make(chan struct{}, 1)} }

// ask asks the front end that sent a request for a line. What was printed before
// is sent first, and has left: front ends show it before they ask, if it is there.
func (k *Kernel) ask(ctx context.Context, of *asksFor, content wire.InputRequestContent) (string, error) {
	select {
	case k.asker.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-k.asker.turn }()

	r := of.request
	m, err := wire.NewMessage(wire.InputRequest, k.id, r.RawHeader, content)
	if err != nil {
		return "", fmt.Errorf("asking for input: %w", err)
	}
	m.Identities = r.Identities
	q := &prompt{
		identities: r.Identities,
		parents:    [2]string{m.Header.ID, r.Header.ID},
		answer:     make(chan string, 1),
	}
	k.pub.flush(flushLimit)
	k.pub.drain(ctx)
	if !k.asker.put(of, q, func() { k.send(k.stdin, m) }) {
		return "", lang.ErrNoInput
	}
	defer k.asker.withdraw()
	select {
	case line := <-q.answer:
		if line == endOfInput {
			return "", io.EOF
		}
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// put sends a question, unless the cell has ended for which it is asked.
func (a *asker) put(of *asksFor, q *prompt, send func()) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if of.cell.Err() != nil {
		return false
	}
	a.open = q
	send()
	return true
}

// withdraw lets go of the question that is open.
func (a *asker) withdraw() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = nil
}

// end ends a cell for which questions were asked: one that is being put has been
// sent when end returns, and there are no more.
func (a *asker) end(of *asksFor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	of.end()
}

// answer takes what arrived on stdin. An answer to no open question, or from
// somebody else than who was asked, is dropped.
func (k *Kernel) answer(m *wire.Message) {
	var content wire.InputReplyContent
	if m.Header.Type != wire.InputReply || json.Unmarshal(m.Content, &content) != nil {
		k.log.Warn("a message was dropped", "channel", "stdin", "type", m.Header.Type)
		return
	}
	if !k.asker.deliver(m, content.Value) {
		k.log.Info("an input_reply was dropped: nobody asked")
	}
}

func (a *asker) deliver(m *wire.Message, line string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.open
	if q == nil || !slices.EqualFunc(m.Identities, q.identities, bytes.Equal) {
		return false
	}
	// Some front ends send no parent; those that do tell stale answers apart.
	if parent := m.ParentID(); parent != "" && !slices.Contains(q.parents[:], parent) {
		return false
	}
	a.open = nil
	q.answer <- line
	return true
}
