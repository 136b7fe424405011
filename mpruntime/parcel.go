package mpruntime

import (
	"sync/atomic"

	"cuaderno/internal/codec"
)

// A parcel is a message that several hold, such as a job and the envelopes of the
// workers that it goes to. Its files are closed by the last of them. A nil parcel
// is an empty one.
type parcel struct {
	message codec.Message
	holders atomic.Int32
}

// newParcel makes a parcel that the caller holds.
func newParcel(m codec.Message) *parcel {
	p := &parcel{message: m}
	p.holders.Store(1)
	return p
}

// hold returns p, which one more holds. The caller knows somebody who does.
func (p *parcel) hold() *parcel {
	if p != nil {
		p.holders.Add(1)
	}
	return p
}

// release ends what hold or newParcel began.
func (p *parcel) release() {
	if p != nil && p.holders.Add(-1) == 0 {
		p.message.Close()
	}
}
