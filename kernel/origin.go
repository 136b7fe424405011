package kernel

import (
	"encoding/json"
	"unicode/utf8"
)

// An origin is what messages follow from: the request that they name as their
// parent. Late output of a cell keeps the cell's origin (rule 39).
type origin struct {
	parent json.RawMessage
	tails  map[string][]byte // by stream, an incomplete rune at its end; publisher.run's
	ended  bool              // its cell has; publisher.run's
	pace   pace              // publisher.mu guards it
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
