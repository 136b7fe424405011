package langtest

import (
	"context"
	"encoding/json"
	"strings"

	"cuaderno/interp/lang"
)

// comm runs the commands of comms.
func (r *run) comm(command, id, text string) {
	m := lang.CommMessage{Kind: lang.CommMsg, ID: id}
	switch command {
	case "open":
		m.Kind, m.Target = lang.CommOpen, text
	case "shut":
		m.Kind = lang.CommClose
	case "tell":
		m.Data = json.RawMessage(text)
		m.Metadata = json.RawMessage(`{"told":true}`)
		m.Buffers = [][]byte{[]byte("\x00told")}
	}
	r.session.know(m)
	r.out.Comm(m)
}

// know keeps account of which comms are open. It reports whether that of the
// message was, or is now.
func (s *Session) know(m lang.CommMessage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := s.comms[m.ID] || m.Kind == lang.CommOpen
	s.comms[m.ID] = open && m.Kind != lang.CommClose
	return open
}

// Comm implements lang.Session.
func (s *Session) Comm(ctx context.Context, m lang.CommMessage, out lang.Output) error {
	if m.Kind == lang.CommOpen && m.Target != "echo" || !s.know(m) {
		return lang.ErrNoComm
	}
	var data struct{ Run string }
	if err := json.Unmarshal(m.Data, &data); err == nil && data.Run != "" {
		r := &run{session: s, out: out}
		for line := range strings.Lines(data.Run) {
			if err := r.line(ctx, strings.TrimSpace(line)); err != nil {
				return err
			}
		}
		return nil
	}
	if m.Kind == lang.CommMsg {
		out.Comm(m)
	}
	return nil
}
