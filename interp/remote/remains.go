package remote

import (
	"errors"
	"fmt"
	"syscall"

	"cuaderno/internal/shm"
	"cuaderno/interp/remains"
)

// inherit takes over what the session has kept whose place this one takes. Should it
// still be there, stuck, it is ended: it is not to write any more.
func (c *Client) inherit(previous *Client) (err error) {
	if previous == nil {
		if c.kept, err = shm.NewFile(); err != nil && !errors.Is(err, shm.ErrUnsupported) {
			return fmt.Errorf("making the file that it keeps its declarations in: %w", err)
		}
		return nil
	}
	select {
	case <-previous.done:
	default:
		_ = previous.proc.SignalGroup(syscall.SIGKILL) // it may just have ended
		<-previous.done
	}
	c.kept = previous.kept
	return nil
}

// Remains implements lang.Session. The lines are there also while the session lives.
func (c *Client) Remains() []string {
	if c.kept == nil {
		return nil
	}
	table, err := remains.Read(c.kept)
	if err != nil {
		return []string{"What the session left cannot be read: " + err.Error()}
	}
	return table.Lines()
}
