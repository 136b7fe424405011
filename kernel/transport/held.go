package transport

import (
	"slices"
	"time"
)

// Bounds of what is held for peers that are not there.
const (
	holdTime  = handshakeLimit
	holdBytes = 1 << 20
)

// held is messages for peers that have not come yet, oldest first. What is too
// old or too much is dropped, as a ROUTER does with all messages to nobody.
type held struct {
	messages []heldMessage
	size     int
}

type heldMessage struct {
	identity string
	packet   packet
	since    time.Time
}

func (h *held) add(identity string, p packet) {
	h.messages = append(h.messages, heldMessage{identity, p, time.Now()})
	h.size += p.size
	h.prune()
}

func (h *held) prune() {
	n := 0
	for ; n < len(h.messages) && (h.size > holdBytes || time.Since(h.messages[n].since) > holdTime); n++ {
		h.size -= h.messages[n].packet.size
	}
	h.messages = slices.Delete(h.messages, 0, n)
}

// take returns what is held for a peer, which has come.
func (h *held) take(identity string) (out []packet) {
	h.prune()
	h.messages = slices.DeleteFunc(h.messages, func(m heldMessage) bool {
		if m.identity != identity {
			return false
		}
		out = append(out, m.packet)
		h.size -= m.packet.size
		return true
	})
	return out
}
