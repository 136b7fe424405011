package interp

import (
	"errors"
	"slices"
	"strings"

	"cuaderno/interp/cell"
)

// explain adds to the complaints about a cell which of the names that it does not
// know %restore would bring back.
func (c *checkpoints) explain(err error) error {
	var complaints cell.Errors
	if c == nil || !errors.As(err, &complaints) {
		return err
	}
	c.lock()
	defer c.unlock()
	if c.before.empty() {
		return err
	}
	complaints = slices.Clone(complaints)
	for i, complaint := range complaints {
		msg, _, _ := strings.Cut(complaint.Msg, " (")
		name, undefined := strings.CutPrefix(msg, "undefined: ")
		if _, known := c.before.names[name]; undefined && known {
			complaints[i].Msg = msg + " (it was lost in the crash; %restore brings it back)"
		}
	}
	return complaints
}
