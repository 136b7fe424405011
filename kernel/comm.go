package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"cuaderno/interp/lang"
	"cuaderno/kernel/wire"
)

// comms are the open comms by id: what comm_info_request asks for, and what the
// end of a session closes. It may be used from any goroutine.
type comms struct {
	mu   sync.Mutex
	open map[string]openComm
}

type openComm struct {
	target  string
	session lang.Session // that has the kernel's end of it
}

func (c *comms) add(id string, comm openComm) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]openComm{}
	}
	c.open[id] = comm
}

func (c *comms) remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
}

// list returns the targets of the open comms, of all or of one target.
func (c *comms) list(target string) map[string]wire.CommTarget {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]wire.CommTarget{}
	for id, comm := range c.open {
		if target == "" || comm.target == target {
			out[id] = wire.CommTarget{TargetName: comm.target}
		}
	}
	return out
}

// drop removes the comms of a session and returns their ids.
func (c *comms) drop(s lang.Session) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(c.open)) {
		if c.open[id].session == s {
			ids = append(ids, id)
			delete(c.open, id)
		}
	}
	return ids
}

// commInfo handles comm_info_request.
func (k *Kernel) commInfo(_ context.Context, r *request) {
	var in wire.CommInfoContent
	if err := json.Unmarshal(r.Content, &in); err != nil {
		k.fail(r, protocolError, err.Error())
		return
	}
	k.reply(r, wire.CommInfo{Status: wire.OK, Comms: k.comms.list(in.TargetName)})
}

// comm handles comm_open, comm_msg and comm_close of a front end: the session
// takes them, and what its code says meanwhile belongs to the message. A comm that
// nobody takes, or whose opening fails, is closed at once (rule 38).
func (k *Kernel) comm(ctx context.Context, r *request) {
	var in wire.CommContent
	if err := json.Unmarshal(r.Content, &in); err != nil || in.CommID == "" {
		k.log.Warn("a message of a comm was dropped: it has no comm_id", "type", r.Header.Type, "error", err)
		return
	}
	m := lang.CommMessage{
		Kind:     string(r.Header.Type),
		ID:       in.CommID,
		Target:   in.TargetName,
		Data:     in.Data,
		Metadata: r.Metadata,
		Buffers:  r.Buffers,
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := newOutput(ctx, k, r, wire.ExecuteContent{})
	out.begin(ctx)
	var stray atomic.Bool // nobody takes it
	outcome := k.evaluate(ctx, func(ctx context.Context, s lang.Session) lang.Outcome {
		out.session = s
		if m.Kind == lang.CommOpen {
			k.comms.add(m.ID, openComm{m.Target, s})
		}
		err := s.Comm(ctx, m, out)
		var failure *lang.Error
		switch {
		case err == nil:
		case errors.Is(err, lang.ErrNoComm):
			stray.Store(true)
		case errors.As(err, &failure):
			return lang.Outcome{Err: failure}
		default:
			return lang.Outcome{Err: &lang.Error{Name: "CommError", Value: err.Error()}}
		}
		return lang.Outcome{}
	})
	out.end()
	if outcome.Err != nil {
		lines := errorContent(outcome.Err).Traceback
		k.pub.write(out.origin, "stderr", []byte(strings.Join(lines, "\n")+"\n"))
	}
	switch {
	case m.Kind == lang.CommOpen && (stray.Load() || outcome.Err != nil):
		k.comms.remove(m.ID)
		k.closeComm(m.ID, r.RawHeader)
	case m.Kind == lang.CommClose:
		k.comms.remove(m.ID)
	}
	if stray.Load() {
		k.log.Info("nobody takes a message of a comm", "type", r.Header.Type, "comm", m.ID, "target", m.Target)
	}
}

// say sends a message of a comm to the front ends, in order with what else the
// cell shows. It may wait, as output does. The comms of silent cells speak too:
// they are no output.
func (k *Kernel) say(o *output, m lang.CommMessage) {
	content := wire.CommContent{CommID: m.ID, Data: m.Data}
	switch m.Kind {
	case lang.CommOpen:
		content.TargetName = m.Target
		k.comms.add(m.ID, openComm{m.Target, o.session})
	case lang.CommClose:
		k.comms.remove(m.ID)
	}
	message := k.commMessage(wire.Type(m.Kind), o.parent, content)
	if message == nil {
		return
	}
	message.Metadata, message.Buffers = m.Metadata, m.Buffers
	k.pub.showMessage(message)
}

func (k *Kernel) closeComm(id string, parent json.RawMessage) {
	if m := k.commMessage(wire.CommClose, parent, wire.CommContent{CommID: id}); m != nil {
		k.pub.add(&item{message: m})
	}
}

// commMessage makes a message of a comm, with the topic that ipykernel gives it.
func (k *Kernel) commMessage(t wire.Type, parent json.RawMessage, content wire.CommContent) *wire.Message {
	if len(content.Data) == 0 {
		content.Data = json.RawMessage("{}")
	}
	m := k.pub.message(t, parent, content)
	if m != nil {
		m.Identities = [][]byte{[]byte("comm-" + content.CommID)}
	}
	return m
}

// closeComms tells the front ends that the comms of a session that has ended are
// closed, unless the kernel ends with it.
func (k *Kernel) closeComms(s lang.Session) {
	ids := k.comms.drop(s)
	k.mu.Lock()
	ending := k.ending
	k.mu.Unlock()
	if ending {
		return
	}
	for _, id := range ids {
		k.closeComm(id, nil)
	}
}
