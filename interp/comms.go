package interp

import (
	"context"
	"errors"

	"cuaderno/interp/comm"
	"cuaderno/interp/engine"
	"cuaderno/interp/lang"
)

// commHostNames are what package comm has for programs that run cells.
var commHostNames = []string{"Deliver", "Delivery", "Forget", "Host", "Packet", "SetHost"}

// Comm implements lang.Session. What takes the message runs as a cell of its own,
// under the number of the cell that registered it.
func (s *Session) Comm(ctx context.Context, m lang.CommMessage, out lang.Output) error {
	d, ok := comm.Deliver(comm.Packet(m))
	switch {
	case !ok:
		return lang.ErrNoComm
	case d.Run == nil:
		return nil
	}
	if err := s.callback(ctx, d.Cell, d.Run, out); err != nil {
		if m.Kind == lang.CommOpen {
			comm.Forget(m.ID)
		}
		return err
	}
	return nil
}

var errNoCell = errors.New("comm: the goroutine belongs to no cell")

// commHost sends what cells say over comms, each by the output of its cell.
type commHost struct{}

func (commHost) Send(p comm.Packet) error {
	g := engine.Current()
	if g == nil {
		return errNoCell
	}
	g.Cell.Out.Comm(lang.CommMessage(p))
	return nil
}

func (commHost) Cell() int {
	if g := engine.Current(); g != nil {
		return g.Cell.Count
	}
	return 0
}
